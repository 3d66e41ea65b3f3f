"""The stack of docker-compose.yml: it works, heals and grows. Nothing in it is faked."""

import time
from pathlib import Path

import httpx
import pytest

from tests.command import ctrl
from tests.docker.asking import a_task, ask, await_work, judge, mends, refine, works
from tests.docker.composing import Container, Project, until
from tests.docker.images import FIGURES, megabytes

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1800)]

WRONG = "print(0)"
# A router that answers, if only to refuse, is this machine.
_LOOK_AROUND = """
import errno, socket, struct
def found(name):
    try: return bool(socket.getaddrinfo(name, None))
    except OSError: return False
def answers(address):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((address, 9)) in (0, errno.ECONNREFUSED)
routers = {line.split()[2] for line in open("/proc/net/route").readlines()[1:]} - {"00000000"}
print(*(name for name in ("gateway", "redis", "critic", "prometheus") if found(name)))
print(*(r for r in routers if answers(socket.inet_ntoa(struct.pack("<I", int(r, 16))))))
"""
PARTS = ("gateway", "sandbox", "redis")


def test_images_are_small(images: dict[str, str]) -> None:
    assert megabytes(images["GATEWAY_IMAGE"]) <= 250
    assert megabytes(images["SANDBOX_IMAGE"]) <= 300


def test_an_operator_who_prepared_nothing_can_refine(stack: Project) -> None:
    assert mends(stack.only("gateway"))


def test_a_right_program_is_judged_above_a_wrong_one(stack: Project) -> None:
    right, wrong = judge(stack.only("gateway"), a_task()["reference"], WRONG)

    assert right["score"] > 0.5
    assert wrong["score"] == 0


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_walled_in(stack: Project, part: str) -> None:
    container = stack.only(part)
    host = container.look()["HostConfig"]
    # Of the main process; what `exec` starts has the same walls.
    status = dict(
        line.split(":\t", 1)
        for line in container.run(
            "sh", "-c", "cat /proc/$(cat /proc/1/task/1/children | tr -d ' ')/status"
        ).splitlines()
    )

    assert status["Uid"].split()[0] != "0"
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert min(host["Memory"], host["PidsLimit"]) > 0


def test_the_sandbox_has_no_neighbour_but_the_gateway_and_no_way_out(stack: Project) -> None:
    neighbours, ways_out = stack.only("sandbox").run("python3", "-c", _LOOK_AROUND).splitlines()

    assert neighbours == "gateway"
    assert ways_out == ""


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_comes_back_and_the_stack_works(stack: Project, part: str) -> None:
    kept = refine(stack.only("gateway"), background=True)["id"]
    until(lambda: _finished(stack.only("gateway"), kept), "the refinement in the background is finished")
    container, before, began = stack.only(part), stack.only(part).restarts, time.monotonic()

    container.kill_inside()
    until(lambda: container.restarts > before and container.healthy, f"{part} is back")
    await_work(stack)

    FIGURES.note(f"{part} killed, and all works again", began)
    assert _finished(stack.only("gateway"), kept), "Redis remembers it"


def test_two_of_each_share_the_work_and_one_may_go(stack: Project) -> None:
    began = time.monotonic()
    stack.up("--scale", "gateway=2", "--scale", "sandbox=2", "--no-recreate")
    stack.await_health()
    await_work(stack)
    FIGURES.note("scaled to two gateways and two sandboxes", began)
    first, second = stack.containers("gateway")

    shared = refine(first, background=True)["id"]
    until(lambda: _finished(second, shared), "one gateway tells what the other was asked")
    stack.containers("sandbox")[0].kill_inside()
    (meanwhile,) = judge(first, WRONG, mode="exec")

    assert meanwhile["status"] == "ok"
    assert meanwhile["score"] == 0
    stack.up("--scale", "gateway=1", "--scale", "sandbox=1", "--no-recreate")
    stack.await_health()
    await_work(stack)


def test_keys_come_from_a_file_and_nobody_else_is_served(
    stack: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = tmp_path_factory.mktemp("keys")
    keys.chmod(0o755)
    key = _new_key(keys / "keys.toml")
    closed = {
        "KEYS_FILE": str(keys / "keys.toml"),
        "CTRL_AUTH__KEYS": "/run/secrets/ctrl_keys",
        "CTRL_AUTH__OPEN": "false",
    }

    with_keys = Project({**stack.variables, **closed}, name=stack.name)
    with_keys.up("--no-deps", "gateway")
    with_keys.await_health()
    gateway, asked = with_keys.only("gateway"), {"problem": a_task()["problem"], "rounds": 0}

    assert ask(gateway, "POST", "/refine", asked).status_code == 401
    assert ask(gateway, "POST", "/refine", asked, key).status_code == 200
    stack.up("--no-deps", "gateway")
    until(lambda: works(stack), "it is open again")


def _finished(gateway: Container, refinement: str) -> bool:
    try:
        return bool(ask(gateway, "GET", f"/refine/{refinement}").json()["status"] == "completed")
    except (httpx.HTTPError, KeyError, AssertionError):
        return False


def _new_key(file: Path) -> str:
    made = ctrl("keys", "new", "--tenant", "lab", "--role", "refine", "--file", str(file))
    file.chmod(0o644)  # the gateway's user reads it
    return made.stdout.strip()
