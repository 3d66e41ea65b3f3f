"""What the README has one type to use the loop, typed as it stands, with nothing running."""

import re
import subprocess
import sys
from pathlib import Path

README = Path("README.md").read_text(encoding="utf-8")
SECTION = README.split("## Use it")[1].split("\n## ")[0].split("These want `ctrl up`")[0]
BLOCKS = re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)


def test_its_commands_mend_rank_and_work_through_a_file(tmp_path: Path) -> None:
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    (tmp_path / "weights").symlink_to(Path("weights").absolute())

    typed = subprocess.run(
        ["/bin/bash", "-e", "-c", "".join(BLOCKS)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert len(BLOCKS) == 2
    assert typed.returncode == 0, typed.stderr
    assert "0/1 passed" in typed.stdout
    assert re.search(r"^solved: judged correct, round [1-3] selected", typed.stdout, re.MULTILINE)
    [first, second] = re.findall(r"^│ ([12]) +│ ([01]) +│ ok +│ ([01][.]\d+)", typed.stdout, re.MULTILINE)
    assert (first[1], second[1]) == ("1", "0")
    assert float(first[2]) - float(second[2]) > 0.8
    assert re.search(r"^  the answer +[0-9]", typed.stdout, re.MULTILINE)
    assert len((tmp_path / "runs/try/out.jsonl").read_text(encoding="utf-8").splitlines()) == 1
