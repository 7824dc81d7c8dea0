"""Students that run in the visitor's own browser: where their pages are served from, beside those of the app.

Reads: exports, in the run store's folder. Writes: nothing.
"""

import asyncio
from collections import Counter
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from pages.state import class_mode

PREFIX = "/student"
_AS_THEY_ARE = (".onnx", ".wasm")
"""What is sent without being packed: that would keep everybody else waiting."""


def page_address(run_id: str) -> str:
    """Return the address of the page of a run's student on this server."""
    return f"{PREFIX}/{quote(run_id)}/index.html"


class Transfers:
    """Sends files few at a time: so many to each visitor, so many in all; others wait for their turn, or are refused.

    ``each`` and ``all`` say how many may wait or be sent, ``at_once`` how many are sent.
    """

    def __init__(self, *, each: int = 16, all: int = 600, at_once: int = 32) -> None:
        self._each, self._all = each, all
        self._sending = asyncio.Semaphore(at_once)
        self._open = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file, or say in one sentence that there are too many."""
        request = Request(scope, receive)
        address = request.client.host if request.client else ""
        visitor = class_mode.browser_of(request.cookies) or address
        if class_mode.active() and (self._open[visitor] >= self._each or self._open.total() >= self._all):
            sentence = "Too many files are being fetched from here at once; try again in a moment."
            await PlainTextResponse(sentence, status_code=429, headers={"Retry-After": "5"})(scope, receive, send)
            return
        self._open[visitor] += 1
        try:
            async with self._sending:
                response = await respond(request)
                await response(scope, receive, send)
        finally:
            self._open[visitor] -= 1
            if not self._open[visitor]:
                del self._open[visitor]


async def respond(request: Request) -> Response:
    """Return a file of the page of a run's student, as it was exported."""
    # Not above: the server wants the route before there is anything to read.
    from distil_core.errors import DistilError
    from distil_core.export import jobs
    from distil_core.export.formats import Format
    from pages.state import resources

    path = request.path_params["path"]
    try:
        export = jobs.export_state(resources.store(), request.path_params["run"], Format.BROWSER)
    except DistilError as error:
        raise HTTPException(404) from error
    if export.proof is None:
        raise HTTPException(404)
    response = await StaticFiles(directory=export.folder).get_response(path, request.scope)
    response.headers["Cache-Control"] = "no-cache"  # asks whether there is a newer one, and gets none twice
    if PurePosixPath(path).suffix in _AS_THEY_ARE:
        response.headers["Content-Encoding"] = "identity"
    return response


def routes() -> list[Route]:
    """Return what the server is to answer beside the app."""
    return [Route(f"{PREFIX}/{{run}}/{{path:path}}", Transfers())]
