"""`saddle evaluate`: how good a run's model is, with the protocol of every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Checkpoint, Count, Flag, Json, Offline, console, print_json
from saddlepoint.metrics.number import number

if TYPE_CHECKING:
    from saddlepoint.metrics.evaluate import Measurement

Names = Annotated[list[str] | None, Parameter(consume_multiple=True)]


def evaluate(
    run: Path,
    /,
    *,
    metrics: Names = None,
    features: str = "auto",
    reference: str | None = None,
    n: Annotated[Count | None, Parameter(name="-n")] = None,
    k: Annotated[Count, Parameter(name="-k")] = 5000,
    seed: NonNegativeInt = 0,
    weights: Path | None = None,
    raw: Flag = False,
    checkpoint: Checkpoint = "latest",
    device: str = "auto",
    offline: Offline = False,
    figures: Flag = False,
    as_json: Json = False,
) -> None:
    """Judge a run's model against data it was not trained on.

    Beside each value stands its floor: real data against real data, the best
    that a model could reach with so many samples. All is kept in metrics.jsonl.

    Example: saddle evaluate runs/dcgan --metrics fd kid --features classifier

    Args:
        run: The run's folder.
        metrics: Which to measure; by default all that apply.
        features: inception, classifier, pixels, or an ONNX file; auto: classifier for labelled images, else pixels.
        reference: Compare with this data instead of the run's own.
        n: How many samples; by default as many as the reference holds.
        k: How many draws of the code for the metric iwae.
        seed: Seed of the samples.
        weights: File of the published Inception weights, for --features inception.
        raw: Use the weights as trained, not their running average.
        checkpoint: latest, best, or the number of images seen.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
        figures: Draw loss curves and nearest training neighbours into the run's figures folder.
    """
    from saddlepoint import api
    from saddlepoint.cli.display import watch
    from saddlepoint.distributed import launched
    from saddlepoint.environment import make_room

    make_room()
    with watch() as reporter:
        measured = api.evaluate(
            run,
            metrics=metrics,
            features=features,
            reference=reference,
            n=n,
            k=k,
            seed=seed,
            weights="raw" if raw else "average",
            checkpoint=checkpoint,
            weights_file=weights,
            device=device,
            offline=offline,
            reporter=reporter,
        )
    if not launched().leads:
        return
    drawn = _draw(run, offline) if figures else []
    if as_json:
        print_json({"run": run, "measurements": [asdict(m) for m in measured], "figures": drawn})
        return
    _show(measured)
    for path in drawn:
        print(path)


def _draw(run: Path, offline: bool) -> list[Path]:
    from saddlepoint import figures

    return [figures.losses(run), figures.neighbours(run, offline=offline)]


def _show(measured: Sequence[Measurement]) -> None:
    """A line for each metric, its floor beside it; below, once, the protocol that they share."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    floors = {m.metric.removesuffix("_floor"): m for m in measured if m.metric.endswith("_floor")}
    table = Table(box=None, pad_edge=False)
    table.add_column("metric", header_style="dim")
    table.add_column("value", header_style="dim", justify="right")
    table.add_column("floor (real against real)", header_style="dim", justify="right")
    values = [m for m in measured if not m.metric.endswith("_floor")]
    for m in values:
        best = floors.get(m.metric)
        table.add_row(Text(m.label()), number(m.value, m.error), number(best.value, best.error) if best else "")
    out.print(table)
    shared, warnings = common([m.protocol for m in values])
    out.print(Text(", ".join(f"{key} {value}" for key, value in shared.items()), style="dim"))
    for warning in warnings:
        out.print(Text(warning, style="yellow"))


def common(protocols: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """What all of these protocols say alike, long hashes shortened; and every warning once."""
    warnings = list(dict.fromkeys(w for protocol in protocols for w in protocol.get("warnings", ())))
    first = protocols[0] if protocols else {}
    shared = {k: v for k, v in first.items() if k != "warnings" and all(p.get(k) == v for p in protocols)}
    return {k: v[:12] if isinstance(v, str) and len(v) == 64 else v for k, v in shared.items()}, warnings
