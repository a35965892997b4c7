"""A disk that fills up, or turns read-only, under a run: the last checkpoint is whole, the message says so, and once
there is room again the run ends as if nothing had happened."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from disks import Disk
from kills import check_readable, content, differences, environment, make_data

import saddlepoint
from conftest import MakeDisk
from saddlepoint import UserError, runs
from saddlepoint.cli.main import main
from saddlepoint.engine.events import Silent

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = {"g_widths": [16], "d_widths": [8], "precision": "fp32", "track": "none", "batch": 8}
# What is written first once the disk is full, which here is at step 100, after a checkpoint.
FIRST_AFTER = {
    "events.jsonl": {"log_every": 1},
    "samples": {"sample_every": 110},
    "metrics.jsonl": {"evaluate_every": 110},
    "checkpoints": {},
}


class Filler(Silent):
    """Fills the disk when the first checkpoint has been written."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def wrote(self, what: str, path: Path) -> None:
        if what == "checkpoint" and not (self.disk.path / "ballast").exists():
            self.disk.fill()


@pytest.mark.parametrize("first", FIRST_AFTER)
def test_a_full_disk_stops_a_run_that_then_goes_on_as_if_nothing_had_happened(
    make_disk: MakeDisk, tmp_path: Path, first: str
) -> None:
    options = {"log_every": 1000, "sample_every": 0, "checkpoint_every": 100, **TINY, **FIRST_AFTER[first]}
    data = make_data(tmp_path / "data.npy")
    whole = saddlepoint.train("gan", data, out=tmp_path / "whole", steps=220, device="cpu", **options).path
    disk = make_disk("2m")
    run = disk.path / "run"
    with pytest.raises(UserError) as caught:
        saddlepoint.train("gan", data, out=run, steps=220, device="cpu", reporter=Filler(disk), **options)
    said = str(caught.value)
    assert said.startswith(f"{run / first}")
    assert "no space left on device" in said
    assert f"the last checkpoint, {run / 'checkpoints' / '800'}, is whole" in said
    assert f"`saddle resume {run}`" in said
    check_readable(run)
    assert [p.name for p in run.rglob("*") if runs.LEFTOVER.fullmatch(p.name)] == []
    disk.free()
    saddlepoint.resume(run, device="cpu")
    assert differences(run, whole) == []


def test_the_command_says_it_in_one_sentence_with_status_2(make_disk: MakeDisk, tmp_path: Path, cache: Path) -> None:
    """A real process on a disk with room for two checkpoints, not for the third."""
    train = [sys.executable, "-m", "saddlepoint", "train", "gan", "--data", "ring", "--steps", "40", "--device", "cpu"]
    options = ["g_widths=[200]", "d_widths=[20]", "track=none", "precision=fp32", "checkpoint_every=10", "keep=3"]

    def run(out: Path) -> subprocess.CompletedProcess[str]:
        command = [*train, *options, "--out", str(out)]
        return subprocess.run(command, env=environment(cache), capture_output=True, text=True, check=False)

    assert run(tmp_path / "whole").returncode == 0
    size = sum(p.stat().st_size for p in runs.find_checkpoint(tmp_path / "whole").iterdir())
    disk = make_disk(f"{int(2.7 * size / 1024) + 40}k")
    folder = disk.path / "run"
    failed = run(folder)
    assert failed.returncode == 2, failed.stderr
    said = failed.stderr.splitlines()[-1]
    assert said.startswith(f"saddle: {folder}/checkpoints/1920: no space left on device; the last checkpoint, ")
    assert f"{folder}/checkpoints/1280, is whole" in said
    assert "Traceback" not in failed.stderr
    assert sorted(p.name for p in (folder / "checkpoints").iterdir()) == ["1280", "640"]
    check_readable(folder)
    disk.remount("size=16m")
    assert main(["resume", str(folder), "--device", "cpu"]) == 0
    assert differences(folder, tmp_path / "whole") == []


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    data = make_data(folder.parent / "data.npy")
    return saddlepoint.train("gan", data, out=folder, steps=2, device="cpu", **TINY).path


COMMANDS = [
    "train gan --data ring --steps 2 --out DISK/new/run track=none",
    "sample RUN --grid DISK/new/grid.png",
    "sample RUN --grid DISK/grid.png",
    "sample RUN -n 3 --out DISK/drawn",
    "data inspect digits --sheet DISK/sheet.png",
]
ON_A_RUN_THERE = [
    "evaluate DISK/run -n 8",
    "evaluate DISK/run -n 8 --figures",
    "resume DISK/run --steps 4",
]


def carry(run: Path, disk: Disk) -> None:
    """Copy a run to a disk."""
    for path in (p for p in run.rglob("*") if p.is_file()):
        target = disk.path / "run" / path.relative_to(run)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


@pytest.mark.parametrize("trouble", ["no space left on device", "read-only file system"])
@pytest.mark.parametrize("command", [*COMMANDS, *ON_A_RUN_THERE])
def test_every_command_that_writes_names_the_place_and_leaves_it_as_it_was(
    make_disk: MakeDisk,
    trained: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    trouble: str,
) -> None:
    disk = make_disk("2m")
    carry(trained, disk)
    if trouble.startswith("no space"):
        disk.fill()
    else:
        disk.remount("ro")
    before = content(disk.path)
    words = [{"RUN": str(trained)}.get(word, word.replace("DISK", str(disk.path))) for word in command.split()]
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr().err
    last = said.splitlines()[-1]
    assert last.startswith("saddle: ")
    assert str(disk.path) in last
    assert trouble in last.lower() or "is not writable" in last
    assert "Traceback" not in said
    after = content(disk.path)
    after.pop("run/metrics.jsonl", None)  # a new log may have been opened, with nothing in it
    assert after == before


@pytest.fixture
def locked() -> Generator[Path]:
    """A folder that is not for us: read as another user where we are root, whom no permission stops."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "locked"
        folder.mkdir(mode=0o555)
        Path(name).chmod(0o755)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        yield folder
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_folder_without_permission_is_named(
    locked: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SADDLE_CACHE")  # which this user may not read; points need no cache
    assert main(["train", "gan", "--data", "ring", "--steps", "1", "--out", str(locked / "run")]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert str(locked) in said
    assert "ermission denied" in said or "is not writable" in said
    assert list(locked.iterdir()) == []
