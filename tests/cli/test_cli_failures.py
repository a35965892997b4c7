"""What is not the user's mistake: bugs, non-finite losses, signals, readers that leave. In processes of their own where
the exit status is the point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import Saddle

SADDLE = [sys.executable, "-m", "saddlepoint"]


def test_a_bug_is_named_with_its_traceback(saddle: Saddle, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(pattern: str) -> list[str]:
        raise ZeroDivisionError("by\nnought")

    monkeypatch.setattr("saddlepoint.catalogue.names", broken)
    result = saddle("ls")
    assert result.status == 1
    assert "Traceback" in result.err
    assert "bug" in result.err.splitlines()[-1]
    assert "ZeroDivisionError" in result.err.splitlines()[-1]


def test_a_non_finite_loss_stops_with_status_1_and_no_traceback(saddle: Saddle, tmp_path: Path) -> None:
    result = saddle("train", "gan", "--steps", 200, "lr=1e30", "--out", "run", "track=none", "precision=fp32")
    assert result.status == 1
    assert "not finite" in result.err.splitlines()[-1]
    assert "Traceback" not in result.err
    assert list((tmp_path / "run/checkpoints").iterdir())
    assert "nonfinite" in saddle("doctor", "run").out


def test_ctrl_c_outside_training_is_130(saddle: Saddle, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(pattern: str) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("saddlepoint.catalogue.names", stopped)
    assert saddle("ls").status == 130


def test_a_folder_that_cannot_be_written_is_the_users(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = saddle("sample", runs / "gan", "--grid", "file/grid.png")
    assert result.status == 2
    assert "file" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_training_with_a_checkpoint(
    tmp_path: Path, cache: Path, number: signal.Signals, status: int
) -> None:
    command = [*SADDLE, "train", "gan", "--minutes", "5", "--out", "run", "track=none", "log_every=5"]
    env = os.environ | {"SADDLE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "images/s" in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert process.returncode == status
    assert "saddle resume run" in out
    assert "Traceback" not in err
    state = next((tmp_path / "run/checkpoints").iterdir()) / "state.json"
    assert json.loads(state.read_text())["step"] >= 5


def test_help_and_ls_import_neither_torch_nor_pydantic() -> None:
    code = (
        "import sys; from saddlepoint.cli.main import main; "
        "assert main(['--help']) == main(['ls']) == main(['cite', 'dcgan']) == main(['train', '--help']) == 0; "
        "assert main(['lss']) == 2; "
        "loaded = {'torch', 'pydantic', 'numpy', 'PIL'} & set(sys.modules); assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_is_no_error_to_talk_about() -> None:
    command = f"{sys.executable} -m saddlepoint info dcgan | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("dcgan: ")
    assert done.stderr == ""
