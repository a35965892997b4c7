"""`saddle doctor`: is this machine ready, and does that run look healthy?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.cli.common import Json, console, print_json
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from saddlepoint.diagnosis import Examples

SAMPLES, TRAINING = 256, 5000  # enough for the ratios, seconds to compare


def doctor(run: Path | None = None, /, *, as_json: Json = False) -> None:
    """Check this machine; or read a run and say what looks wrong with it.

    Of a run it reads the logs and compares samples with the data: collapse, a
    discriminator that won, non-finite losses, overfitting, too few images.

    Example: saddle doctor runs/dcgan

    Args:
        run: The run's folder; without one the machine is checked.
    """
    if run is None:
        _machine(as_json)
    else:
        _run(run, as_json)


def _machine(as_json: bool) -> None:
    from saddlepoint.environment import environment

    facts = environment(Path("runs"))
    if as_json:
        print_json([asdict(fact) for fact in facts])
        return
    width = max(len(fact.topic) for fact in facts)
    for fact in facts:
        print(f"{fact.topic:<{width}}  {fact.value}")
        if fact.advice:
            print(f"{'':<{width}}  -> {fact.advice}")


def _run(run: Path, as_json: bool) -> None:
    from rich.text import Text

    from saddlepoint import runs
    from saddlepoint.diagnosis import diagnose

    manifest = runs.manifest(run)
    examples, unchecked = _examples(run, manifest)
    found = diagnose(runs.log(run), runs.log(run, "metrics.jsonl"), manifest, examples)
    if as_json:
        print_json({"run": run, "findings": [asdict(finding) for finding in found], "not_checked": unchecked})
        return
    out = console()
    for finding in found:
        style = "bold red" if finding.severity == "error" else "bold yellow"
        out.print(Text.assemble((finding.name, style), f": {finding.sentence}"))
    if not found:
        out.print("Nothing looks wrong.")
    if unchecked:
        out.print(Text(f"Samples were not compared with the data: {unchecked}"))


def _examples(run: Path, manifest: Mapping[str, Any]) -> tuple[Examples | None, str]:
    """Samples beside the run's data; or None and why not. The logs can be read even where the data is gone."""
    from saddlepoint import api
    from saddlepoint.config import DataConfig, build
    from saddlepoint.data.load import load as load_data
    from saddlepoint.diagnosis import Examples

    try:
        model = api.load(run)
        data = load_data(manifest["data"]["source"], build(DataConfig, manifest["config"]["data"]), offline=True)
    except UserError as error:
        return None, str(error)
    if len(data.test) < 2:
        return None, "no examples are held out."
    return Examples(
        samples=model.sample(SAMPLES, seed=0),
        train=data.train.x(slice(0, TRAINING)),
        held_out=data.test.x(slice(0, SAMPLES)),
    ), ""
