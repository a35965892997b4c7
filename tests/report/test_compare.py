"""Runs beside each other: what compares, what differs, and what is only luck."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import scipy.stats
import torch
from PIL import Image

import saddlepoint
from cli_support import Saddle
from saddlepoint.report.compare import compare
from saddlepoint.report.noise import difference, quantile
from saddlepoint.report.wall import titled_wall

TINY = {"g_widths": [16], "d_widths": [8], "log_every": 1, "track": "none", "device": "cpu", "precision": "fp32"}


# Luck ----------------------------------------------------------------------------------------------------


def test_the_noise_is_that_of_students_t() -> None:
    a, b = {0: 1.0, 1: 1.3, 2: 1.1}, {0: 2.0, 1: 2.5}
    found = difference(a, b)
    known = scipy.stats.ttest_ind(list(a.values()), list(b.values()))
    interval = known.confidence_interval(0.95)
    assert found.value == pytest.approx((interval.low + interval.high) / 2)
    assert found.noise == pytest.approx((interval.high - interval.low) / 2, rel=1e-3)
    assert found.seeds == (3, 2)
    assert (found.verdict == "beyond seed noise") == (known.pvalue < 0.05)


@pytest.mark.parametrize("freedom", [1, 2, 5, 10, 11, 20, 100])
def test_quantiles(freedom: int) -> None:
    assert quantile(freedom) == pytest.approx(scipy.stats.t.ppf(0.975, freedom), rel=0.005)


def test_of_one_seed_each_nothing_is_known() -> None:
    found = difference({0: 1.0}, {0: 100.0})
    assert found.noise is None
    assert found.verdict == "noise unknown"
    assert difference({0: 1.0}, {0: 100.0, 1: 100.1}).verdict == "beyond seed noise"
    assert difference({0: 1.0}, {0: 0.9, 1: 1.2}).verdict == "within seed noise"


# What is compared ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """gan of seeds 0 and 1, gan of a wider generator, and vae, all of two steps on digits."""
    folder = tmp_path_factory.mktemp("four")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADDLE_CACHE", str(cache))
        for name, seed, options in (("a0", 0, {}), ("a1", 1, {}), ("wide", 0, {"g_widths": [24]})):
            saddlepoint.train("gan", out=folder / name, steps=2, batch=8, seed=seed, **{**TINY, **options})
        small = {"channels": 8, "hidden": 16, "log_every": 1, "track": "none", "device": "cpu", "precision": "fp32"}
        saddlepoint.train("vae", out=folder / "vae", steps=2, batch=8, **small)
    return folder


@pytest.fixture
def scored(four: Path, tmp_path: Path) -> Path:
    """The same with scores: FD 10 and 12 of the two seeds, 11 of the wider, 30 of the vae."""
    folder = Path(shutil.copytree(four, tmp_path / "runs"))
    for name, value in {"a0": 10.0, "a1": 12.0, "wide": 11.0, "vae": 30.0}.items():
        write(folder / name, fd=value, seed=len(name))
    return folder


def write(run: Path, reference: str = "test", n: int = 100, seed: int = 0, **values: float | None) -> None:
    protocol = {"reference": reference, "n": n, "seed": seed, "weights": "average", "features": "pixels:8x8"}
    protocol |= {"features_sha256": "0" * 64, "warnings": []}
    with (run / "metrics.jsonl").open("a") as log:
        for metric, value in values.items():
            about = {"metric": metric, "value": value, "error": None, "protocol": protocol}
            log.write(json.dumps({"step": 2, "images": 16, **about}) + "\n")


def told(saddle: Saddle, folder: Path, *names: str) -> dict[str, Any]:
    done = saddle("compare", *(folder / name for name in names), "--json")
    assert (done.status, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


def verdicts(found: Mapping[str, Any]) -> dict[str, str]:
    return {d["method"]: d["verdict"] for d in found["differences"]}


def test_runs_that_differ_in_their_seed_are_one_method(saddle: Saddle, scored: Path) -> None:
    found = told(saddle, scored, "a0", "a1", "wide", "vae")
    assert [run["method"] for run in found["runs"]] == ["gan g_widths=[16]"] * 2 + ["gan g_widths=[24]", "vae"]
    assert verdicts(found) == {"gan g_widths=[24]": "within seed noise", "vae": "within seed noise"}
    (wide, vae) = found["differences"]
    assert (wide["value"], vae["value"]) == (0.0, 19.0)
    assert wide["noise"] == pytest.approx(12.706 * math.sqrt(2) * math.sqrt(1.5), rel=1e-3), "two seeds say little"
    assert [run["answers"] for run in found["runs"]][-1] == ["sample", "bound", "q(z|x)"]
    assert all(run["images"] == 16 and run["minutes"] > 0 for run in found["runs"])
    with Image.open(found["picture"]) as picture:
        assert picture.width == 8 * (96 + 2) - 2


def test_a_far_method_is_beyond_the_noise(saddle: Saddle, scored: Path) -> None:
    (scored / "vae" / "metrics.jsonl").unlink()
    write(scored / "vae", fd=90.0)
    found = told(saddle, scored, "a0", "a1", "vae")
    assert verdicts(found) == {"vae": "beyond seed noise"}
    said = " ".join(saddle("compare", scored / "a0", scored / "a1", scored / "vae").out.split())
    assert "vae against gan, beyond seed noise: FD +79" in said
    assert "gan, mean" in said
    assert "vae answers: sample, bound, q(z|x)" in said
    assert "Nothing is known" not in said


def test_one_seed_each_is_said(saddle: Saddle, scored: Path) -> None:
    assert verdicts(told(saddle, scored, "a0", "vae")) == {"vae": "noise unknown"}
    said = " ".join(saddle("compare", scored / "a0", scored / "vae").out.split())
    assert "vae against gan, noise unknown: FD +20." in said
    assert "Nothing is known of the noise between two methods of one seed each" in said


def test_the_same_seed_again_is_no_second_seed(saddle: Saddle, scored: Path) -> None:
    shutil.copytree(scored / "a0", scored / "again")
    assert verdicts(told(saddle, scored, "a0", "again", "vae")) == {"vae": "noise unknown"}


def test_scores_under_other_protocols_have_columns_of_their_own(scored: Path) -> None:
    write(scored / "vae", n=50, fd=31.0)
    found = compare([scored / "a0", scored / "vae"])
    assert found.columns == ["FD[pixels:8x8], n 100", "FD[pixels:8x8], n 50"]
    assert set(found.differences["vae"]) == {"FD[pixels:8x8], n 100"}
    write(scored / "vae", fd=32.0)
    (_, vae) = compare([scored / "a0", scored / "vae"]).rows
    assert [score.measured.value for score in vae.scores.values()] == [32.0, 31.0], "the newest of each"
    write(scored / "a0", "validation", fd=1.0)
    assert compare([scored / "a0", scored / "vae"]).columns == found.columns, "a validation score stands back"


def test_no_score_and_one_that_is_not_finite(saddle: Saddle, four: Path, scored: Path) -> None:
    assert told(saddle, four, "a0", "vae")["differences"] == []
    assert "No run has a score yet" in saddle("compare", four / "a0", four / "vae").out
    write(scored / "vae", fd=None)
    assert told(saddle, scored, "a0", "vae")["differences"] == []


def test_runs_of_the_same_name_are_told_apart(scored: Path) -> None:
    shutil.copytree(scored / "a1", scored / "other" / "a0")
    names = [row.name for row in compare([scored / "a0", scored / "other" / "a0"]).rows]
    assert names == [str(scored / "a0"), str(scored / "other" / "a0")]


# What is refused -----------------------------------------------------------------------------------------


def test_other_data_is_refused_in_one_sentence(saddle: Saddle, scored: Path) -> None:
    saddlepoint.train("gan", "8gaussians", out=scored / "points", steps=2, batch=8, **TINY)
    failed = saddle("compare", scored / "a0", scored / "points")
    assert failed.status == 2
    assert "learned 8gaussians" not in failed.err
    assert "8gaussians (points of 2 dimensions" in failed.err
    assert "not the same data" in failed.err
    assert len(failed.err.splitlines()) == 1
    saddlepoint.train("gan", out=scored / "larger", steps=2, batch=8, size=12, **TINY)
    assert "12x12" in saddle("compare", scored / "a0", scored / "larger").err


def test_mistakes_are_said_before_any_work(saddle: Saddle, scored: Path, tmp_path: Path) -> None:
    a0 = scored / "a0"
    for arguments, said in (
        ((a0,), "Give two runs or more"),
        ((a0, a0), "is given twice"),
        ((a0, tmp_path / "nowhere"), "holds no run"),
        ((a0, scored / "a1", "--out", "wall.jpg"), "must be a file that ends in .png"),
    ):
        failed = saddle("compare", *arguments)
        assert failed.status == 2
        assert said in failed.err
    assert not list(tmp_path.glob("*.png"))


# The picture ---------------------------------------------------------------------------------------------


def test_the_wall_is_a_row_for_each_run() -> None:
    dark, light = torch.full((3, 1, 96, 96), -1.0), torch.full((3, 1, 96, 96), 0.0)
    sheet = titled_wall([("dark", dark), ("light", light)])
    assert sheet.size == (3 * 98 - 2, 2 * (96 + 20) + 12)
    assert sheet.getpixel((250, 60)) == (0, 0, 0)
    assert sheet.getpixel((250, 190)) == (128, 128, 128)


def test_points_stand_side_by_side() -> None:
    assert titled_wall([("a", torch.zeros(9, 2)), ("b", torch.zeros(9, 2))]).size == (2 * 256 + 12, 256 + 20)
