"""What the log of a gateway with keys says, as it is printed: never a key, good or bad."""

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.api.auth_keys import KEYS

SCRIPT = """
import asyncio, base64, logging, sys
from pathlib import Path
from service.adapters.logs import configure_logs
from service.domain.errors import ModelError
from tests.unit.api.auth_keys import KEYS, auth, bearer
from tests.unit.api.world import World, client_of

configure_logs("debug")
logging.getLogger("httpx").disabled = logging.getLogger("httpcore").disabled = True

def basic(userinfo):
    return {"Authorization": "Basic " + base64.b64encode(userinfo.encode()).decode()}

async def main():
    world = World()
    ask = {"problem": "Add one.", "entry_point": "f"}
    bad = "sk-bad-secret"
    kinds = [*map(bearer, KEYS), basic("u:" + KEYS["refine"]), {"x-api-key": KEYS["judge"]},
             {"Authorization": "Bearer " + bad}, {"x-api-key": bad}, basic("u:" + bad), basic(bad + ":")]
    async with client_of(world.app(auth=auth(Path(sys.argv[1])))) as client:
        for headers in kinds:
            for path in ("/refine", "/v1/chat/completions", "/mcp", "/nothing"):
                await client.post(path, json=ask, headers=headers)
        world.critic.fault = ZeroDivisionError("a bug")
        await client.post("/critique", json={"problem": "x", "solution": "x"}, headers=bearer("admin"))

asyncio.run(main())
"""


def test_no_key_is_ever_printed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    entries = [json.loads(line) for line in done.stdout.splitlines()]
    told = {entry["event"] for entry in entries}
    assert {"key_refused", "request_finished", "request_crashed", "refine_finished"} <= told
    assert {entry["tenant"] for entry in entries if entry["event"] == "refine_finished"} == {"acme"}
    printed = done.stdout + done.stderr
    assert not [secret for secret in [*KEYS.values(), "sk-bad-secret"] if secret in printed]
