"""The page: a person's door to `/refine`. Static files, no build step, nothing from elsewhere."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

from fastapi import APIRouter, Header, Response
from starlette.exceptions import HTTPException

from service.settings import shipped

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
# A model's words are shown here. Nothing is fetched from elsewhere, and the browser itself refuses to
# make markup or script of a text (`innerHTML` and its kin). The policy `worker` is one address of ours.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types worker"
)
_PLOT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""Of a plot opened by itself: how it looks stands in it, and it may do nothing."""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    policy: str
    tag: str


def _files(folder: Traversable, path: str, policy: str) -> Iterator[tuple[str, _File]]:
    for each in folder.iterdir():
        suffix = each.name.rpartition(".")[2]
        if each.is_dir():
            yield from _files(each, f"{path}{each.name}/", policy)
        elif suffix in _MEDIA_TYPES:
            body = each.read_bytes()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            yield path + each.name, _File(body, _MEDIA_TYPES[suffix], policy, tag)


def _plots() -> Iterator[tuple[str, _File]]:
    """Those of `docs/results.md`; where they did not come along, the page shows their names."""
    folder = shipped("docs/results")
    return _files(folder, "results/", _PLOT_POLICY) if folder.is_dir() else iter(())


# Read once: what is not here is not there, whatever a path says.
_SERVED: Mapping[str, _File] = dict([*_files(files("service.web"), "", _POLICY), *_plots()])


@router.head("/")
@router.get("/")
async def page(if_none_match: Annotated[str | None, Header()] = None) -> Response:
    return _answer(_SERVED["index.html"], if_none_match)


@router.head("/page/{path:path}")
@router.get("/page/{path:path}")
async def part(path: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    if path not in _SERVED:
        raise HTTPException(HTTPStatus.NOT_FOUND, "the page has no such part")
    return _answer(_SERVED[path], if_none_match)


def _answer(file: _File, if_none_match: str | None) -> Response:
    headers = {"Content-Security-Policy": file.policy, "Cache-Control": "no-cache", "ETag": file.tag}
    if if_none_match == file.tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
