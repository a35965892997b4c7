"""Each fault is found on a series that has it, and none on one that has not."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from saddlepoint.data.dataset import Examples as Split
from saddlepoint.data.load import load
from saddlepoint.data.toy import TOYS
from saddlepoint.diagnosis import COPIES, FEW, RECALL, SPREAD, Examples, Finding, diagnose

RUN = {"data": {"train": 5000}}
Line = dict[str, Any]


def game(d_real: float, d_fake: float, start: float, end: float, lines: int = 200) -> list[Line]:
    """A log in which the generator's loss goes linearly from `start` to `end` while the discriminator gets sure."""
    noise = torch.randn(lines, 3, generator=torch.Generator().manual_seed(0)) * 0.02
    return [
        {
            "step": i,
            "discriminator/loss": 1.0 + float(noise[i, 0]),
            "discriminator/d_real": min(0.999, 0.5 + (d_real - 0.5) * min(1, 4 * i / lines) + float(noise[i, 1]) / 4),
            "discriminator/d_fake": max(0.001, 0.5 + (d_fake - 0.5) * min(1, 4 * i / lines) + float(noise[i, 2]) / 4),
            "generator/loss": start + (end - start) * i / lines,
        }
        for i in range(lines)
    ]


def measured(**values: float) -> list[Line]:
    return [{"metric": name, "value": value} for name, value in values.items()]


def names(found: list[Finding]) -> list[str]:
    return [finding.name for finding in found]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Real digits in the samples' place: what a perfect model would draw."""
    data = load("digits", cache=tmp_path_factory.mktemp("cache"))

    def some(split: Split, start: int, stop: int) -> torch.Tensor:
        return split.x(slice(start, stop))

    return Examples(
        samples=some(data.train, 1200, 1456), train=some(data.train, 0, 1200), held_out=some(data.test, 0, 179)
    )


def with_samples(examples: Examples, samples: torch.Tensor) -> Examples:
    return Examples(samples=samples, train=examples.train, held_out=examples.held_out)


def test_a_healthy_run_has_no_findings(digits: Examples) -> None:
    good = measured(precision=0.7, recall=0.4, memorisation=0.95)
    assert diagnose(game(0.75, 0.2, 1.0, 1.1), good, RUN, digits) == []


def test_a_run_that_just_began_has_no_findings() -> None:
    assert diagnose([], [], RUN) == []
    assert diagnose(game(0.99, 0.01, 1, 9, lines=10), [], RUN) == []


def test_nonfinite_names_player_term_and_step() -> None:
    fault = {"event": "nonfinite", "player": "critic", "terms": ["penalty"], "step": 31}
    (found,) = diagnose([fault, fault], [], RUN)
    assert (found.name, found.severity) == ("nonfinite", "error")
    assert "critic's penalty was not finite 2 times, first at step 31" in found.sentence


def test_discriminator_won() -> None:
    (found,) = diagnose(game(0.999, 0.001, 2.0, 12.0), [], RUN)
    assert found.name == "discriminator-won"
    assert found.evidence["generator_loss_now"] > found.evidence["generator_loss_before"]


@pytest.mark.parametrize(
    ("case", "log"),
    [
        ("strong but balanced", game(0.9, 0.1, 1.0, 2.5)),
        ("sure, but the generator holds its level", game(0.99, 0.01, 4.0, 4.1)),
        ("sure, but the generator gains", game(0.99, 0.01, 8.0, 4.0)),
        ("unsure while the generator's loss grows", game(0.6, 0.4, 1.0, 3.0)),
    ],
)
def test_discriminator_did_not_win(case: str, log: list[Line]) -> None:
    assert diagnose(log, [], RUN) == [], case


def test_a_spike_at_the_end_is_not_a_victory() -> None:
    log = game(0.75, 0.2, 1.0, 1.5)
    for line in log[-10:]:
        line |= {"discriminator/d_real": 0.999, "discriminator/d_fake": 0.001, "generator/loss": 9.0}
    assert diagnose(log, [], RUN) == []


@pytest.mark.parametrize("kinds", [1, 5, 20])
def test_collapse_to_a_few_pictures(digits: Examples, kinds: int) -> None:
    noise = torch.randn(256, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    samples = digits.samples[:kinds].repeat(256 // kinds, 1, 1, 1)
    found = diagnose([], [], RUN, with_samples(digits, samples + 0.01 * noise[: len(samples)]))
    assert "collapse" in names(found)


def test_collapse_to_the_mean_picture(digits: Examples) -> None:
    mean = digits.train.mean(0, keepdim=True)
    samples = mean + 0.15 * (digits.samples - mean)
    assert "collapse" in names(diagnose([], [], RUN, with_samples(digits, samples)))


@pytest.mark.parametrize(("modes", "collapsed"), [(1, True), (8, False)])
def test_collapse_to_one_mode_shows_in_the_spread(modes: int, collapsed: bool) -> None:
    """Points of one mode keep a fair distance from their nearest neighbour, and lie all in one place."""
    ring = TOYS["8gaussians"]
    real = ring.sample(1000, seed=0)
    drawn = ring.sample(20_000, seed=1)
    one = drawn[(drawn - real[0]).norm(dim=1) < 0.5]
    samples = (one if modes == 1 else drawn)[:256]
    found = diagnose([], [], RUN, Examples(samples=samples, train=real[:800], held_out=real[800:]))
    assert ("collapse" in names(found)) is collapsed
    if collapsed:
        assert found[0].evidence["spread"] < SPREAD


def test_blurred_samples_are_not_collapsed(digits: Examples) -> None:
    smooth = torch.nn.functional.avg_pool2d(digits.samples, 3, 1, 1)
    assert diagnose([], [], RUN, with_samples(digits, smooth)) == []


def test_collapse_shows_in_recall_unless_precision_is_low_too() -> None:
    (found,) = diagnose([], measured(precision=0.6, recall=RECALL / 2), RUN)
    assert found.name == "collapse"
    assert diagnose([], measured(precision=0.0, recall=0.0), RUN) == []
    assert diagnose([], measured(precision=0.6, recall=2 * RECALL), RUN) == []


def test_the_latest_evaluation_counts() -> None:
    assert diagnose([], measured(precision=0.6, recall=0.01) + measured(precision=0.6, recall=0.5), RUN) == []


def test_copies_of_training_examples_are_overfitting(digits: Examples) -> None:
    noise = torch.randn(256, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    found = diagnose([], [], RUN, with_samples(digits, digits.train[:256] + 0.02 * noise))
    assert names(found) == ["overfitting"]
    assert found[0].evidence["memorisation"] < COPIES


def test_memorisation_measured_before_is_enough() -> None:
    assert names(diagnose([], measured(memorisation=0.1), RUN)) == ["overfitting"]
    assert diagnose([], measured(memorisation=0.8), RUN) == []


def test_too_few_images() -> None:
    (found,) = diagnose([], [], {"data": {"train": FEW - 1}})
    assert (found.name, found.severity) == ("few-images", "warning")
    assert str(FEW - 1) in found.sentence


def test_errors_come_first() -> None:
    fault = {"event": "nonfinite", "player": "vae", "terms": ["loss"], "step": 3}
    assert names(diagnose([fault], [], {"data": {"train": 10}})) == ["nonfinite", "few-images"]
