"""What `pip install .` puts on a machine, started far from this repository."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.unit.deploy.kustomize import ROOT

_STARTED = """
from service.cli.demo import read_problems
from service.settings import load_settings, shared_file

print(len(read_problems(shared_file("weights/mini/demo.jsonl"), 3)))
for model in load_settings().models.values():
    print((model.path / "model.safetensors").resolve())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


def test_an_installation_brings_the_models_that_are_there_without_a_configuration(
    installed: Path, tmp_path: Path
) -> None:
    environment = {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(
        [sys.executable, "-c", _STARTED],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.splitlines()

    assert said[0] == "3"
    assert len(said) == 3
    for weights in map(Path, said[1:]):
        assert weights.is_relative_to(installed)
        assert weights.stat().st_size > 1 << 20


def test_an_installation_brings_the_plots_that_the_page_shows(installed: Path) -> None:
    plots = {plot.name for plot in (ROOT / "docs/results").glob("*.svg")}

    assert plots
    assert {plot.name for plot in (installed / "service/shipped/docs/results").iterdir()} == plots


def test_an_installation_says_under_which_licence_it_is(installed: Path) -> None:
    [licence] = installed.glob("*.dist-info/licenses/LICENSE")

    assert "Apache License" in licence.read_text(encoding="utf-8")
