"""A Ray to work on: one that runs, or one of our own that nobody else reaches.

Not covered: who may use a Ray that is named by its address. That is its operator's.
"""

import logging
import signal
from collections.abc import Generator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import ray

from service.cli.exits import StackError, UsageError

READERS = 1
"""CPUs for reading the input, beside those of the actors. Ray counts CPUs; it binds nobody to them."""

ACTOR_CPUS = 0.5
"""An actor mostly waits. It is not a reader's 1, since Ray would then read and refine in one task."""

OBJECT_STORE_BYTES = 128 * 1024**2
"""For parts on their way; Ray's default is 30 % of the machine's memory. What does not fit goes to disk."""


@contextmanager
def cluster(address: str | None, actors: int) -> Generator[None, None, None]:
    """Connect to the Ray at an address, or start one on loopback; it ends with the context.

    A Ray that this process uses already is taken as it is, and left running.
    """
    if ray.is_initialized():
        yield
        return
    # Ray's logs and what it moves from memory to disk go with it.
    with TemporaryDirectory(prefix="ctrl-", ignore_cleanup_errors=True) as directory:
        _connect(address, {"address": address} if address else _own(actors, directory))
        try:
            yield
        finally:
            ray.shutdown()


def _connect(address: str | None, how: dict[str, Any]) -> None:
    logging.getLogger("ray").setLevel(logging.ERROR)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**how, log_to_driver=False, configure_logging=False)
    except (OSError, ValueError, RuntimeError) as error:
        complaint = str(error).strip().partition("\n")[0]
        if address:
            raise UsageError(f"--ray-address: no Ray can be used at {address}: {complaint}") from None
        raise StackError(f"Ray cannot be started: {complaint}") from None
    finally:
        signal.signal(signal.SIGTERM, handler)  # Ray's own handler would leave without a report


def _own(actors: int, directory: str) -> dict[str, Any]:
    return {
        "address": "local",  # whatever RAY_ADDRESS says
        "num_cpus": READERS + actors,
        "num_gpus": 0,
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
        "_temp_dir": directory,
    }
