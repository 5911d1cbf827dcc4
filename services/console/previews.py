"""The page of previews: what each destination would show of a story, before anybody sees it.

It shows what `wiredesk preview` prints. A story that stands on the desk is asked for by its uri; a
new one is pasted, in any format that ingest takes. Its tags are found without the archive, which
enrich has and the console has not.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from services.console.door import Fields
from services.console.pages import page, words_of
from services.console.sessions import Session
from services.preview.learning import from_bytes, ignorant
from services.preview.look import Look, looks_of, remarks_of
from services.preview.story import Newsroom, Told
from shared.article import Article
from shared.errors import Invalid, Rejected
from shared.http import HttpSettings, public_client


class Previews:
    """The page. `http` says where pictures and the limits of servers may be fetched."""

    def __init__(self, newsroom: Newsroom, http: HttpSettings) -> None:
        self._newsroom = newsroom
        self._http = http

    async def page(self, request: Request, session: Session) -> Response:
        """The form, and the preview of `?uri=`, if one is named."""
        uri = request.query_params.get("uri", "").strip()
        if not uri:
            return _page(request, session)
        try:
            told = await self._newsroom.standing(uri)
            looks = await self._looks(told)
        except Rejected as error:
            return _page(request, session, uri=uri, error=error)
        return _page(request, session, uri=uri, told=told, looks=looks)

    async def of_text(self, request: Request, session: Session, fields: Fields) -> Response:
        """The preview of the article that was pasted."""
        text = fields.get("story", "")
        try:
            told = await self._newsroom.coming(_article(text), ignorant(self._newsroom.settings))
            looks = await self._looks(told)
        except Rejected as error:
            return _page(request, session, text=text, error=error)
        return _page(request, session, text=text, told=told, looks=looks, is_new=True)

    async def _looks(self, told: Told) -> list[Look]:
        async with public_client(self._http) as outside:
            return await looks_of(outside, told)


def _article(text: str) -> Article:
    """Line ends as they were typed: a form sends each as CR LF."""
    return from_bytes(text.replace("\r\n", "\n").encode())


def _page(
    request: Request,
    session: Session,
    *,
    uri: str = "",
    text: str = "",
    told: Told | None = None,
    looks: Sequence[Look] = (),
    error: Rejected | None = None,
    is_new: bool = False,
) -> Response:
    words = words_of(request)
    remarks = remarks_of(told) if told else []
    if is_new:
        remarks.append("without_archive")
    return page(
        request,
        "preview.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        session=session,
        uri=uri,
        text=text,
        article=told.live.article if told else None,
        url=told.url if told else "",
        remarks=remarks,
        looks=looks,
        error="" if error is None or isinstance(error, Invalid) else str(error),
        faults=error.fields if isinstance(error, Invalid) else (),
        say=lambda remark: _said(words, remark),
    )


def _said(words: Mapping[str, str], remark: str) -> str:
    """The remark in the reader's language, as far as that has words for it."""
    begin, colon, rest = remark.partition(": ")
    return words.get(remark) or f"{words.get(begin, begin)}{colon}{rest}"
