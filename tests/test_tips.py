"""`saddle reproduce tips` and the page that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from saddlepoint import catalogue
from saddlepoint.claims import tips
from saddlepoint.claims.protocol import run
from saddlepoint.claims.results import Row, read
from saddlepoint.claims.tips import BASE, TIPS, players
from saddlepoint.claims.what_helps import effects, page
from test_claims import row

ROOT = Path(__file__).parents[1]


def test_each_tip_is_one_switch_and_changes_something():
    plain = catalogue.configure("dcgan").model_dump()
    for name, tip in TIPS.items():
        changed = catalogue.configure("dcgan", tip.options).model_dump()
        assert changed != plain, name
        assert {key for key in plain if plain[key] != changed[key]} == set(tip.options)


def test_all_have_the_same_budget():
    for scale in ("quick", "full"):
        assert len({player.setting.images for player in players(scale).values()}) == 1
    assert [*players()] == [BASE, *TIPS]


def test_it_is_trained_and_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tips, "IMAGES", {"quick": 64})
    monkeypatch.setattr(tips, "TRAINING", {"quick": {"width": 8, "batch": 32, "track": "none"}})
    first = run(tips.PROTOCOL, recipes=["dcgan", "labels_in_d"], data="digits", seeds=[0], offline=True)
    assert {row.recipe for row in first} == {"dcgan", "labels_in_d"}
    assert {row.scale for row in first} == {"tips"}
    assert "label_weight=1.0" in first[-1].options
    files = sorted(Path("runs/reproduce").iterdir())
    for folder in files:
        folder.rename(folder.with_name(f"old-{folder.name}"))  # a second training would be seen
    again = run(tips.PROTOCOL, recipes=["dcgan", "labels_in_d"], data="digits", seeds=[0], offline=True)
    assert again == first
    assert len(list(Path("runs/reproduce").iterdir())) == len(files)


def measured(name: str, seed: int, fd: float, recall: float = 0.5, **rest: object) -> list[Row]:
    about = {"scale": "tips", "precision": "fp32", **rest}
    return [
        row(name, seed, fd, measure="FD[classifier:mnist]", **about),
        row(name, seed, recall, measure="recall[classifier:mnist]", **about),
    ]


def test_gains_are_of_following_the_advice_and_verdicts_need_more_than_the_spread():
    rows = [*measured("dcgan", 0, 10.0), *measured("dcgan", 1, 11.0)]
    rows += [*measured("relu", 0, 15.0), *measured("relu", 1, 16.0)]  # dcgan follows this advice: without it, worse
    rows += [*measured("soft_labels", 0, 14.0), *measured("soft_labels", 1, 15.0)]  # and not this one: with it, worse
    rows += [*measured("d_dropout", 0, 10.2), *measured("d_dropout", 1, 11.4)]
    rows += measured("sgd", 0, 99.0)  # one seed is no spread
    found = effects(rows)
    assert [(effect.tip, effect.verdict) for effect in found] == [
        (TIPS["relu"], "helps"),
        (TIPS["d_dropout"], "nothing that shows"),
        (TIPS["soft_labels"], "hurts"),
    ]
    assert [effect.gain for effect in found] == pytest.approx([5.0, -0.3, -4.0])
    assert found[0].spread == pytest.approx(1.0)
    line = next(line for line in page(rows).splitlines() if "LeakyReLU" in line)
    assert "| 10.5 ± 0.71 | 15.5 ± 0.71 | +5.00 ± 1.00 | 0.5 ± 0 | 0.5 ± 0 | **helps** |" in line


def test_rows_of_another_configuration_are_not_averaged():
    old = [*measured("dcgan", 0, 90.0, config="old"), *measured("dcgan", 1, 91.0, config="old")]
    new = [*measured("dcgan", 0, 10.0), *measured("dcgan", 1, 11.0)]
    other = [*measured("relu", 0, 15.0), *measured("relu", 1, 16.0)]
    assert effects([*old, *new, *other])[0].gain == pytest.approx(5.0)


def test_the_committed_page_is_what_the_committed_rows_make():
    rows = read(ROOT / "results" / "claims.csv")
    written = ROOT / "docs" / "what_helps.md"
    assert written.exists() == bool(effects(rows))
    if written.exists():
        assert written.read_text(encoding="utf-8") == page(rows)
