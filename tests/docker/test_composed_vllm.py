"""ENGINE=cpu: the mini models in vLLM's containers, behind the same gateway: gigabytes, and minutes."""

import time
from collections.abc import Iterator

import pytest

from tests.docker.asking import a_task, ask, await_work, judge, mends
from tests.docker.composing import Project, free_ports, until
from tests.docker.images import FIGURES, build
from tests.docker.wheels import torch_index

START_S = 900

pytestmark = [pytest.mark.docker, pytest.mark.vllm, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def served(images: dict[str, str]) -> Iterator[Project]:
    """The stack with critic and generator in vLLM."""
    with torch_index() as arguments:
        image = build("ctrl-test-vllm", "deploy/docker/critic/Dockerfile", *arguments)
    variables = {**images, "VLLM_CPU_IMAGE": image, "ENGINE": "cpu", "GATEWAY_PORT": free_ports(4)}
    project = Project(variables, profiles=("cpu",))
    try:
        began = time.monotonic()
        project.up()
        until(lambda: all(part.healthy for part in project.containers()), "vLLM is warm", START_S)
        FIGURES.note("up with two vLLM servers, warm", began)
        yield project
    finally:
        project.down()
    assert project.containers() == []


def test_the_loop_runs_on_vllm(served: Project) -> None:
    gateway = served.only("gateway")

    cards = {card["id"]: card for card in ask(gateway, "GET", "/v1/models").json()["data"]}

    assert mends(gateway)
    assert {cards[name]["engine"] for name in ("mini-generator", "mini-critic")} == {"openai"}


def test_the_critic_judges_by_its_logprobs(served: Project) -> None:
    right, wrong = judge(served.only("gateway"), a_task()["reference"], "print(0)", mode="critique")

    assert right["score"] > 0.5 > wrong["score"]


@pytest.mark.parametrize("part", ["critic", "generator"])
def test_a_server_is_walled_in(served: Project, part: str) -> None:
    container = served.only(part)
    host = container.look()["HostConfig"]

    assert container.run("id", "-u") == "1001\n"
    assert (host["ReadonlyRootfs"], host["Privileged"], host["CapDrop"]) == (True, False, ["ALL"])


def test_a_critic_that_is_killed_comes_back_warm(served: Project) -> None:
    container, before, began = served.only("critic"), served.only("critic").restarts, time.monotonic()

    container.kill_inside()
    until(lambda: container.restarts > before and container.healthy, "the critic is back", START_S)
    await_work(served)

    FIGURES.note("critic killed, and all works again", began)
