"""A run that is really killed, at any moment and by any signal, ends as the one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import saddlepoint
from saddlepoint import runs
from saddlepoint.checkpoint import read_tensors

TRAIN = """
import sys
import saddlepoint
run = saddlepoint.train(
    "dcgan", "digits", out=sys.argv[1], seed=3, steps=40, device="cpu", width=8, batch=16, precision="fp32",
    track="none", checkpoint_every=5, sample_every=0, log_every=1, flip=True,
)
sys.exit({None: 0, "SIGINT": 130, "SIGTERM": 143}[run.stopped_by])
"""


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", TRAIN, str(folder)], env=environment, stderr=subprocess.PIPE)


def wait_for_steps(process: subprocess.Popen[bytes], folder: Path, steps: int) -> None:
    events = folder / "events.jsonl"
    for _ in range(3000):
        if events.exists() and events.read_bytes().count(b"\n") >= steps:
            return
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        time.sleep(0.02)
    pytest.fail("the training did not get going")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    process = start(folder)
    assert process.wait() == 0, process.stderr.read()
    process.stderr.close()
    return folder


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_resumes_bit_for_bit(number, uninterrupted, tmp_path):
    folder = tmp_path / "run"
    process = start(folder)
    wait_for_steps(process, folder, 12)
    process.send_signal(number)
    status = process.wait()
    process.stderr.close()
    assert status == {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    stopped_at = json.loads((runs.find_checkpoint(folder) / "state.json").read_text())["step"]
    assert 0 < stopped_at < 40
    if number != signal.SIGKILL:
        assert stopped_at >= 12, "the signals keep the step they came in"

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    saddlepoint.resume(folder, device="cpu")
    torch.set_num_threads(threads)

    ours, theirs = runs.find_checkpoint(folder), runs.find_checkpoint(uninterrupted)
    assert ours.name == theirs.name
    for part in ("model", "average", "optim"):
        a, b = read_tensors(ours, part), read_tensors(theirs, part)
        assert a.keys() == b.keys()
        assert [k for k in a if not torch.equal(a[k], b[k])] == []
    logs = [
        [json.loads(line) for line in (f / "events.jsonl").read_text().splitlines()] for f in (folder, uninterrupted)
    ]
    for mine, other in zip(*logs, strict=True):
        assert {k: v for k, v in mine.items() if k != "seconds"} == {k: v for k, v in other.items() if k != "seconds"}
    walls = [sorted((f / "samples").iterdir())[-1].read_bytes() for f in (folder, uninterrupted)]
    assert walls[0] == walls[1]
