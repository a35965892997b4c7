"""Each fault is found in numbers that show it, and none in numbers that do not. Real runs: test_doctor_runs.py."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from saddlepoint.data.dataset import Examples as Split
from saddlepoint.data.load import load
from saddlepoint.data.toy import TOYS
from saddlepoint.diagnosis import Evidence, Finding, diagnose
from saddlepoint.diagnosis.copies import RATIO, SHARE, copied
from saddlepoint.diagnosis.evidence import Examples, Growth, Opinion
from saddlepoint.diagnosis.game import LOST
from saddlepoint.diagnosis.logs import FEW
from saddlepoint.diagnosis.overfitting import KNOWN, by_chance, preferred
from saddlepoint.diagnosis.pace import DOUBLED, EXPLODED, FAR, STRIDE, stride
from saddlepoint.diagnosis.variety import RECALL, SPREAD, YOUNG

GROWN_UP = {"generator": Growth(factor=1.2, updates=YOUNG)}
Line = dict[str, Any]


def found(train: int = 5000, growth: dict[str, Growth] = GROWN_UP, **given: Any) -> list[Finding]:
    return diagnose(Evidence(manifest={"data": {"train": train}}, growth=growth, **given))


def names(findings: list[Finding]) -> list[str]:
    return [finding.name for finding in findings]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def game(d_real: float, d_fake: float, lines: int = 200) -> list[Line]:
    """A log in which the discriminator gets as sure as this in the first quarter and stays so."""
    jitter = noise(lines, 2) * 0.005
    sure = [min(1, 4 * i / lines) for i in range(lines)]
    return [
        {
            "step": i,
            "discriminator/d_real": min(0.999, 0.5 + (d_real - 0.5) * sure[i] + float(jitter[i, 0])),
            "discriminator/d_fake": max(0.001, 0.5 + (d_fake - 0.5) * sure[i] + float(jitter[i, 1])),
        }
        for i in range(lines)
    ]


def gradient(first: float, last: float, lines: int = 100) -> list[Line]:
    """A log in which the gradient's norm goes from one to the other at a constant rate."""
    return [{"step": i, "critic/grad_norm": first * (last / first) ** (i / (lines - 1))} for i in range(lines)]


def measured(step: int = YOUNG, **values: float) -> list[Line]:
    return [{"step": step, "metric": name, "value": value} for name, value in values.items()]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Real digits in the samples' place: what a perfect model would draw."""
    data = load("digits", cache=tmp_path_factory.mktemp("cache"))

    def some(split: Split, start: int, stop: int) -> Tensor:
        return split.x(slice(start, stop))

    return Examples(
        samples=some(data.train, 1200, 1456), train=some(data.train, 0, 1200), held_out=some(data.test, 0, 179)
    )


def with_samples(examples: Examples, samples: Tensor) -> Examples:
    return Examples(samples=samples, train=examples.train, held_out=examples.held_out)


@pytest.fixture(scope="module")
def poor(digits: Examples) -> Examples:
    """Samples that are varied and far from the data."""
    samples = with_samples(digits, noise(256, 1, 8, 8).clamp(-1, 1))
    assert samples.far > max(FAR, LOST)
    return samples


def test_a_healthy_run_has_no_findings(digits: Examples) -> None:
    good = measured(precision=0.7, recall=0.4, memorisation=0.95)
    assert found(events=game(0.75, 0.2), metrics=good, examples=digits) == []


def test_a_run_that_just_began_has_no_findings() -> None:
    assert found(growth={}) == []
    assert found(growth={}, events=game(0.99, 0.01, lines=10)) == []
    assert found(growth={}, events=[{"step": i, "critic/loss": None} for i in range(50)]) == []


# What the log says ---------------------------------------------------------------------------------------


