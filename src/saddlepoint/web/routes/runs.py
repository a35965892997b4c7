"""Routes to runs: looked at, trained, measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi.responses import FileResponse  # pyright: ignore[reportMissingImports]

from saddlepoint.errors import UserError
from saddlepoint.web import forms, measuring, paths, reading
from saddlepoint.web.jobs import Jobs


def listings(app: Any, root: Path, jobs: Jobs) -> None:
    def listing() -> Any:
        return reading.listing(root, jobs)

    def detail(run: str) -> Any:
        return reading.detail(root, run, jobs)

    def picture(run: str, file: str) -> Any:
        return FileResponse(reading.picture(root, run, file), media_type="image/png")

    app.add_api_route("/api/runs", listing)
    app.add_api_route("/api/runs/{run}", detail)
    app.add_api_route("/api/runs/{run}/samples/{file}", picture)


def trainings(app: Any, root: Path, jobs: Jobs, data: Sequence[Path]) -> None:
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


def evaluations(app: Any, root: Path, jobs: Jobs) -> None:
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
