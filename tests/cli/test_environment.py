"""The machine's report, and the advice in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from saddlepoint.environment import crowding, environment


def test_advice_only_where_threads_outnumber_free_cores() -> None:
    assert "OMP_NUM_THREADS=1" in crowding(busy=1.0, threads=2, cores=2)
    assert crowding(busy=0.1, threads=2, cores=2) == ""
    assert crowding(busy=6.0, threads=1, cores=2) == ""
    assert crowding(busy=2.0, threads=4, cores=8) == ""


def test_places_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("SADDLE_CACHE", str(blocked / "cache"))
    facts = {fact.topic: fact for fact in environment(blocked / "runs")}
    assert "cannot be written" in facts["runs"].value
    assert "--out" in facts["runs"].advice
    assert "SADDLE_CACHE" in facts["cache"].advice
    assert list(tmp_path.iterdir()) == [blocked]


def test_what_the_cache_keeps_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows").write_bytes(bytes(2 * 2**20))
    monkeypatch.setenv("SADDLE_CACHE", str(tmp_path))
    facts = {fact.topic: fact.value for fact in environment(tmp_path)}
    assert facts["kept"].startswith("1 files, 2 MiB")
