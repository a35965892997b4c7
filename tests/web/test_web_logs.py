"""Logs that have grown long: a look at all runs reads their ends alone."""

from __future__ import annotations

import json
import shutil

import pytest


@pytest.fixture
def log(runs, tmp_path):
    """The log of a run in `tmp_path`, of 400 kB and without a checkpoint."""
    shutil.copytree(runs / "gan", tmp_path / "gan")
    shutil.rmtree(tmp_path / "gan" / "checkpoints")
    path = tmp_path / "gan" / "events.jsonl"
    line = json.loads(path.read_text().splitlines()[-1])
    path.write_text("".join(json.dumps({**line, "step": i, "images": 16 * i}) + "\n" for i in range(2000)))
    assert path.stat().st_size > 4e5
    return path


def test_where_a_run_stands_is_its_last_reading(log, tmp_path, visit):
    with log.open("a") as file:
        file.write('{"event": "nonfinite", "step": 1999, "images": 31984}\n{"step": 2000, "ima')
    (run,) = visit(tmp_path)("GET", "/api/runs").json()
    assert (run["step"], run["images"]) == (1999, 16 * 1999)
    assert set(run["losses"]) == {"discriminator", "generator"}


def test_only_the_end_of_a_log_is_read_for_it(log, tmp_path, visit):
    log.write_text("no log\n" + log.read_text())
    ask = visit(tmp_path)
    assert ask("GET", "/api/runs").json()[0]["images"] == 16 * 1999
    assert "line 1, is damaged" in ask("GET", "/api/runs/gan").json()["error"]


def test_a_damaged_end_is_said(log, tmp_path, visit):
    with log.open("a") as file:
        file.write("no log\n")
    (run,) = visit(tmp_path)("GET", "/api/runs").json()
    assert run["state"] == "damaged"
    assert "line 2001, is damaged" in run["says"]
