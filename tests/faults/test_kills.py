"""A run killed at any moment, however often, can be read and resumed, and ends bit for bit as the one that was not.

Here a few kills; `make faults` runs the campaign.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from kills import MOMENTS, STEPS, Training, any_step, check_readable, differences, latest_step, make_data

from saddlepoint.cli.main import main

KILLS = 25


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Training:
    """The run that nothing happened to."""
    place = tmp_path_factory.mktemp("whole")
    training = Training(place / "run", make_data(place / "data.npy"), cache)
    training.finish()
    return training


@pytest.fixture
def training(whole: Training, tmp_path: Path) -> Training:
    return Training(tmp_path / "run", whole.data, whole.cache)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("moment", ["the folder appears", "any step", "writing a checkpoint"])
def test_a_killed_run_ends_as_the_whole_one(whole: Training, training: Training, moment: str) -> None:
    training.kill(MOMENTS[moment], Random(1))
    check_readable(training.folder)
    if moment == "the folder appears":
        training.finish()  # there may be no run yet, and then the same command starts it anew
    else:
        assert 0 < latest_step(training.folder) < STEPS
        assert main(["resume", str(training.folder), "--device", "cpu"]) == 0
    assert differences(training.folder, whole.folder) == []


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_keeps_its_last_step_and_ends_as_the_whole_one(
    whole: Training, training: Training, number: signal.Signals
) -> None:
    training.kill(any_step, Random(1), number)  # at step 5 of 30
    check_readable(training.folder)
    assert 0 < latest_step(training.folder) < STEPS
    assert main(["resume", str(training.folder), "--device", "cpu"]) == 0
    extra = [name for name in differences(training.folder, whole.folder) if not name.startswith("samples")]
    assert extra == []  # but for samples of the step it was stopped at


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("one_thread")
def test_campaign(whole: Training, tmp_path: Path) -> None:
    """25 kills spread over the lives of several runs, some killed again while resuming."""
    random, began = Random(2026), time.monotonic()
    moments = [*MOMENTS, "any step", "writing a checkpoint", "writing a checkpoint"] * KILLS
    landings: Counter[str] = Counter()
    lives = most = 0
    while landings.total() < KILLS:
        training = Training(tmp_path / f"run{lives}", whole.data, whole.cache)
        lives, kills = lives + 1, 0
        while landings.total() < KILLS and (not kills or random.random() < 0.5):
            where = training.kill(MOMENTS[moments.pop(random.randrange(len(moments)))], random)
            if not where:
                break
            landings[where if not kills else f"{where}, resumed"] += 1
            kills += 1
            check_readable(training.folder)
        most = max(most, kills)
        training.finish()
        assert differences(training.folder, whole.folder) == []
    print(f"\n{KILLS} kills in the lives of {lives} runs (at most {most} in one), {time.monotonic() - began:.0f} s:")
    for where, count in landings.most_common():
        print(f"  {count:2d} {where}")
