"""Routes to a run's model: what it makes, and how that is steered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, Query, Request  # pyright: ignore[reportMissingImports]
from fastapi.responses import Response  # pyright: ignore[reportMissingImports]
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.recipe import Recipe
from saddlepoint.web import attributes, codes, invert, judge, paths, service, steer
from saddlepoint.web.data import data_of
from saddlepoint.web.models import Ask, Models
from saddlepoint.web.neighbours import Near, Neighbours, nearest_training
from saddlepoint.web.security import LARGEST_PICTURE
from saddlepoint.web.service import Draw, Walk

Answer = Callable[[str, Any, Callable[[Recipe[Any], Any], Any]], Any]


def samples(app: Any, root: Path, models: Models) -> None:
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


def steering(app: Any, root: Path, models: Models) -> None:
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


def pictures(app: Any, root: Path, models: Models) -> None:
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