def test_nonfinite_names_player_term_step_and_examples() -> None:
    fault = {"event": "nonfinite", "player": "critic", "terms": ["penalty"], "step": 31}
    (seen,) = found(events=[fault, fault])
    assert (seen.name, seen.severity) == ("nonfinite", "error")
    assert "critic's penalty was not finite 2 times, first at step 31: try" in seen.sentence
    (named,) = found(events=[fault | {"examples": list(range(100, 120))}])
    assert "on a batch with examples 100, 101, 102, 103, 104, 105, 106, 107, ...:" in named.sentence
    assert len(named.evidence["examples"]) == 20


def test_rollback_tells_where_to_and_at_which_rate() -> None:
    back = {"event": "rollback", "step": 310, "to_images": 12_800, "factor": 0.5}
    (seen,) = found(events=[back])
    assert (seen.name, seen.severity) == ("rollback", "warning")
    assert "went back once, last at step 310 to the checkpoint of 12,800 images" in seen.sentence
    (twice,) = found(events=[back, back])
    assert twice.evidence["factor"] == 0.25


def test_too_few_images() -> None:
    (seen,) = found(train=FEW - 1)
    assert (seen.name, seen.severity) == ("few-images", "warning")
    assert str(FEW - 1) in seen.sentence
    assert found(train=FEW) == []


def test_errors_come_first() -> None:
    fault = {"event": "nonfinite", "player": "vae", "terms": ["loss"], "step": 3}
    assert names(found(train=10, events=[fault])) == ["nonfinite", "few-images"]


# A discriminator that has won ----------------------------------------------------------------------------


def test_discriminator_won(poor: Examples) -> None:
    (seen,) = found(events=game(0.999, 0.001), examples=poor)
    assert (seen.name, seen.severity) == ("discriminator-won", "error")
    assert seen.evidence["sure"] == 1.0


def test_without_samples_a_sure_discriminator_is_a_warning() -> None:
    (seen,) = found(events=game(0.999, 0.001))
    assert (seen.name, seen.severity) == ("discriminator-won", "warning")


def test_a_relativistic_margin_counts_as_well(poor: Examples) -> None:
    sure, unsure = ([{"step": i, "d/margin": margin} for i in range(40)] for margin in (6.5, 5.5))
    assert names(found(events=sure, examples=poor)) == ["discriminator-won"]
    assert found(events=unsure, examples=poor) == []


@pytest.mark.parametrize(("d_real", "d_fake"), [(0.9, 0.1), (0.6, 0.4), (0.99, 0.3), (0.6, 0.01)])
def test_a_game_that_goes_on(poor: Examples, d_real: float, d_fake: float) -> None:
    assert found(events=game(d_real, d_fake), examples=poor) == []


def test_a_sure_discriminator_has_not_won_while_samples_are_good(digits: Examples) -> None:
    assert found(events=game(0.999, 0.001), examples=digits) == []


def test_a_spike_at_the_end_is_not_a_victory() -> None:
    log = game(0.75, 0.2)
    for line in log[-10:]:
        line |= {"discriminator/d_real": 0.999, "discriminator/d_fake": 0.001}
    assert found(events=log) == []


# A learning rate that diverges ---------------------------------------------------------------------------


def test_a_stride_adds_up_as_a_random_walk() -> None:
    torch.manual_seed(0)
    start = torch.randn(5000)
    moved = start.clone()
    for _ in range(100):
        moved += 0.2 * torch.randn(5000)
    growth = Growth(factor=float(moved.norm() / start.norm()), updates=100)
    assert stride(growth) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(("factor", "updates"), [(60.0, 300), (3.4, 1), (5.0, 1000), (math.inf, 10), (math.nan, 10)])
def test_weights_that_walk_off(poor: Examples, factor: float, updates: int) -> None:
    growth = {"critic": Growth(factor=1.1, updates=updates), "generator": Growth(factor=factor, updates=updates)}
    (seen,) = found(growth=growth, examples=poor)
    assert (seen.name, seen.severity) == ("diverging", "error")
    assert seen.evidence["player"] == "generator"
    (unknown,) = found(growth=growth)
    assert (unknown.name, unknown.severity) == ("diverging", "warning")


