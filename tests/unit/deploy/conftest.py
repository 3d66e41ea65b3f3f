"""Every test of the manifests sees every overlay."""

import pytest

from tests.unit.deploy.kustomize import Json, render
from tests.unit.deploy.manifests import KUBERNETES, OVERLAYS


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[Json]:
    return render(KUBERNETES / request.param)
