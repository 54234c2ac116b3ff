"""Puts the API together; everything it needs is an argument."""

from importlib.metadata import version

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from gateway.i18n import gettext, negotiate, speaking
from mobile_api.description import describe
from mobile_api.headers import SecureHeaders
from mobile_api.problems import problem
from mobile_api.router import LANGUAGE
from mobile_api.routes import TOPICS
from mobile_api.services import Services

PREFIX = "/api/v1"


def create_api(services: Services) -> FastAPI:
    """The API as one ASGI application; whoever mounts it sets `root_path` to PREFIX."""
    app = FastAPI(
        title="Papertap",
        version=version("papertap"),
        openapi_url=None,  # a route of ours gives it, behind the same guard as every other
        root_path_in_servers=False,
        servers=[{"url": PREFIX}],
        middleware=[Middleware(SecureHeaders, figures=services.figures)],
        exception_handlers={HTTPException: _unknown},
        redirect_slashes=False,
    )
    app.state.services = services
    for topic in TOPICS:
        # Taken over as they are: including a router would wrap its routes, and hide them from whoever checks the rules.
        app.router.routes.extend(topic.routes)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # reason: how FastAPI is told another one
    return app


async def _unknown(request: Request, error: Exception) -> Response:
    """What the router itself refuses: unknown addresses and methods."""
    assert isinstance(error, HTTPException)
    with speaking(negotiate(request.cookies.get(LANGUAGE), request.headers.get("accept-language"))):
        if error.status_code == 405:
            text = gettext("This address cannot be used with this method.")
            return problem(405, "method-not-allowed", text, headers=error.headers)
        return problem(error.status_code, "not-found", gettext("There is nothing at this address."))