@pytest.mark.parametrize(
    ("factor", "updates"), [(1.05, 1), (DOUBLED * 0.99, 10), (1.7, 10_000), (STRIDE * 99, 10_000), (0.8, 500)]
)
def test_weights_that_grow_in_their_time(poor: Examples, factor: float, updates: int) -> None:
    assert found(growth={"generator": Growth(factor=factor, updates=updates)}, examples=poor) == []


def test_long_steps_are_no_harm_while_samples_are_good(digits: Examples) -> None:
    assert found(growth={"generator": Growth(factor=20, updates=YOUNG)}, examples=digits) == []


def test_a_gradient_that_explodes() -> None:
    (seen,) = found(events=gradient(2.0, 2.0 * EXPLODED**2))
    assert (seen.name, seen.evidence["player"]) == ("diverging", "critic")
    assert found(events=gradient(2.0, 2.0 * EXPLODED)) == []
    assert found(events=gradient(2.0, 1e-9)) == []


def test_samples_that_are_not_finite(digits: Examples) -> None:
    samples = digits.samples.clone()
    samples[3, 0, 2, 2] = math.nan
    (seen,) = found(examples=with_samples(digits, samples))
    assert seen.name == "diverging"
    assert "not finite" in seen.sentence


# Collapse ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [1, 5, 20])
def test_collapse_to_a_few_pictures(digits: Examples, kinds: int) -> None:
    samples = digits.samples[:kinds].repeat(256 // kinds, 1, 1, 1)
    samples = with_samples(digits, samples + 0.01 * noise(len(samples), 1, 8, 8))
    assert "collapse" in names(found(examples=samples))


def test_collapse_to_the_mean_picture(digits: Examples) -> None:
    mean = digits.train.mean(0, keepdim=True)
    samples = with_samples(digits, mean + 0.15 * (digits.samples - mean))
    assert "collapse" in names(found(examples=samples))
    young = {"generator": Growth(factor=1.1, updates=YOUNG - 1)}
    assert found(growth=young, examples=samples) == [], "a generator begins with one picture"


@pytest.mark.parametrize(("modes", "collapsed"), [(1, True), (8, False)])
def test_collapse_to_one_mode_shows_in_the_spread(modes: int, collapsed: bool) -> None:
    """Points of one mode keep a fair distance from their nearest neighbour, and lie all in one place."""
    ring = TOYS["8gaussians"]
    real = ring.sample(1300, seed=0)
    drawn = ring.sample(20_000, seed=1)
    one = drawn[(drawn - real[0]).norm(dim=1) < 0.5]
    seen = found(
        examples=Examples(samples=(one if modes == 1 else drawn)[:256], train=real[:1100], held_out=real[1100:])
    )
    assert ("collapse" in names(seen)) is collapsed
    if collapsed:
        assert seen[0].evidence["spread"] < SPREAD


def test_blurred_samples_are_not_collapsed(digits: Examples) -> None:
    smooth = torch.nn.functional.avg_pool2d(digits.samples, 3, 1, 1)
    assert found(examples=with_samples(digits, smooth)) == []


def test_samples_that_repeat_a_small_set_evenly_are_not_collapsed(digits: Examples) -> None:
    """256 samples of 20 pictures hold each many times; that is memorisation."""
    few, which = digits.train[:20], torch.randint(20, (256,), generator=torch.Generator().manual_seed(0))
    copies = few[which] + 0.05 * noise(256, 1, 8, 8)
    assert names(found(examples=Examples(samples=copies, train=few, held_out=few[:0]))) == ["memorisation"]


def test_collapse_shows_in_recall_unless_precision_is_low_too() -> None:
    (seen,) = found(metrics=measured(precision=0.6, recall=RECALL / 2))
    assert seen.name == "collapse"
    assert found(metrics=measured(precision=0.0, recall=0.0)) == []
    assert found(metrics=measured(precision=0.6, recall=2 * RECALL)) == []
    assert found(metrics=measured(step=YOUNG - 1, precision=0.6, recall=RECALL / 2)) == []


def test_the_latest_evaluation_counts() -> None:
    assert found(metrics=measured(precision=0.6, recall=0.01) + measured(precision=0.6, recall=0.5)) == []


# Memorisation --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "memorised"), [(1.0, True), (2 * SHARE, True), (SHARE / 2, False)])
def test_copies_of_training_examples(digits: Examples, share: float, memorised: bool) -> None:
    count = int(256 * share)
    copies = digits.train[:count] + 0.02 * noise(count, 1, 8, 8)
    samples = with_samples(digits, torch.cat([copies, digits.samples[count:]]))
    seen = found(examples=samples)
    assert ("memorisation" in names(seen)) is memorised
    assert copied(samples.flat[0], samples.flat[1]) == pytest.approx(share, abs=0.05)


def test_even_blends_of_two_training_examples_are_no_copies(digits: Examples) -> None:
    blends = (digits.train[:256] + digits.train[256:512]) / 2
    assert copied(blends.flatten(1), digits.train.flatten(1)) < 0.01, "but for a third one that lies there"


def test_new_points_have_the_copies_that_their_dimension_gives() -> None:
    for dimensions in (1, 2, 3):
        x = torch.rand(6000, dimensions, generator=torch.Generator().manual_seed(0))
        assert copied(x[:2000], x[2000:]) == pytest.approx(0.5**dimensions, abs=0.04)


def test_memorisation_measured_before_is_enough() -> None:
    assert names(found(metrics=measured(memorisation=RATIO / 2))) == ["memorisation"]
    assert found(metrics=measured(memorisation=RATIO * 2)) == []


# Overfitting ---------------------------------------------------------------------------------------------


def test_how_often_a_value_is_preferred() -> None:
    better, worse = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, 2.0])
    assert preferred(better, worse) == pytest.approx(4.5 / 6)
    assert preferred(worse, better) == pytest.approx(1.5 / 6)
    same = [preferred(noise(200, seed=i), noise(100, seed=1000 + i)) for i in range(300)]
    assert torch.tensor(same).std() == pytest.approx(by_chance(200, 100), rel=0.15)


