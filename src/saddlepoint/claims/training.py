"""One training of a claim: started, or gone on with, or found done."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from saddlepoint import api, runs
from saddlepoint.api import Run
from saddlepoint.checkpoint import read_state
from saddlepoint.claims.claim import Setting
from saddlepoint.config import DataConfig, build
from saddlepoint.data.dataset import Data
from saddlepoint.data.load import load
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.device import pick_device
from saddlepoint.engine.events import Reporter, Silent
from saddlepoint.errors import NonFiniteError, UserError

RUNS = Path("runs") / "reproduce"
KNOWN = {
    "mnist": "edeae742c0343f2362549c3078cbccd1d93dd99af9f3b3551ba9e5ff3430bc5e",
    "stacked-mnist": "70447258d2bd4f72a608f5f303361f8533069afd43eb88703d292dec1b4b0bba",
}
"""Fingerprints by which data of the user's own is known to be the published set."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where trainings happen. source: of the data, which `data` has loaded and rows name `called`."""

    source: str | Path
    data: Data
    called: str
    device: str = "auto"
    offline: bool = False
    reporter: Reporter | None = None


def bench(
    on: str,
    data: str | Path | None,
    options: Mapping[str, Any],
    *,
    device: str,
    offline: bool,
    reporter: Reporter | None,
) -> Bench:
    """A bench for a data set that has a name, from where it lies, or for another in its place."""
    chosen = build(DataConfig, {k: v for k, v in options.items() if k in DataConfig.model_fields})
    loaded = load(data or on, chosen, offline=offline, progress=(reporter or Silent()).working)
    called = on if data is None or loaded.fingerprint == KNOWN.get(on) else Path(data).stem
    return Bench(source=data or on, data=loaded, called=called, device=device, offline=offline, reporter=reporter)


def train(name: str, setting: Setting, seed: int, folder: Path, at: Bench) -> Run:
    """The run, trained to its end.

    Raises:
        UserError: a run of other settings in the way.
    """
    rest: dict[str, Any] = {"device": at.device, "offline": at.offline, "reporter": at.reporter}
    budget = setting.budget(pick_device(at.device).type)
    if not (folder / runs.MANIFEST).exists():
        return _finished(api.train(name, at.source, out=folder, seed=seed, **asdict(budget), **rest, **setting.options))
    manifest = runs.manifest(folder)
    made_with = {k: v for part in manifest["config"].values() for k, v in part.items()}
    wanted = {key: list(value) if isinstance(value, tuple) else value for key, value in setting.options.items()}
    if Budget(**manifest["budget"]) != budget or any(made_with[k] != v for k, v in wanted.items()):
        raise UserError(f"{folder} was trained with other settings than the claim's: move it away.")
    if there := runs.checkpoints(folder):
        state = read_state(there[-1])
        used = {key: state[key] for key in ("images", "seconds", "cpu_seconds")}
        if budget.fraction(steps=state["step"], **used) >= 1:
            return Run(path=folder, steps=state["step"], images=state["images"])
    return _finished(api.resume(folder, data=at.source, **rest))


def train_or_diverge(name: str, setting: Setting, seed: int, folder: Path, at: Bench) -> Run:
    """The same, or the run up to where it diverged: an answer too, which need not end the others' table."""
    try:
        return train(name, setting, seed, folder, at)
    except NonFiniteError as error:
        (at.reporter or Silent()).note(f"{error} It is judged as it was then: {folder}.")
        state = read_state(runs.find_checkpoint(folder))
        return Run(path=folder, steps=state["step"], images=state["images"])


def _finished(run: Run) -> Run:
    """A signal that stopped the training stops all of it; what is trained goes on next time."""
    if run.stopped_by:
        raise SystemExit(128 + signal.Signals[run.stopped_by])
    return run
