"""What an open page of the explorer costs the training beside it, and how soon a slider is answered.

    python benchmarks/explorer.py [--rounds 6] [--seconds 9] [--runs 40] [--lines 1000] [--steps 40]

A dcgan trains on the digits by `saddle train`, in a folder with so many other runs, whose logs have so many lines. In
turn nobody looks, somebody has the page Runs open, and somebody the page of that run: requests are what the page sends,
at its pace. The bar: a training is not slowed by more than 5%. The ratio of throughputs is what counts, but on a busy
machine it scatters by more than that; the explorer's CPU time over the training's, in the same turns, does not.

Then a walk through a 64x64 DCGAN of the paper's width and a slider of Steer on it, each step by a request, against the
bare generate call in this process, one thread each. The bar: 150 ms on 2 CPU cores. CPU times tell what a machine with
nothing else to do needs. Linux only, for CPU times of other processes are read from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from timing import race, report

import saddlepoint
from saddlepoint.types import Noise

EVERY, SHARE = 3.0, 20.0  # seconds between a page's looks, and what part of the time they may take: static/runs.js
SADDLE = [sys.executable, "-m", "saddlepoint"]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("rounds", 6), ("seconds", 9), ("runs", 40), ("lines", 1000), ("steps", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        polled(Path(place), asked.rounds, asked.seconds, asked.runs, asked.lines)
    with tempfile.TemporaryDirectory() as place:
        walked(Path(place), asked.steps)


def polled(root: Path, rounds: int, seconds: float, others: int, lines: int) -> None:
    command = [*SADDLE, "train", "dcgan", "width=32", "track=none", "--steps", "10000000", "--out", str(root / "live")]
    with process(command) as training:
        wait(lambda: len(log(root / "live")) > 2)
        for i in range(others):
            copy(root / "live", root / f"other-{i}", lines)
        with explorer(root) as (server, address):
            sides = {"nobody looks": None, "Runs": runs_page, "its own page": run_page}
            rates: dict[str, list[float]] = {name: [] for name in sides}
            shares: dict[str, list[float]] = {name: [] for name in sides}
            for turn in range(1 + rounds):
                for name, look in sides.items():
                    rate, share = one_turn(root / "live", address, look, seconds, training.pid, server.pid)
                    if turn:  # the first warms up
                        rates[name].append(rate)
                        shares[name].append(share)
    threads = json.loads((root / "live" / "run.json").read_text())["threads"]
    print(f"A training of {threads} thread(s) beside an open page, {others} other runs of {lines} log lines")
    for name in sides:
        ratios = sorted(a / b for a, b in zip(rates[name], rates["nobody looks"], strict=True))
        print(
            f"  {name:<14} throughput {statistics.median(ratios):.3f} of alone ({ratios[0]:.2f} to {ratios[-1]:.2f}); "
            f"the explorer takes {100 * statistics.median(shares[name]):.2f}% of the training's CPU time"
        )
    print("  bar: throughput 0.95, CPU time 5%", flush=True)


Look = Callable[[str, dict[str, str]], None]


def one_turn(
    run: Path, address: str, look: Look | None, seconds: float, training: int, server: int
) -> tuple[float, float]:
    """The training's images per second, and the explorer's CPU time over the training's."""
    over = threading.Event()
    visitor = threading.Thread(target=visit, args=(address, look, over)) if look else None
    start, before = log(run)[-1], (cpu(training), cpu(server))
    if visitor:
        visitor.start()
    time.sleep(seconds)
    end, after = log(run)[-1], (cpu(training), cpu(server))
    over.set()
    if visitor:
        visitor.join()
    rate = (end["images"] - start["images"]) / (end["seconds"] - start["seconds"])
    return rate, (after[1] - before[1]) / (after[0] - before[0])


def visit(address: str, look: Look, over: threading.Event) -> None:
    seen: dict[str, str] = {}
    while True:
        start = time.perf_counter()
        look(address, seen)
        if over.wait(max(EVERY, SHARE * (time.perf_counter() - start))):
            return


def runs_page(address: str, seen: dict[str, str]) -> None:
    """A look of the page Runs, which fetches the pictures that are new to it."""
    for run in json.loads(get(f"{address}api/runs")):
        if run["picture"] and seen.get(run["name"]) != run["picture"]:
            seen[run["name"]] = run["picture"]
            get(f"{address}api/runs/{run['name']}/samples/{run['picture']}")


def run_page(address: str, seen: dict[str, str]) -> None:
    """A look of the training's own page."""
    run = json.loads(get(f"{address}api/runs/live"))
    if run["picture"] and seen.get("live") != run["picture"]:
        seen["live"] = run["picture"]
        get(f"{address}api/runs/live/samples/{run['picture']}")


def walked(root: Path, steps: int) -> None:
    command = [*SADDLE, "train", "dcgan", "size=64", "track=none", "sample_every=0", "batch=8", "--steps", "1"]
    subprocess.run([*command, "--out", str(root / "dcgan")], check=True, stdout=subprocess.DEVNULL)
    torch.set_num_threads(1)
    model = saddlepoint.load(root / "dcgan")
    z = model.prior(Noise("benchmark", rows=1))
    at, spent = iter(range(10**9)), dict.fromkeys(("generate", "walk", "steer"), 0.0)

    @torch.no_grad()
    def generate() -> None:
        start = time.process_time()
        model.generate(z)
        spent["generate"] += time.process_time() - start

    with explorer(root) as (server, address):

        def asked(name: str, path: str, body: Callable[[float], object]) -> Callable[[], None]:
            def ask() -> None:
                start, x = cpu(server.pid), next(at) % 100 / 100
                get(f"{address}api/runs/dcgan/{path.format(x)}", body(x))
                spent[name] += cpu(server.pid) - start

            return ask

        sides = {
            "generate": generate,
            "walk": asked("walk", "walk?picks=0.0,1.7&at={}", lambda x: None),
            "steer": asked("steer", "steer", lambda x: {"pick": "0.0", "amounts": [x, -x]}),
        }
        race(sides, rounds=0)
        spent.update(dict.fromkeys(spent, 0.0))
        seconds = race(sides, rounds=steps, warmup=0)
    report(f"A slider by request, {'x'.join(map(str, model.spec.shape))}, {steps} steps", seconds, "generate")
    for name, own in seconds.items():
        print(f"  {name:<10} {1000 * statistics.median(own):6.1f} ms, {1000 * spent[name] / steps:6.1f} ms of CPU time")
    print("  bar: 150 ms")


@contextmanager
def explorer(root: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`saddle explore` and its address."""
    with process([*SADDLE, "explore", str(root), "--port", "0"]) as server:
        assert server.stdout
        yield server, re.findall(r"http://\S+", server.stdout.readline())[0]


@contextmanager
def process(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def get(address: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data, {"content-type": "application/json"})) as answer:
        return answer.read()


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def log(run: Path) -> list[dict[str, float]]:
    """What a training logged, but for a line that it still writes."""
    path = run / "events.jsonl"
    return (
        [json.loads(line) for line in path.read_text().splitlines(True)[-5:] if line[-1] == "\n"]
        if path.exists()
        else []
    )


def wait(ready: Callable[[], bool]) -> None:
    while not ready():
        time.sleep(0.1)


def copy(run: Path, to: Path, lines: int) -> None:
    """Another run of this kind, with a log of so many lines."""
    to.mkdir()
    shutil.copy(run / "run.json", to)
    line = log(run)[-1]
    (to / "events.jsonl").write_text("".join(json.dumps({**line, "images": 64 * i}) + "\n" for i in range(lines)))


if __name__ == "__main__":
    main()