def test_overfitting_shows_in_the_bound() -> None:
    train, held_out = noise(500), noise(200, seed=1)
    (seen,) = found(opinions={"bound": Opinion(train=train + 2, held_out=held_out)})
    assert (seen.name, seen.severity) == ("overfitting", "warning")
    assert seen.evidence["preferred"] > KNOWN
    assert found(opinions={"bound": Opinion(train=train + 0.8, held_out=held_out)}) == []


def test_of_few_held_out_examples_all_may_be_preferred_by_luck() -> None:
    assert found(opinions={"bound": Opinion(train=noise(18) + 9, held_out=noise(2))}) == []
    assert found(opinions={"bound": Opinion(train=noise(18) + 9, held_out=noise(0))}) == []


def test_a_discriminator_overfits_when_it_prefers_samples_to_held_out_examples() -> None:
    train, held_out = noise(500) + 3, noise(200, seed=1)
    bad = Opinion(train=train, held_out=held_out, samples=noise(256, seed=2) + 1)
    fair = Opinion(train=train, held_out=held_out, samples=noise(256, seed=2) - 1)
    (seen,) = found(opinions={"discriminator": bad})
    assert seen.name == "overfitting"
    assert "discriminator prefers training examples" in seen.sentence
    assert found(opinions={"discriminator": fair}) == []


def test_overfitting_shows_in_the_samples_distances(digits: Examples) -> None:
    """Blends of neighbours: no copies, and all around the training examples."""
    train = digits.train[:100].flatten(1)
    order = torch.cdist(train, train).fill_diagonal_(math.inf).argmin(1)
    between = ((train + train[order]) / 2).unflatten(1, (1, 8, 8)) + 0.2 * noise(100, 1, 8, 8)
    seen = found(examples=Examples(samples=between, train=digits.train[:100], held_out=digits.held_out))
    assert names(seen) == ["overfitting"]
    assert seen[0].sentence.startswith("Samples lie nearer to training examples")
