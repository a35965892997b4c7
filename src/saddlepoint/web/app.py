"""The explorer as an application: its routes, its page, and what is said when something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI  # pyright: ignore[reportMissingImports]
from fastapi.exceptions import RequestValidationError  # pyright: ignore[reportMissingImports]
from fastapi.responses import FileResponse, JSONResponse  # pyright: ignore[reportMissingImports]

from saddlepoint.errors import UserError
from saddlepoint.web import paths
from saddlepoint.web.jobs import EVALUATION, Jobs
from saddlepoint.web.models import Models
from saddlepoint.web.room import Room
from saddlepoint.web.routes import lab, models, runs
from saddlepoint.web.security import App, Guard

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def create_app(root: Path, *, data: Sequence[Path] = (), token: str | None = None, room: Room | None = None) -> App:
    """The explorer of a runs folder, as an ASGI application.

    data: what visitors may train on, beside the sets that have a name.
    token: what visitors must bring; None: only visitors of this machine are answered.
    room: where live games are played, for who ends the explorer.
    """
    app: Any = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(UserError, _told)
    app.add_exception_handler(RequestValidationError, _misasked)
    _pages(app)
    jobs = Jobs(root)
    runs.listings(app, root, jobs)
    runs.trainings(app, root, jobs, data)
    runs.evaluations(app, root, Jobs(root, EVALUATION))
    held = Models()
    models.samples(app, root, held)
    models.steering(app, root, held)
    models.pictures(app, root, held)
    lab.laboratory(app, room or Room())
    return Guard(app, token)


def _pages(app: Any) -> None:
    files = {path.name: path for path in STATIC.iterdir() if path.suffix in TYPES}

    def page() -> Any:
        return FileResponse(files["index.html"], media_type=TYPES[".html"])

    def static(name: str) -> Any:
        if name not in files:
            raise paths.NotThereError(f"There is no {name!r} here.")
        return FileResponse(files[name], media_type=TYPES[files[name].suffix])

    app.add_api_route("/", page)
    app.add_api_route("/static/{name}", static)


def _told(request: object, error: UserError) -> Any:
    """The user's mistakes in words, as on the command line."""
    return JSONResponse({"error": str(error)}, 404 if isinstance(error, paths.NotThereError) else 400)


def _misasked(request: object, error: Any) -> Any:
    first: dict[str, Any] = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])  # after whether it is of the query or of the body
    given, message = repr(first.get("input"))[:80], str(first["msg"]).removeprefix("Value error, ")
    return JSONResponse({"error": f"{where}={given}: {message[:1].lower()}{message[1:]}."}, 400)
