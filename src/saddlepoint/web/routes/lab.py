"""Routes to the laboratory."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query  # pyright: ignore[reportMissingImports]

from saddlepoint.web import lab, live
from saddlepoint.web.room import Room
from saddlepoint.web.stream import Lines


def laboratory(app: Any, room: Room) -> None:
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
