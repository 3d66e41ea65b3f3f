"""The page and what guards it."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from tests.unit.api.world import World, client_of

WEB = Path(str(files("service.web")))
PLOTS = {plot.name: plot.read_bytes() for plot in sorted(Path("docs/results").glob("*.svg"))}
PARTS = {
    str(path.relative_to(WEB)) for path in WEB.rglob("*") if path.suffix in {".css", ".html", ".js", ".svg"}
}
PARTS = PARTS - {"index.html"} | {f"results/{plot}" for plot in PLOTS}
# However a part is asked for: <link>, <script>, <img>, import, or a worker's address.
ASKED = re.compile(r"""(?:href="/page/|src="/page/|ADDRESS = "/page/)([^"]+)\"""")
IMPORTED = re.compile(r"""(?:from |import\()"([^"]+)"\)?;""")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/page/main.js", "text/javascript"),
        ("/page/style/run.css", "text/css"),
        ("/page/icon.svg", "image/svg+xml"),
        ("/page/results.html", "text/html"),
    ],
)
async def test_the_page_is_served_and_lets_nothing_from_elsewhere_run(path: str, media_type: str) -> None:
    async with client_of(World().app()) as client:
        response = await client.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy


async def test_what_a_browser_has_is_not_sent_again() -> None:
    async with client_of(World().app()) as client:
        tag = (await client.get("/page/main.js")).headers["etag"]
        again = await client.get("/page/main.js", headers={"If-None-Match": tag})
        changed = await client.get("/page/main.js", headers={"If-None-Match": '"another"'})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "path", ["nothing.js", "__init__.py", "../app.py", "..%2Fapp.py", "%2Fetc%2Fpasswd", "style", "style/"]
)
async def test_nothing_but_the_page_is_behind_its_path(path: str) -> None:
    async with client_of(World().app()) as client:
        assert (await client.get(f"/page/{path}")).status_code == 404


def test_every_part_is_asked_for_and_every_part_asked_for_is_there() -> None:
    texts = {str(path.relative_to(WEB)): path.read_text(encoding="utf-8") for path in _written()}
    asked = {part for text in texts.values() for part in ASKED.findall(text)}
    imported = {
        str(((WEB / name).parent / part).resolve().relative_to(WEB.resolve()))
        for name, text in texts.items()
        for part in IMPORTED.findall(text)
    }

    assert asked | imported == PARTS


@pytest.mark.parametrize("plot", PLOTS)
async def test_the_plots_of_the_results_are_served_and_can_do_nothing(plot: str) -> None:
    async with client_of(World().app()) as client:
        response = await client.get(f"/page/results/{plot}")

    assert response.content == PLOTS[plot]
    assert response.headers["content-type"].startswith("image/svg+xml")
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    assert response.headers["content-security-policy"] == policy


def test_no_part_can_put_a_text_in_as_markup() -> None:
    for path in _written():
        text = path.read_text(encoding="utf-8")
        assert not re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://(?!www\.w3\.org)", text
        )
        assert not re.findall(r"<style|\sstyle=|<script(?! src)|\son[a-z]+=\"", text), path


def _written() -> list[Path]:
    return [path for path in WEB.rglob("*") if path.suffix in {".css", ".html", ".js", ".svg"}]
