"""The machine's report, and the advice in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from saddlepoint import environment
from saddlepoint.environment import busy_cores, free_threads


@pytest.mark.parametrize(
    ("threads", "cores", "busy", "free"),
    [(2, 2, 0.1, 2), (2, 2, 1.0, 1), (2, 2, 2.0, 1), (4, 8, 3.0, 4), (8, 8, 6.0, 2)],
)
def test_threads_with_a_core_to_themselves(threads: int, cores: int, busy: float, free: int) -> None:
    assert free_threads(threads, cores, busy) == free


def test_busy_cores_are_counted() -> None:
    assert 0 <= busy_cores(0.05) <= (os.cpu_count() or 1)


def test_room_is_made_unless_the_user_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr("torch.get_num_threads", lambda: 8)
    monkeypatch.setattr("torch.set_num_threads", taken.append)
    monkeypatch.setattr(environment, "busy_cores", lambda: 6.0)
    monkeypatch.setattr(environment, "_cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert environment.make_room() == ""
    assert taken == []
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert "2 of its 8 threads" in environment.make_room()
    assert taken == [2]
    monkeypatch.setattr(environment, "busy_cores", lambda: 0.2)
    assert environment.make_room() == ""
    assert taken == [2]


def test_places_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("SADDLE_CACHE", str(blocked / "cache"))
    facts = {fact.topic: fact for fact in environment.environment(blocked / "runs")}
    assert "cannot be written" in facts["runs"].value
    assert "--out" in facts["runs"].advice
    assert "SADDLE_CACHE" in facts["cache"].advice
    assert list(tmp_path.iterdir()) == [blocked]


def test_what_the_cache_keeps_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows").write_bytes(bytes(2 * 2**20))
    monkeypatch.setenv("SADDLE_CACHE", str(tmp_path))
    facts = {fact.topic: fact.value for fact in environment.environment(tmp_path)}
    assert facts["kept"].startswith("1 files, 2 MiB")
