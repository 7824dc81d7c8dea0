"""Only by its own names: a page of another site that has its name point here gets no answer.

Reads and writes: nothing.
"""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class KnownHosts:
    """Refuses requests, and connections of pages, to hosts that are not known."""

    def __init__(self, app: ASGIApp, *, known: Callable[[str], bool]) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that the host is unknown."""
        if scope["type"] in ("http", "websocket") and not self._known(Headers(scope=scope).get("host", "")):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            sentence = "This server does not know itself by that name; its owner can add it to DISTIL_LAB_HOSTS."
            await PlainTextResponse(sentence, status_code=400)(scope, receive, send)
            return
        await self._app(scope, receive, send)
