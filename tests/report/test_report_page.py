"""The page about a run: it stands alone, holds what the run left, and trusts no text that it read."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest
import torch

import saddlepoint
from cli_support import Saddle
from page_reader import Reader, assert_stands_alone
from saddlepoint import catalogue
from saddlepoint.diagnosis import Finding
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.report.facts import STEPS, WALKS, Facts, walks
from saddlepoint.report.history import Score, newest, scores, sheets
from saddlepoint.report.html import tag
from saddlepoint.report.page import page
from saddlepoint.types import DataSpec
from support import small

EVIL = "<script>alert(1)</script>\"'&"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def gan(runs: Path, tmp_path: Path) -> Path:
    """A run of one's own: 40 steps on digits, not judged, whatever other tests did with the one that all share."""
    return Path(shutil.copytree(runs / "gan", tmp_path / "gan", ignore=shutil.ignore_patterns("metrics.jsonl")))


def test_the_page_of_a_run(saddle: Saddle, gan: Path) -> None:
    assert saddle("evaluate", gan, "--features", "pixels", "-n", "50", "--metrics", "fd", "memorisation").status == 0
    before = {p.name for p in gan.iterdir()}
    done = saddle("report", gan)
    assert (done.status, done.err) == (0, "")
    assert done.out.strip() == str(gan / "report.html")
    assert {p.name for p in gan.iterdir()} - before == {"report.html"}
    seen = assert_stands_alone((gan / "report.html").read_text())
    assert seen.headings == [
        *("What the doctor says", "Samples", "Scores", "Training", "Nearest training images", "Interpolation"),
        *("Config", "Environment", "Cite"),
    ]
    assert "FD[pixels:8x8]" in seen.text
    assert "discriminator: D(x) and D(G(z))" in seen.text
    assert "Collapse was not looked for" in seen.text
    assert "2,560 images in" in seen.text
    assert "@inproceedings{gan2014" in seen.text or "@article{gan2014" in seen.text
    assert seen.tags.count("img") == 1 + 2, "one sheet of samples, neighbours, interpolation"
    assert saddlepoint.load(gan).spec.classes == tuple("0123456789")


def test_it_is_the_same_each_time(saddle: Saddle, gan: Path) -> None:
    for name in ("a.html", "b.html"):
        assert saddle("report", gan, "--out", gan.parent / "new" / name).status == 0
    assert (gan.parent / "new" / "a.html").read_bytes() == (gan.parent / "new" / "b.html").read_bytes()


def test_a_run_that_has_nothing_yet(saddle: Saddle, gan: Path) -> None:
    for part in ("checkpoints", "samples"):
        shutil.rmtree(gan / part)
    (gan / "events.jsonl").unlink()
    told = saddle("report", gan, "--json")
    assert told.status == 0
    missing = json.loads(told.out)["missing"]
    assert any("has no checkpoint yet" in sentence for sentence in missing)
    seen = assert_stands_alone((gan / "report.html").read_text())
    assert seen.headings == ["What the doctor says", "Config", "Environment", "Cite"]
    for sentence in missing:
        assert sentence in seen.text


def test_data_that_changed_shows_no_neighbours(saddle: Saddle, gan: Path) -> None:
    manifest = json.loads((gan / "run.json").read_text())
    manifest["data"]["fingerprint"] = "0" * 64
    (gan / "run.json").write_text(json.dumps(manifest))
    assert saddle("report", gan).status == 0
    seen = Reader((gan / "report.html").read_text())
    assert "Nearest training images" not in seen.headings
    assert "No neighbours: digits has changed since the training." in seen.text


def test_points_have_samples_and_no_neighbours(saddle: Saddle, tmp_path: Path) -> None:
    options = {"g_widths": [16], "d_widths": [16], "log_every": 1, "track": "none", "device": "cpu"}
    saddlepoint.train("gan", "8gaussians", out=tmp_path / "points", steps=5, **options)
    assert saddle("report", tmp_path / "points").status == 0
    seen = assert_stands_alone((tmp_path / "points" / "report.html").read_text())
    assert "points of 2 dimensions" in seen.text
    assert "Samples" in seen.headings
    assert "Interpolation" not in seen.headings


def test_classes_are_walked_one_at_a_time(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    assert saddle("report", runs / "cgan", "--out", tmp_path / "cgan.html").status == 0
    assert "Interpolation" in assert_stands_alone((tmp_path / "cgan.html").read_text()).headings


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "nowhere"), "nowhere holds no run"),
        (("report", ".", "--out", "page.pdf"), "must be a file that ends in .html"),
    ],
)
def test_mistakes_are_said(saddle: Saddle, arguments: tuple[str, ...], said: str) -> None:
    failed = saddle(*arguments)
    assert failed.status == 2
    assert said in failed.err


