"""Checkpoints: whole or not at all, exactly what was written or refused."""

import json
import os
import pickle

import pytest
import torch

from saddlepoint import checkpoint, runs
from saddlepoint.engine.budget import Budget
from saddlepoint.errors import UserError
from support import toy, trainer


@pytest.fixture
def written(tmp_path):
    tensors = {"a": torch.arange(6.0).view(2, 3), "b": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)}
    folder = checkpoint.write(
        tmp_path / "checkpoints" / "64", {"model": tensors}, {"step": 3, "images": 64, "position": 0, "seconds": 1.5}
    )
    return folder, tensors


def test_what_is_written_is_read(written):
    folder, tensors = written
    read = checkpoint.read_tensors(folder, "model")
    assert all(torch.equal(tensors[k], read[k]) for k in tensors)
    assert checkpoint.read_state(folder)["step"] == 3


def test_a_changed_byte_is_noticed(written):
    path = written[0] / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"model\.safetensors is damaged"):
        checkpoint.read_tensors(written[0], "model")


def test_a_pickle_is_never_opened(written):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(written[0] / "sprung"),)

    path = written[0] / "model.safetensors"
    path.write_bytes(pickle.dumps(Trap()))
    state = checkpoint.read_state(written[0])
    state["sha256"] = {path.name: checkpoint.sha256(path)}  # even where the hash agrees
    (written[0] / "state.json").write_text(json.dumps(state))
    with pytest.raises(UserError, match="not a safetensors file"):
        checkpoint.read_tensors(written[0], "model")
    assert not (written[0] / "sprung").exists()


@pytest.mark.parametrize("damage", ["missing tensors", "missing state", "bad state"])
def test_a_broken_checkpoint_is_named(written, damage):
    if damage == "missing tensors":
        (written[0] / "model.safetensors").unlink()
    elif damage == "missing state":
        (written[0] / "state.json").unlink()
    else:
        (written[0] / "state.json").write_text("{")
    with pytest.raises(UserError, match="64"):
        checkpoint.read_tensors(written[0], "model")


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_tensors", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.write(tmp_path / "64", {"model": {"a": torch.zeros(1)}}, {})
    assert list(tmp_path.iterdir()) == []


def test_another_models_weights_do_not_fit(written):
    with pytest.raises(UserError, match="does not fit this model"):
        checkpoint.load_module(toy(), checkpoint.read_tensors(written[0], "model"), written[0])


def test_the_newest_and_the_best_are_kept(tmp_path):
    t = trainer(toy(), keep=2)
    t.folder = tmp_path
    (tmp_path / "samples").mkdir()
    for i in range(5):
        t.one_step(Budget(steps=1))
        t.write_checkpoint()
        if i == 0:
            runs.set_best(tmp_path, t.images, "fd", 1.0)
    assert [p.name for p in runs.checkpoints(tmp_path)] == ["16", "64", "80"]
    assert runs.find_checkpoint(tmp_path, "best").name == "16"
    assert runs.find_checkpoint(tmp_path).name == "80"
    assert runs.find_checkpoint(tmp_path, 64).name == "64"
    with pytest.raises(UserError, match="there are 16, 64, 80"):
        runs.find_checkpoint(tmp_path, 48)
