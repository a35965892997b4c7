"""One training of a claim: started, or gone on with, or found done; and what a row says of it."""

from __future__ import annotations

import json
import os
import platform
import signal
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

import saddlepoint
from saddlepoint import api, catalogue, runs
from saddlepoint.api import Run
from saddlepoint.checkpoint import read_state
from saddlepoint.claims.claim import Setting
from saddlepoint.config import Config, DataConfig, TrainConfig, build, split
from saddlepoint.data.dataset import Data
from saddlepoint.data.load import load
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.device import pick_device
from saddlepoint.engine.events import Reporter, Silent
from saddlepoint.errors import NonFiniteError, UserError
from saddlepoint.metrics.measurement import FLOOR, Measurement

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


# What rows say ------------------------------------------------------------------------------------------


def about(run: Run) -> dict[str, Any]:
    """The columns of a row that a run fills."""
    manifest, state = runs.manifest(run.path), read_state(runs.find_checkpoint(run.path))
    return {
        "images": run.images,
        "minutes": state["seconds"] / 60,
        "cpu_minutes": state["cpu_seconds"] / 60 or None,
        "hardware": hardware(torch.device(manifest["device"]), manifest["threads"]),
        "precision": manifest["precision"],
        "config": config_digest(manifest["config"]),
        **versions(),
    }


def versions() -> dict[str, str]:
    return {"torch": torch.__version__, "saddlepoint": saddlepoint.__version__}


def numbers(measured: Iterable[Measurement]) -> Iterable[dict[str, Any]]:
    """Every measurement with its floor, as the columns of a row that they fill."""
    by_name = {m.metric: m for m in measured}
    for name, m in by_name.items():
        if name.endswith(FLOOR):
            continue
        floor = by_name.get(name + FLOOR)
        yield {
            "measure": m.label(),
            "value": m.value,
            "error": m.error,
            "floor": floor.value if floor else None,
            "n": m.protocol.get("n"),
            "reference": m.protocol.get("reference", ""),
            "weights": m.protocol.get("weights", ""),
        }


def options_text(options: Mapping[str, Any]) -> str:
    """`key=value` in the order of the keys."""
    return " ".join(f"{k}={_value(v)}" for k, v in sorted(options.items()))


def _value(value: Any) -> str:
    return str(list(value)).replace(" ", "") if isinstance(value, tuple | list) else str(value)


def config_of(name: str, options: Mapping[str, Any]) -> str:
    """The digest that a training of these options will have."""
    recipe = catalogue.recipe_class(name).Config
    own, training, data = split(options, recipe, TrainConfig, DataConfig)
    configs: dict[str, Config] = {
        "recipe": catalogue.configure(name, own),
        "train": build(TrainConfig, training),
        "data": build(DataConfig, data),
    }
    return config_digest({key: config.model_dump() for key, config in configs.items()})


LATER: Mapping[str, Any] = {
    "binarise": "none",
    "beta": 1.0,
    "free_bits": 0.0,
    "flows": 0,
    "kl_warmup": 0,
    "layers": 1,
    "validation": 0,
}
"""Options that came when there were rows already, with the value by which all is as it was before."""


def config_digest(config: Mapping[str, Mapping[str, Any]]) -> str:
    """Digits of the sha256 of all options, defaults included, save those that change nothing since `LATER`."""
    old = {
        part: {key: value for key, value in options.items() if key not in LATER or value != LATER[key]}
        for part, options in config.items()
    }
    return sha256(json.dumps(old, sort_keys=True).encode()).hexdigest()[:8]


def hardware(device: torch.device, threads: int) -> str:
    """The device's model, for people to judge minutes by."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, {threads} of them used"
