"""A small training in a process of its own, moments to kill it at, and what must be true of its folder after."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import saddlepoint
from saddlepoint import checkpoint, runs
from saddlepoint.cli.main import main
from saddlepoint.files import read_jsonl

STEPS = 30
# A checkpoint at each step, in a model whose writing takes about as long as its step, so that kills at random fall
# into both; samples and evaluations now and then. Unlabelled data are judged by their pixels, in an instant.
OPTIONS = [
    *("width=32", "batch=16", "precision=fp32", "flip=true", "track=none", "log_every=1", "checkpoint_every=1"),
    *("sample_every=3", "evaluate_every=5", "keep=2"),
]


def make_data(path: Path) -> Path:
    """Two hundred unlabelled pictures of 8 x 8."""
    rows = np.random.default_rng(0).integers(0, 256, (200, 8, 8), dtype=np.uint8)
    np.save(path, rows)
    return path


def environment(cache: Path) -> dict[str, str]:
    """One thread, for resuming is exact at equal threads; and the package that this process tests."""
    package = str(Path(saddlepoint.__file__).parents[1])
    return os.environ | {"SADDLE_CACHE": str(cache), "OMP_NUM_THREADS": "1", "PYTHONPATH": package}


class Training:
    """A run, trained, killed and resumed as often as one likes."""

    def __init__(self, folder: Path, data: Path, cache: Path) -> None:
        self.folder, self.data, self.cache = folder, data, cache

    def start(self) -> subprocess.Popen[str]:
        """Train, or resume where there is a run."""
        train = ["train", "dcgan", *OPTIONS, "--data", self.data, "--steps", STEPS, "--seed", 3, "--out", self.folder]
        there = (self.folder / runs.MANIFEST).exists()
        arguments = ["resume", self.folder] if there else train
        command = [sys.executable, "-m", "saddlepoint", *map(str, arguments), "--device", "cpu"]
        return subprocess.Popen(
            command, env=environment(self.cache), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish(self) -> None:
        """Train or resume to the end, in a process of its own."""
        with self.start() as process:
            said = process.communicate()[0]
        assert process.returncode == 0, said

    def kill(self, moment: Moment, random: Random, number: signal.Signals = signal.SIGKILL) -> str:
        """Train or resume until the moment; returns where the signal landed, or "" if the training ended before."""
        with self.start() as process:
            moment(process, self.folder, random)
            process.send_signal(number)
            said = process.communicate()[0]
        if process.returncode == 0:
            return ""
        assert process.returncode == {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number], said
        return landed(self.folder)


Moment = Callable[[subprocess.Popen[str], Path, Random], None]
"""Returns when it is time to kill."""


def until(process: subprocess.Popen[str], come: Callable[[], bool]) -> None:
    """Wait for something to come, or for the process to end."""
    while process.poll() is None and not come():
        time.sleep(0.0005)


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def leftovers(folder: Path, name: str) -> list[str]:
    """Names of what is being written, or was when the kill came."""
    place = folder / name
    return [p.name for p in place.iterdir() if runs.LEFTOVER.fullmatch(p.name)] if place.is_dir() else []


def latest_step(folder: Path) -> int:
    return checkpoint.read_state(runs.find_checkpoint(folder))["step"] if runs.checkpoints(folder) else 0


def starting(process: subprocess.Popen[str], folder: Path, random: Random) -> None:
    """Within the first seconds: imports, data, run.json."""
    time.sleep(random.uniform(0, 2.5))


def any_step(process: subprocess.Popen[str], folder: Path, random: Random) -> None:
    """At a step still to come, and some way into it."""
    step = random.randint(latest_step(folder) + 1, STEPS)
    until(process, lambda: lines(folder / "events.jsonl") >= step)
    time.sleep(random.uniform(0, 0.05))


def writing(part: str) -> Moment:
    """While something in this part of the run's folder is being written, some steps from now."""

    def moment(process: subprocess.Popen[str], folder: Path, random: Random) -> None:
        step = random.randint(latest_step(folder) + 1, STEPS)
        until(process, lambda: lines(folder / "events.jsonl") >= step)
        until(process, lambda: bool(leftovers(folder, part)))
        time.sleep(random.uniform(0, 0.005))

    return moment


def first_sight(process: subprocess.Popen[str], folder: Path, random: Random) -> None:
    """As the run's folder comes into being."""
    until(process, lambda: folder.exists())


def judging(process: subprocess.Popen[str], folder: Path, random: Random) -> None:
    """In the middle of noting an evaluation."""
    before = lines(folder / "metrics.jsonl")
    until(process, lambda: lines(folder / "metrics.jsonl") > before)


MOMENTS: dict[str, Moment] = {
    "starting": starting,
    "the folder appears": first_sight,
    "any step": any_step,
    "writing a checkpoint": writing("checkpoints"),
    "writing samples": writing("samples"),
    "judging": judging,
}


def landed(folder: Path) -> str:
    """Where a kill came, by what it left."""
    if not (folder / runs.MANIFEST).exists():
        return "before run.json"
    if found := leftovers(folder, "checkpoints"):
        there = runs.checkpoints(folder)
        images = int(found[0].split(".")[1])
        old = there and images < int(there[-1].name)
        return "deleting an old checkpoint" if old else "writing a checkpoint"
    if leftovers(folder, "samples"):
        return "writing samples"
    if leftovers(folder, "."):
        return "rewriting a log or best.json"
    step = latest_step(folder)
    if any(line["step"] > step for line in read_jsonl(folder / "metrics.jsonl")):
        return "judging"
    return "in a step" if step else "before the first checkpoint"


def check_readable(folder: Path) -> None:
    """Whatever is there can be read: every checkpoint, the logs, the samples of every picture that has its name."""
    if not (folder / runs.MANIFEST).exists():
        runs.check_new(folder)  # the same command starts anew in it
        return
    with redirect_stdout(io.StringIO()):
        assert main(["doctor", str(folder)]) == 0
    for path in runs.checkpoints(folder):
        for part in ("model", "average", "optim"):
            assert checkpoint.read_tensors(path, part)
    if runs.checkpoints(folder):
        saddlepoint.load(folder)
        best = runs.best(folder)
        assert not best or runs.find_checkpoint(folder, "best").name == str(best["images"])
    for picture in (folder / "samples").glob("[!.]*"):
        assert picture.read_bytes().endswith(b"IEND\xaeB`\x82"), picture


def content(folder: Path) -> dict[str, Any]:
    """All that a run leaves, but for times, and what only says how it was started."""
    found: dict[str, Any] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        if path.suffix == ".jsonl":
            found[name] = [{k: v for k, v in line.items() if k != "seconds"} for line in read_jsonl(path)]
        elif path.suffix == ".json":
            of_the_process = ("seconds", "cpu_seconds", "command", "started")
            found[name] = {k: v for k, v in json.loads(path.read_text()).items() if k not in of_the_process}
        else:
            found[name] = path.read_bytes()
    return found


def differences(ours: Path, theirs: Path) -> list[str]:
    """Names of files that are not the same in two runs."""
    a, b = content(ours), content(theirs)
    return [name for name in sorted(a.keys() | b.keys()) if a.get(name) != b.get(name)]
