"""Our images, built as an operator's would be."""

import json
import subprocess
import time
from dataclasses import dataclass, field

from tests.docker.base import PYTHON, Base, pip_is_told
from tests.docker.composing import ROOT, docker, run

BUILD_S = 1500
REDIS = "redis:7.2.5-bookworm"


@dataclass
class Figures:
    """What was measured, to be told in the end."""

    lines: list[str] = field(default_factory=list)

    def note(self, what: str, began: float) -> None:
        self.lines.append(f"{what}: {time.monotonic() - began:.0f} s")


FIGURES = Figures()


def build(image: str, dockerfile: str, *arguments: str, on: Base = PYTHON) -> str:
    """Build an image on its base, and note how large it is."""
    base, began = on.known(), time.monotonic()
    assert base is not None, "no base image: run by `make test-docker`"
    index = pip_is_told("index-url")
    given = [f"BASE_IMAGE={base}", *([f"PIP_INDEX_URL={index}"] if index else []), *arguments]
    options = [part for argument in given for part in ("--build-arg", argument)]
    # The host's network, as an engine without a bridge has no other.
    command = ("docker", "build", "--network=host", *options, "--tag", image, "--file", dockerfile, ".")
    run(("env", "DOCKER_BUILDKIT=1", *command), timeout_s=BUILD_S)
    FIGURES.note(f"{image} built on {base}, {megabytes(image)} MB", began)
    return image


def redis_image() -> str:
    """Return the official image, or one like it."""
    if PYTHON.known() != PYTHON.own or _has(REDIS):
        return REDIS
    return build("ctrl-test-redis", "tests/docker/redis.Dockerfile")


def megabytes(image: str) -> int:
    size: int = json.loads(docker("image", "inspect", image))[0]["Size"]
    return round(size / 1e6)


def _has(image: str) -> bool:
    command = ["docker", "image", "inspect", image]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
