"""A package index on loopback with the builds of torch that this machine's pip is told of, if any."""

import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.docker.base import pip_is_told


@contextmanager
def torch_index() -> Generator[list[str], None, None]:
    """Yield the build arguments that name it; none where pip knows no build of its own."""
    folders = [Path(name) for name in (pip_is_told("find-links") or "").split()]
    wheels = [wheel for folder in folders if folder.is_dir() for wheel in folder.glob("torch-*+cpu-*.whl")]
    if not wheels:
        yield []
        return
    with tempfile.TemporaryDirectory() as name:
        shelf = Path(name, "torch")
        shelf.mkdir()
        for wheel in wheels:
            (shelf / wheel.name).symlink_to(wheel)
        handler = partial(_Quiet, directory=name)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield [f"TORCH_INDEX_URL=http://127.0.0.1:{server.server_port}/"]
            finally:
                server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is its parent's
        """Say nothing: pip says what it takes."""
