"""The server: a socket that is taken before anything is built, NiceGUI on top of it, nothing from any other machine."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from accelsim.errors import ConfigurationError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from accelsim.play.catalogue import Catalogue

__all__ = ["address", "require_nicegui", "serve", "take"]

_POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss: data: blob:"
"""What a browser may load: from here only, so that no page can ever ask another machine for anything."""


_RECONNECT_S = 60.0
"""How long a page may be silent without losing its session: a browser that draws large charts is, for seconds."""


def require_nicegui() -> None:
    """Refuse at once what cannot be served.

    Raises:
        ConfigurationError: NiceGUI or Plotly is not installed.
    """
    missing = [name for name in ("nicegui", "plotly") if find_spec(name) is None]
    if missing:
        rule = f"the playground needs {' and '.join(missing)}, which is not installed"
        raise ConfigurationError(f"play: {rule}; pip install 'accelsim[play]'")


def take(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: a name or an address of this machine.
        port: 0 for any that is free.

    Raises:
        ConfigurationError: the port is taken or not allowed, or the host is not this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (socket.gaierror, UnicodeError):
        rule = "must be a name or an address of this machine"
        raise ConfigurationError(f"--host: {rule}, got {host!r}; leave it out for this machine alone") from None
    except OverflowError:
        raise ConfigurationError(f"--port: must be from 0 to 65535, got {port}; 0 takes any that is free") from None
    except OSError as error:
        got = (os.strerror(error.errno) if error.errno else str(error)).lower()
        rule = f"must be a port that can be taken, got {port} on {host}, {got}"
        raise ConfigurationError(f"--port: {rule}; choose another one, or 0 for any that is free") from None


def address(taken: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = taken.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(taken: socket.socket, catalogue: Catalogue, ready: Callable[[], None] = lambda: None) -> None:
    """Serve the page until interrupted.

    Args:
        taken: from `take`.
        catalogue: what may be chosen.
        ready: called when the page can be opened.

    Raises:
        KeyboardInterrupt: someone had enough.
    """
    import uvicorn

    config = uvicorn.Config(_application(catalogue, ready), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.run(sockets=[taken])
    if server.started:
        # It raises the signal again that ended it, which does nothing where that signal was ignored from the start.
        raise KeyboardInterrupt


def _application(catalogue: Catalogue, ready: Callable[[], None]) -> FastAPI:
    from fastapi import FastAPI
    from nicegui import ui

    from accelsim.play.crew import Crew
    from accelsim.play.page import add_page

    crew = Crew()

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        crew.start(catalogue.models[catalogue.first_model])
        ready()
        try:
            yield
        finally:
            crew.stop()

    application = FastAPI(lifespan=live, docs_url=None, redoc_url=None, openapi_url=None)
    application.middleware("http")(_kept_here)
    add_page(crew, catalogue)
    ui.run_with(
        application,
        title="accelsim playground",
        favicon="🎛️",
        dark=None,
        show_welcome_message=False,
        tailwind=False,  # it would look for its classes in all of the page whenever a chart is drawn
        reconnect_timeout=_RECONNECT_S,
    )
    return application


async def _kept_here(request: Request, call_next: Callable[[Request], object]) -> Response:
    response: Response = await call_next(request)  # type: ignore[misc]
    response.headers["Content-Security-Policy"] = _POLICY
    return response
