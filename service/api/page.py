"""The page: a person's door to `/refine`. Three static files, no build step, nothing from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)

_WEB = files("service.web")
_HEADERS = {
    # A model's words are shown here: even if they became markup, nothing could run or be fetched.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-cache",
}


@router.get("/")
def page() -> Response:
    return _file("index.html", "text/html")


@router.get("/page.js")
def script() -> Response:
    return _file("page.js", "text/javascript")


@router.get("/page.css")
def style() -> Response:
    return _file("page.css", "text/css")


def _file(name: str, media_type: str) -> Response:
    return Response(_WEB.joinpath(name).read_bytes(), media_type=media_type, headers=_HEADERS)
