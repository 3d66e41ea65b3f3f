"""One stack for all tests of it: they take it apart, and leave it whole."""

import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.docker.base import NEWER_PYTHON
from tests.docker.composing import Project, docker, free_ports
from tests.docker.images import FIGURES, build, redis_image


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES.lines:
        terminalreporter.section("containers")
        terminalreporter.write_line("\n".join(FIGURES.lines))


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables that name our images."""
    if "docker" not in request.config.getoption("markexpr"):
        pytest.skip("NOT ASKED FOR: `make test-docker` builds images and starts the whole stack")
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("NO DOCKER ENGINE: `make test-docker` starts one")
    return {
        "GATEWAY_IMAGE": build("ctrl-test-gateway", "deploy/docker/gateway/Dockerfile"),
        "SANDBOX_IMAGE": build("ctrl-test-sandbox", "deploy/docker/sandbox/Dockerfile", on=NEWER_PYTHON),
        "REDIS_IMAGE": redis_image(),
    }


@pytest.fixture(scope="session")
def stack(images: dict[str, str]) -> Iterator[Project]:
    """What `docker compose up` gives an operator who prepared nothing."""
    project = Project({**images, "GATEWAY_PORT": free_ports(4)})
    try:
        began = time.monotonic()
        project.up()
        project.await_health()
        FIGURES.note("up and healthy", began)
        yield project
    finally:
        began = time.monotonic()
        project.down()
        FIGURES.note("down", began)
    assert project.containers() == []
    assert project.name not in docker("network", "ls") + docker("volume", "ls")
