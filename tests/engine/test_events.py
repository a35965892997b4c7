"""What a training tells, and where it goes."""

import json

import pytest
import torch

from saddlepoint.engine.budget import Budget
from saddlepoint.engine.events import Progress, Scalars, make_mirror
from saddlepoint.engine.trainer import Stopwatch
from saddlepoint.errors import UserError
from saddlepoint.files import append_json, read_jsonl
from support import toy, trainer


class Watcher:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[Progress] = []
        self.wrote_what: list[str] = []

    def started(self, run, recipe, budget): ...

    def working(self, done, total, what): ...

    def note(self, sentence): ...

    def progress(self, progress):
        self.seen.append(progress)

    def wrote(self, what, path):
        self.wrote_what.append(what)


def test_scalars_are_means_since_the_last_reading():
    scalars = Scalars()
    scalars.add({"a/loss": [torch.tensor(1.0), torch.tensor(3.0)]})
    scalars.add({"a/loss": [torch.tensor(5.0)]})
    assert scalars.peek() == {"a/loss": 3.0}
    assert scalars.read() == {"a/loss": 3.0}
    assert scalars.read() == {}


def test_a_watcher_sees_the_run_pass(tmp_path):
    t, watcher = trainer(toy(), log_every=2, checkpoint_every=3, sample_every=2), Watcher()
    t.folder, t.reporter = tmp_path, watcher
    (tmp_path / "samples").mkdir()
    t.fit(Budget(steps=4))
    assert [p.step for p in watcher.seen] == [2, 4]
    assert [p.fraction for p in watcher.seen] == [0.5, 1.0]
    assert watcher.seen[-1].seconds_left == 0
    assert {"generator/loss", "discriminator/loss"} <= set(watcher.seen[0].losses)
    assert watcher.wrote_what == ["samples", "checkpoint", "samples", "checkpoint", "samples"]
    lines = read_jsonl(tmp_path / "events.jsonl")
    assert [line["step"] for line in lines] == [2, 4]
    assert lines[0]["generator/loss"] == watcher.seen[0].losses["generator/loss"]


def test_slow_steps_give_signs_of_life(monkeypatch):
    monkeypatch.setattr(Stopwatch, "PATIENCE", -1.0)
    t, watcher = trainer(toy(), log_every=100), Watcher()
    t.reporter = watcher
    t.fit(Budget(steps=3))
    assert [p.step for p in watcher.seen] == [1, 2, 3]


def test_tensorboard_gets_the_scalars(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    mirror = make_mirror(tmp_path, "tensorboard")
    mirror.write({"step": 1, "images": 64, "seconds": 0.5, "generator/loss": 0.25})
    mirror.close()
    read = EventAccumulator(str(tmp_path / "tensorboard"))
    read.Reload()
    (scalar,) = read.Scalars("generator/loss")
    assert (scalar.step, scalar.value) == (64, 0.25)


def test_a_missing_mirror_is_named_with_its_install_line(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert make_mirror(tmp_path, "auto") is None
    assert make_mirror(tmp_path, "none") is None
    with pytest.raises(UserError, match=r"pip install 'saddlepoint\[track\]'"):
        make_mirror(tmp_path, "tensorboard")
    with pytest.raises(UserError, match="pip install wandb"):
        make_mirror(tmp_path, "wandb")


def test_logs_are_json_whatever_the_numbers_and_survive_a_cut(tmp_path):
    path = tmp_path / "events.jsonl"
    append_json(path, {"step": 1, "loss": float("nan")})
    with path.open("a") as file:
        file.write('{"step": 2, "lo')  # a kill while writing
    assert read_jsonl(path) == [{"step": 1, "loss": None}]
    assert "NaN" not in path.read_text()
    assert json.loads(path.read_text().splitlines()[0])["loss"] is None
