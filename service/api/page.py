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

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_HEADERS = {
    # A model's words are shown here. Nothing is fetched from elsewhere, and the browser itself refuses to
    # make markup or script of a text (`innerHTML` and its kin). The policy `worker` is one address of ours.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types worker",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    tag: str


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, _File]]:
    for each in folder.iterdir():
        suffix = each.name.rpartition(".")[2]
        if each.is_dir():
            yield from _files(each, f"{path}{each.name}/")
        elif suffix in _MEDIA_TYPES:
            body = each.read_bytes()
            yield (
                path + each.name,
                _File(body, _MEDIA_TYPES[suffix], f'"{hashlib.sha256(body).hexdigest()[:16]}"'),
            )


# Read once: what is not here is not there, whatever a path says.
_SERVED: Mapping[str, _File] = dict(_files(files("service.web"), ""))


@router.get("/")
async def page(if_none_match: Annotated[str | None, Header()] = None) -> Response:
    return _answer(_SERVED["index.html"], if_none_match)


@router.get("/page/{path:path}")
async def part(path: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    if path not in _SERVED:
        raise HTTPException(HTTPStatus.NOT_FOUND, "the page has no such part")
    return _answer(_SERVED[path], if_none_match)


def _answer(file: _File, if_none_match: str | None) -> Response:
    headers = _HEADERS | {"ETag": file.tag}
    if if_none_match == file.tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
