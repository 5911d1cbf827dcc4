"""How the console answers: its templates, its language, and what browsers may do with a page."""

from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.console.words import CHINESE, ENGLISH

POLICY = (
    "default-src 'none'; style-src 'self'; img-src https: http:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SAFE = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: with it browsers would say `Origin: null` of our own forms.
    "referrer-policy": "same-origin",
}
_STYLE = files(__package__).joinpath("templates/console.css").read_bytes()
_TEMPLATES = Environment(
    loader=PackageLoader("services.console", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **shown: object,
) -> Response:
    """A page in the reader's language. `shown` is what its template speaks of."""
    body = _TEMPLATES.get_template(template).render(words=words_of(request), **shown)
    return HTMLResponse(body, status, {**SAFE, **(headers or {})})


def words_of(request: Request) -> Mapping[str, str]:
    """Chinese for who reads Chinese before English, English for everybody else."""
    wanted = [
        part.partition(";")[0].strip().lower()[:2]
        for part in request.headers.get("accept-language", "").split(",")
    ]
    known = [language for language in wanted if language in ("zh", "en")]
    return CHINESE if known[:1] == ["zh"] else ENGLISH


async def style(_: Request) -> Response:
    """The style sheet."""
    return Response(_STYLE, headers={"x-content-type-options": "nosniff"}, media_type="text/css")
