"""Budgets by the clock: CPU time is of all threads, goes on over sessions, and is not lengthened by waiting."""

from __future__ import annotations

import time

from saddlepoint import api
from saddlepoint.checkpoint import read_state
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.clock import Clock
from saddlepoint.runs import find_checkpoint

TINY = {
    "g_widths": (8,),
    "d_widths": (8,),
    "batch": 8,
    "precision": "fp32",
    "track": "none",
    "sample_every": 0,
    "device": "cpu",
}


def test_waiting_takes_no_cpu_time():
    clock = Clock()
    time.sleep(0.05)
    clock.tick()
    assert clock.seconds >= 0.05
    assert clock.cpu_seconds < clock.seconds
    before = clock.cpu_seconds
    clock.start()
    while time.process_time() < clock._cpu + before + 0.05:
        pass
    clock.tick()
    assert clock.cpu_seconds - before >= 0.05


def test_a_stopped_clock_goes_on_from_what_it_showed():
    clock = Clock()
    clock.seconds = clock.cpu_seconds = 100.0
    clock.start()
    clock.tick()
    assert 100 <= clock.seconds < 101
    assert 100 <= clock.cpu_seconds < 101


def test_training_by_cpu_time_ends_by_it_and_is_resumed(tmp_path):
    run = api.train("gan", "8gaussians", out=tmp_path / "run", cpu_minutes=0.005, **TINY)
    first = read_state(find_checkpoint(run.path))
    assert first["cpu_seconds"] >= 0.3
    assert str(Budget(cpu_minutes=0.005)) == "0.005 minutes of one core"
    again = api.resume(run)
    assert again.steps == run.steps, "the budget was used"
    longer = api.resume(run, steps=run.steps + 5)
    assert read_state(find_checkpoint(longer.path))["cpu_seconds"] > first["cpu_seconds"]


def test_budgets_by_cpu_time_are_used_by_cpu_time_alone():
    budget = Budget(cpu_minutes=2)
    assert budget.fraction(steps=10**9, images=10**9, seconds=1e9, cpu_seconds=60) == 0.5
