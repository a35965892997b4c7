from pathlib import Path

import numpy as np
import pytest
import torch

from saddlepoint.config import DataConfig
from saddlepoint.data.dataset import Stacked
from saddlepoint.data.load import load
from saddlepoint.errors import UserError


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """60 pictures, each of one grey level, which is its number; three classes."""
    pixels = np.arange(60, dtype=np.uint8)[:, None, None].repeat(8, 1).repeat(9, 2)
    path = tmp_path / "marked.npz"
    np.savez(path, images=pixels, labels=np.arange(60) % 3)
    return path


def test_a_stack_is_three_pictures_of_its_own_split(marked: Path, tmp_path: Path):
    data = load(f"stacked:{marked}", cache=tmp_path / "cache")
    assert data.spec.shape == (3, 8, 9)
    assert data.spec.classes == ()
    assert data.source == f"stacked:{marked}"
    assert isinstance(data.truth, Stacked)
    digits = data.truth.digits
    assert (len(data.train), len(data.validation), len(data.test)) == (128_000, 5_000, 10_000)
    for split, own in (data.train, digits.train), (data.validation, digits.validation), (data.test, digits.test):
        raw = split.raw(np.arange(0, len(split), 7))
        assert raw.dtype == torch.uint8
        assert raw.is_contiguous()
        assert (raw == raw[:, :1, :1]).all()  # no picture was torn apart
        levels, here = raw[:, 0, 0], own.raw(np.arange(len(own)))[:, 0, 0, 0]
        assert set(levels.flatten().tolist()) == set(here.tolist())
    pairs = data.train.raw(np.arange(20_000))[:, 0, 0].double().T.corrcoef()
    assert pairs.fill_diagonal_(0).abs().max() < 0.05  # a channel says nothing of another


def test_the_same_source_gives_the_same_stacks(marked: Path, tmp_path: Path):
    one, two = (load(f"stacked:{marked}", cache=tmp_path / cache) for cache in "ab")
    at = np.arange(100)
    assert (one.train.raw(at) == two.train.raw(at)).all()
    assert one.fingerprint == two.fingerprint
    assert isinstance(one.truth, Stacked)
    assert one.fingerprint != one.truth.digits.fingerprint
    assert (one.test.raw(at) != one.train.raw(at)).any()


def test_the_names(tmp_path: Path):
    data = load("stacked-digits", cache=tmp_path)
    assert (data.source, data.spec.shape) == ("stacked-digits", (3, 8, 8))
    assert data.fingerprint == load("stacked:digits", cache=tmp_path).fingerprint
    small = load("stacked-digits", DataConfig(size="16", mode="rgb"), cache=tmp_path)  # as a run's evaluation asks
    assert small.spec.shape == (3, 16, 16)
    assert small.options.mode == "rgb"


def test_what_cannot_be_stacked_is_refused(tmp_path: Path):
    np.savez(tmp_path / "bare.npz", images=np.zeros((40, 8, 8), np.uint8))
    with pytest.raises(UserError, match="labelled pictures"):
        load(f"stacked:{tmp_path / 'bare.npz'}", cache=tmp_path)
    with pytest.raises(UserError, match="ring holds points"):
        load("stacked:ring", cache=tmp_path)
    with pytest.raises(UserError, match="mode=grey"):
        load("stacked-digits", DataConfig(mode="grey"), cache=tmp_path)
    np.savez(tmp_path / "few.npz", images=np.zeros((9, 8, 8), np.uint8), labels=np.arange(9))
    with pytest.raises(UserError, match="no validation pictures"):
        load(f"stacked:{tmp_path / 'few.npz'}", cache=tmp_path)
    with pytest.raises(UserError, match="no file, folder or known set 'nosuch'"):
        load("stacked:nosuch", cache=tmp_path)
