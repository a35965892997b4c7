"""`saddle evaluate` started from the page: what can be asked for, and how it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from saddlepoint import catalogue, runs
from saddlepoint.config import Config
from saddlepoint.errors import UserError
from saddlepoint.metrics.evaluate import METRICS
from saddlepoint.web.jobs import Jobs

SAMPLED = ("fd", "kid", "prdc", "memorisation")
"""Metrics of any model's samples."""
NEEDS = {"log_likelihood": "scores", "elbo": "bounds", "accuracy": "classifies"}
"""Metric -> what the recipe must be able to do."""


class Measure(Config):
    """What to measure; by default all that applies. n: samples, by default as many as the reference holds."""

    metrics: tuple[str, ...] = Field((), max_length=len(METRICS))
    features: Literal["auto", "classifier", "pixels"] = "auto"
    weights: Literal["average", "raw"] = "average"
    n: int | None = Field(None, ge=2, le=50_000)


def command(folder: Path, asked: Measure) -> list[str]:
    """The arguments of `saddle`.

    Raises:
        UserError: a metric that there is none of.
    """
    for metric in asked.metrics:
        if metric not in METRICS:
            raise UserError(f"There is no metric {metric!r}: choose among {', '.join(METRICS)}.")
    named = ["--metrics", *asked.metrics] if asked.metrics else []
    count = ["-n", str(asked.n)] if asked.n else []
    raw = ["--raw"] if asked.weights == "raw" else []
    return ["evaluate", str(folder), "--offline", "--features", asked.features, *count, *raw, *named]


def offered(folder: Path) -> list[str]:
    """Metrics that a run's model and data seem to have an answer to."""
    manifest = runs.manifest(folder)
    spec, can = manifest["data"]["spec"], catalogue.info(manifest["recipe"]).can
    labelled = ["classifier_score"] if spec["kind"] == "image" and len(spec.get("classes", ())) > 1 else []
    return [*SAMPLED, *labelled, *(metric for metric, need in NEEDS.items() if need in can)]


def standing(folder: Path, name: str, jobs: Jobs) -> dict[str, Any]:
    """Whether it is measured now, was, or failed to be; and what the process said."""
    state, says = "never", ""
    if name in jobs.names():
        log = folder / "metrics.jsonl"
        if jobs.alive(name):
            state, says = "measuring", jobs.said(name)
        elif log.exists() and log.stat().st_mtime_ns > jobs.began(name):
            state, says = "measured", jobs.said(name)
        else:
            state, says = "failed", jobs.last_words(name)
    return {"state": state, "says": says, "offered": offered(folder)}
