"""Students that run in the visitor's own browser: where their pages are served from, beside those of the app.

Reads: exports, in the run store's folder. Writes: nothing.
"""

from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

PREFIX = "/student"
_AS_THEY_ARE = (".onnx", ".wasm")
"""What is sent without being packed: that would keep everybody else waiting."""


def page_address(run_id: str) -> str:
    """Return the address of the page of a run's student on this server."""
    return f"{PREFIX}/{quote(run_id)}/index.html"


async def respond(request: Request) -> Response:
    """Send a file of the page of a run's student, as it was exported."""
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
    return [Route(f"{PREFIX}/{{run}}/{{path:path}}", respond)]
