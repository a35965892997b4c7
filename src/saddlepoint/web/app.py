"""The explorer's routes, and nothing but: what they do stands in the modules beside this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request  # pyright: ignore[reportMissingImports]
from fastapi.exceptions import RequestValidationError  # pyright: ignore[reportMissingImports]
from fastapi.responses import FileResponse, JSONResponse, Response  # pyright: ignore[reportMissingImports]
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.recipe import Recipe
from saddlepoint.web import (
    attributes,
    codes,
    forms,
    invert,
    judge,
    lab,
    live,
    measuring,
    paths,
    reading,
    service,
    steer,
)
from saddlepoint.web.data import data_of
from saddlepoint.web.jobs import EVALUATION, Jobs
from saddlepoint.web.models import Ask, Models
from saddlepoint.web.neighbours import Near, Neighbours, nearest_training
from saddlepoint.web.room import Room
from saddlepoint.web.security import LARGEST_PICTURE, App, Guard
from saddlepoint.web.service import Draw, Walk
from saddlepoint.web.stream import Lines

Answer = Callable[[str, Any, Callable[[Recipe[Any], Any], Any]], Any]

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
    _runs(app, root, jobs)
    _trainings(app, root, jobs, data)
    _evaluations(app, root, Jobs(root, EVALUATION))
    models = Models()
    _models(app, root, models)
    _steering(app, root, models)
    _pictures(app, root, models)
    _laboratory(app, room or Room())
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


def _runs(app: Any, root: Path, jobs: Jobs) -> None:
    def listing() -> Any:
        return reading.listing(root, jobs)

    def detail(run: str) -> Any:
        return reading.detail(root, run, jobs)

    def picture(run: str, file: str) -> Any:
        return FileResponse(reading.picture(root, run, file), media_type="image/png")

    app.add_api_route("/api/runs", listing)
    app.add_api_route("/api/runs/{run}", detail)
    app.add_api_route("/api/runs/{run}/samples/{file}", picture)


def _trainings(app: Any, root: Path, jobs: Jobs, data: Sequence[Path]) -> None:
    def recipes() -> Any:
        return forms.choices(data)

    def form(recipe: str) -> Any:
        return forms.form(recipe)

    def start(asked: forms.NewRun) -> Any:
        jobs.start(asked.name, forms.command(asked, root, data))
        return {"name": asked.name}

    def resume(run: str, asked: forms.Nothing) -> Any:
        if reading.summary(root, run, jobs)["state"] == "elsewhere":
            raise UserError(f"{run} seems to be trained by a terminal: two trainings of one run would spoil it.")
        jobs.start(run, ["resume", str(paths.run(root, run))])
        return {"name": run}

    def stop(run: str, asked: forms.Nothing) -> Any:
        jobs.stop(run)
        return {"name": run}

    def forget(run: str, asked: forms.Nothing) -> Any:
        jobs.forget(run)
        return {"name": run}

    app.add_api_route("/api/recipes", recipes)
    app.add_api_route("/api/recipes/{recipe}", form)
    app.add_api_route("/api/runs", start, methods=["POST"])
    for action in (resume, stop, forget):
        app.add_api_route(f"/api/runs/{{run}}/{action.__name__}", action, methods=["POST"])


def _evaluations(app: Any, root: Path, jobs: Jobs) -> None:
    def measure(run: str, asked: measuring.Measure) -> Any:
        jobs.start(run, measuring.command(paths.run(root, run), asked))
        return {"name": run}

    def standing(run: str) -> Any:
        return measuring.standing(paths.run(root, run), run, jobs)

    def stop(run: str, asked: forms.Nothing) -> Any:
        jobs.stop(run)
        return {"name": run}

    app.add_api_route("/api/runs/{run}/measure", measure, methods=["POST"])
    app.add_api_route("/api/runs/{run}/measure", standing)
    app.add_api_route("/api/runs/{run}/measure/stop", stop, methods=["POST"])


def _models(app: Any, root: Path, models: Models) -> None:
    answer = _answering(root, models)

    def generate(run: str, draw: Annotated[Draw, Query()]) -> Any:
        return answer(run, draw, service.drawn)

    def walk(run: str, walk: Annotated[Walk, Query()]) -> Any:
        return answer(run, walk, service.stepped)

    def sheet(run: str, draw: Annotated[Draw, Query()]) -> Any:
        return _download(answer(run, draw, service.sheet), "image/png", f"{run}.png")

    def quiz(run: str, ask: Annotated[judge.Quiz, Query()]) -> Any:
        real = judge.real(paths.run(root, run), ask)
        return answer(run, ask, lambda model, _: judge.quiz(model, real, ask))

    neighbours = Neighbours(models)

    def near(run: str, ask: Annotated[Near, Query()]) -> Any:
        return neighbours.find(paths.run(root, run), ask)

    def latents(run: str, draw: Annotated[Draw, Query()]) -> Any:
        return _download(answer(run, draw, service.latents_file), "application/octet-stream", f"{run}-latents.npy")

    app.add_api_route("/api/runs/{run}/generate", generate)
    app.add_api_route("/api/runs/{run}/walk", walk)
    app.add_api_route("/api/runs/{run}/quiz", quiz)
    app.add_api_route("/api/runs/{run}/neighbours", near)
    app.add_api_route("/api/runs/{run}/sheet.png", sheet)
    app.add_api_route("/api/runs/{run}/latents.npy", latents)


def _laboratory(app: Any, room: Room) -> None:
    def choices() -> Any:
        return lab.choices()

    def recipes() -> Any:
        return live.choices()

    def orbit(asked: Annotated[lab.Orbit, Query()]) -> Any:
        return lab.orbits(asked)

    def dirac(asked: Annotated[lab.Dirac, Query()]) -> Any:
        return lab.dirac(asked)

    def gradients() -> Any:
        return lab.gradients()

    def game(asked: live.Game) -> Any:
        return Lines(live.play(asked, room))

    def ring(asked: live.Training) -> Any:
        return Lines(live.learn(asked, room))

    for look in (choices, recipes, orbit, dirac, gradients):
        app.add_api_route(f"/api/lab/{look.__name__}", look)
    for training in (game, ring):
        app.add_api_route(f"/api/lab/{training.__name__}", training, methods=["POST"])


def _steering(app: Any, root: Path, models: Models) -> None:
    answer = _answering(root, models)

    def directions(run: str, find: Annotated[steer.Find, Query()]) -> Any:
        return answer(run, find, steer.listed)

    def codes_of(run: str, ask: Annotated[Ask, Query()]) -> Any:
        return answer(run, ask, codes.listed)

    def steered(run: str, asked: steer.Steer) -> Any:
        return answer(run, asked, steer.steered)

    def summed(run: str, asked: steer.Sum) -> Any:
        return answer(run, asked, steer.summed)

    def by_marks(run: str, marks: attributes.Marks) -> Any:
        return answer(run, marks, attributes.by_marks)

    def by_classes(run: str, asked: attributes.Classes) -> Any:
        data = data_of(paths.run(root, run))
        return answer(run, asked, lambda model, _: attributes.by_classes(model, data, asked, models.breathe))

    app.add_api_route("/api/runs/{run}/directions", directions)
    app.add_api_route("/api/runs/{run}/codes", codes_of)
    app.add_api_route("/api/runs/{run}/steer", steered, methods=["POST"])
    app.add_api_route("/api/runs/{run}/sum", summed, methods=["POST"])
    app.add_api_route("/api/runs/{run}/attribute/marks", by_marks, methods=["POST"])
    app.add_api_route("/api/runs/{run}/attribute/classes", by_classes, methods=["POST"])


def _pictures(app: Any, root: Path, models: Models) -> None:
    answer, decoding, searching = _answering(root, models), Lock(), Lock()

    def read(run: str, file: bytes) -> Tensor:
        with decoding:  # one at a time, for each may take a lot of memory
            return invert.picture(paths.run(root, run), file)

    def inverted(run: str, asked: Annotated[invert.Invert, Query()], file: Annotated[bytes, Depends(_received)]) -> Any:
        x = read(run, file)
        return answer(run, asked, lambda model, _: invert.inverted(model, x, asked, models.breathe))

    def nearest(run: str, file: Annotated[bytes, Depends(_received)]) -> Any:
        x = read(run, file)
        with searching:
            return nearest_training(paths.run(root, run), x)

    app.add_api_route("/api/runs/{run}/invert", inverted, methods=["POST"])
    app.add_api_route("/api/runs/{run}/nearest", nearest, methods=["POST"])


async def _received(request: Request) -> bytes:  # pyright: ignore[reportUnknownParameterType]
    """An image file, which is in memory only as far as it may be."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_PICTURE:
            raise UserError(f"A picture may have {LARGEST_PICTURE:,} bytes, and this one has more.")
        parts.append(part)
    return b"".join(parts)


def _answering(root: Path, models: Models) -> Answer:
    """Answers by a function of the run's model and of what was asked."""

    def answer(run: str, ask: Any, make: Callable[[Recipe[Any], Any], Any]) -> Any:
        folder = paths.run(root, run)
        with models.lock:
            return make(models.get(folder, ask), ask)

    return answer


def _download(content: bytes, kind: str, name: str) -> Any:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in name)
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{plain}"'})


def _told(request: object, error: UserError) -> Any:
    """The user's mistakes in words, as on the command line."""
    return JSONResponse({"error": str(error)}, 404 if isinstance(error, paths.NotThereError) else 400)


def _misasked(request: object, error: Any) -> Any:
    first: dict[str, Any] = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])  # after whether it is of the query or of the body
    given, message = repr(first.get("input"))[:80], str(first["msg"]).removeprefix("Value error, ")
    return JSONResponse({"error": f"{where}={given}: {message[:1].lower()}{message[1:]}."}, 400)
