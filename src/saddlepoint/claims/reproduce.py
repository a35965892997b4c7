"""Train a recipe as its claim says, judge it on the test split, and keep every number with its protocol."""

from __future__ import annotations

import json
import os
import platform
import signal
import time
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

import saddlepoint
from saddlepoint import api, runs
from saddlepoint.api import Run
from saddlepoint.checkpoint import read_state
from saddlepoint.claims.claim import Claim, Scale, Setting, Trained
from saddlepoint.claims.results import Row, keep
from saddlepoint.config import DataConfig, build
from saddlepoint.data.dataset import Data
from saddlepoint.data.load import load as load_data
from saddlepoint.engine.events import Reporter, Silent
from saddlepoint.errors import UserError
from saddlepoint.files import read_json, save_png, write_json
from saddlepoint.metrics.measurement import FLOOR, Measurement
from saddlepoint.pictures import wall
from saddlepoint.recipe import Bounds, Recipe

RUNS = Path("runs") / "reproduce"
COST = "cost.json"
COMPARED = ("fd", "kid", "prdc")
KNOWN = {"mnist": "edeae742c0343f2362549c3078cbccd1d93dd99af9f3b3551ba9e5ff3430bc5e"}
"""Fingerprints by which data of the user's own is known to be the published set."""


def reproduce(
    claim: Claim,
    *,
    on: str = "mnist",
    data: str | Path | None = None,
    scale: Scale = "quick",
    seeds: Sequence[int] = (0, 1, 2),
    out: Path = Path("results") / "claims.csv",
    images: Path = Path("docs") / "images",
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> list[Row]:
    """Train and judge once per seed; rows go to `out` and seed 0's samples to `images` as each is done.

    on: mnist or cifar10; data: where that set, or another in its place, lies. Runs are kept under runs/reproduce,
    so what was stopped goes on, and what is trained is only judged again.

    Raises:
        UserError: a data set without a setting, data that cannot be had, or a run of other settings in the way.
    """
    setting = claim.setting(on, scale)
    chosen = build(DataConfig, {k: v for k, v in setting.options.items() if k in DataConfig.model_fields})
    loaded = load_data(data or on, chosen, offline=offline, progress=(reporter or Silent()).working)
    called = on if data is None or loaded.fingerprint == KNOWN.get(on) else Path(data).stem
    command = f"saddle reproduce {claim.recipe} --on {on}{f' --data {called}' if called != on else ''} --scale {scale}"
    rows: list[Row] = []
    for seed in seeds:
        folder = RUNS / f"{claim.recipe}-{called}-{scale}-seed{seed}"
        run, cpu = _train(claim.recipe, setting, data or on, seed, folder, device, offline, reporter)
        model = run.model(device=device)
        metrics = [*COMPARED, *(["elbo"] if isinstance(model, Bounds) else [])]
        measured = api.evaluate(run, metrics=metrics, device=device, offline=offline, reporter=reporter)
        if claim.probe:
            measured += claim.probe(Trained(run=run, model=model, data=loaded, seed=seed))
        about = _protocol(claim, setting, on, called, scale, seed, run, cpu, loaded, command)
        new = [Row(**about, **numbers) for numbers in _numbers(measured)]
        keep(out, new)
        rows += new
        if seed == 0:
            images.mkdir(parents=True, exist_ok=True)
            save_png(_picture(model), images / f"{claim.recipe}{'' if on == 'mnist' else f'-{on}'}.png")
    return rows


def _train(
    name: str,
    setting: Setting,
    source: str | Path,
    seed: int,
    folder: Path,
    device: str,
    offline: bool,
    reporter: Reporter | None,
) -> tuple[Run, float | None]:
    """The run, trained to its end, and the CPU minutes it took, known if it was trained in one go."""
    rest: dict[str, Any] = {"device": device, "offline": offline, "reporter": reporter}
    if not (folder / runs.MANIFEST).exists():
        start = time.process_time()
        run = api.train(name, source, out=folder, seed=seed, images=setting.images, **rest, **setting.options)
        cpu = (time.process_time() - start) / 60
        write_json(folder / COST, {"cpu_minutes": cpu})
        return _finished(run), cpu
    manifest = runs.manifest(folder)
    made_with = {k: v for part in manifest["config"].values() for k, v in part.items()}
    wanted = {key: list(value) if isinstance(value, tuple) else value for key, value in setting.options.items()}
    if manifest["budget"]["images"] != setting.images or any(made_with[k] != v for k, v in wanted.items()):
        raise UserError(f"{folder} was trained with other settings than the claim's: move it away.")
    if there := runs.checkpoints(folder):
        state = read_state(there[-1])
        if state["images"] >= setting.images:
            cost = read_json(folder / COST) if (folder / COST).exists() else {}
            return Run(path=folder, steps=state["step"], images=state["images"]), cost.get("cpu_minutes")
    (folder / COST).unlink(missing_ok=True)
    return _finished(api.resume(folder, data=source, **rest)), None


def _finished(run: Run) -> Run:
    """A signal that stopped the training stops all of it; what is trained goes on next time."""
    if run.stopped_by:
        raise SystemExit(128 + signal.Signals[run.stopped_by])
    return run


def _numbers(measured: Iterable[Measurement]) -> Iterable[dict[str, Any]]:
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


def _protocol(
    claim: Claim,
    setting: Setting,
    on: str,
    called: str,
    scale: Scale,
    seed: int,
    run: Run,
    cpu: float | None,
    data: Data,
    command: str,
) -> dict[str, Any]:
    manifest, published = runs.manifest(run.path), claim.published[on]
    same = "" if called == on else f"no: {called} is not {on}. "
    return {
        "recipe": claim.recipe,
        "data": called,
        "fingerprint": data.fingerprint[:12],
        "scale": scale,
        "seed": seed,
        "images": run.images,
        "minutes": read_state(runs.find_checkpoint(run.path))["seconds"] / 60,
        "cpu_minutes": cpu,
        "claim": claim.statement,
        "paper_value": published.value,
        "paper_measure": f"{published.measure} ({published.where})",
        "comparable": same + published.comparable,
        "hardware": hardware(torch.device(manifest["device"]), manifest["threads"]),
        "precision": manifest["precision"],
        "torch": manifest["versions"]["torch"],
        "saddlepoint": saddlepoint.__version__,
        "options": " ".join(f"{k}={_value(v)}" for k, v in sorted(setting.options.items())),
        "config": sha256(json.dumps(manifest["config"], sort_keys=True).encode()).hexdigest()[:8],
        "command": command,
    }


def _value(value: Any) -> str:
    return str(list(value)).replace(" ", "") if isinstance(value, tuple | list) else str(value)


def hardware(device: torch.device, threads: int) -> str:
    """The device's model, for people to judge minutes by."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, {threads} of them used"


def _picture(model: Recipe[Any]) -> Any:
    """64 samples of seed 0; with classes, a column for each."""
    if not model.conditional:
        return wall(model.sample(64, seed=0), 8)
    columns = min(len(model.spec.classes), 16)
    return wall(model.sample(8 * columns, seed=0, y=torch.arange(8 * columns) % columns), columns)