def test_a_damaged_measurement_is_named(gan: Path) -> None:
    for line in (
        '{"step": 1, "images": 1}',
        '{"step": 1, "images": 1, "metric": "x_floor", "value": 1, "protocol": {}}',
    ):
        (gan / "metrics.jsonl").write_text(line + "\n")
        with pytest.raises(saddlepoint.UserError, match=r"metrics\.jsonl, line 1"):
            scores(gan)


# Nothing that was read is trusted ------------------------------------------------------------------------


def evil() -> Facts:
    """Every text that comes from a file, hostile."""
    measured = Measurement(metric=EVIL, value=float("nan"), protocol={"features": EVIL, EVIL: EVIL, "warnings": [EVIL]})
    config = {"recipe": {EVIL: EVIL}, "train": {EVIL: [EVIL]}, "data": {"labels": EVIL}}
    spec = {"kind": "image", "shape": [1, 8, 8], "classes": [EVIL]}
    return Facts(
        name=EVIL,
        manifest={
            "recipe": EVIL,
            "config": config,
            "data": {"source": EVIL, "fingerprint": EVIL, "spec": spec, "train": EVIL},
            "seed": EVIL,
            "budget": {"steps": EVIL},
            "versions": {EVIL: EVIL},
            "device": EVIL,
            "command": ["saddle", EVIL],
        },
        summary=EVIL,
        can=(EVIL,),
        citation=EVIL,
        images=1,
        minutes=1.0,
        findings=(Finding(severity="error", name=EVIL, sentence=EVIL),),
        missing=(EVIL,),
        samples={1: PNG},
        curves={
            "loss": {EVIL: ([1, 2], [1.0, float("nan")])},
            "d_real": {EVIL: ([1, 2], [0.1, 0.2])},
            EVIL: {EVIL: ([1, 2], [1.0, 2.0])},
        },
        scores=(Score(images=1, measured=measured), Score(images=2, measured=measured, floor=measured)),
        neighbours=PNG,
        interpolation=PNG,
    )


def test_hostile_text_stays_text() -> None:
    seen = assert_stands_alone(page(evil()))
    assert EVIL in seen.text
    assert seen.text.count("<script>") >= 25, "shown, for it was escaped"


def test_an_attribute_cannot_be_left() -> None:
    assert Reader(tag("p", class_='" onload="x')).attributes == [("class", '" onload="x')]


def test_a_picture_that_is_none_is_left_out(gan: Path) -> None:
    (gan / "samples" / "000000001.png").write_text("<svg onload='alert(1)'/>")
    (gan / "samples" / "notes.png").write_text("not ours")
    found, damaged = sheets(gan, 7)
    assert list(found) == [2560]
    assert damaged == ["samples/000000001.png is no PNG and was left out."]


# What is read, and how -----------------------------------------------------------------------------------


def test_sheets_are_the_first_the_last_and_some_between(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    for i in range(100):
        (tmp_path / "samples" / f"{i:09}.png").write_bytes(PNG)
    assert list(sheets(tmp_path, 4)[0]) == [0, 33, 66, 99]


def test_the_newest_score_of_each_protocol_is_kept() -> None:
    def score(value: float, reference: str) -> Score:
        return Score(images=1, measured=Measurement(metric="fd", value=value, protocol={"reference": reference}))

    kept = newest([score(3, "validation"), score(2, "test"), score(1, "validation")])
    assert [s.measured.value for s in kept] == [2, 1]


LATENT = [
    name
    for name in catalogue.names()
    if (entry := catalogue.info(name)).recipe == name
    and "latent" in entry.can
    and "image" in catalogue.recipe_class(name).kinds
]


@pytest.mark.parametrize("name", LATENT)
def test_every_recipe_with_a_latent_can_be_walked(name: str) -> None:
    levels = 2 if catalogue.recipe_class(name).binary else 256
    model = small(name, DataSpec(shape=(1, 8, 8), classes=("cat", "dog"), levels=levels)).eval()
    drawn = walks(model)
    assert drawn.shape == (WALKS * STEPS, 1, 8, 8)
    assert drawn.isfinite().all()
    if not model.conditional:
        torch.testing.assert_close(drawn[STEPS - 1], drawn[STEPS], msg="a row ends where the next one begins")
