"""A user's mistake: exit status 2, one sentence that names it, nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli_support import Saddle

# (arguments, what the sentence must name); RUN, CRUN, DIR and FILE stand for a run, a run with classes, a folder with
# something in it, and a text file.
MISTAKES = [
    ("trian dcgan", 'Did you mean "train"'),
    ("--hepl", "--hepl"),
    ("data inspekt x", 'Did you mean "inspect"'),
    ("ls 'zzz*'", "zzz*"),
    ("ls --jsn", "--json"),
    ("ls a b", "b"),
    ("info", "NAME"),
    ("info dcgann", "dcgan"),
    ("cite nothing-like-it", "nothing-like-it"),
    ("train", "NAME"),
    ("train dcgam", "dcgan"),
    ("train dcgan stps=4", "stps"),
    ("train dcgan lr=-1 --steps 1", "lr"),
    ("train dcgan lr=fast --steps 1", "lr"),
    ("train dcgan batch=0 --steps 1", "batch"),
    ("train dcgan precision=fp8 --steps 1", "precision"),
    ("train dcgan batch --steps 1", "key=value"),
    ("train dcgan =3 --steps 1", "key=value"),
    ("train dcgan steps=4", "--steps 4"),
    ("train dcgan data=digits", "--data digits"),
    ("train dcgan name=x", "name"),
    ("train dcgan --steps many", "many"),
    ("train dcgan --steps -3", "--steps"),
    ("train dcgan --steps", "--steps"),
    ("train dcgan --step 3", "--steps"),
    ("train dcgan --minutes 0", "--minutes"),
    ("train dcgan --steps 1 --images 8", "--images"),
    ("train dcgan --steps 1 --steps 2", "--steps"),
    ("train dcgan --steps 1 --seed x", "x"),
    ("train dcgan --steps 1 --data no/such/folder", "no/such/folder"),
    ("train dcgan --steps 1 --data FILE", "FILE"),
    ("train dcgan --steps 1 --device abacus", "abacus"),
    ("train dcgan --steps 1 --out DIR", "DIR"),
    ("train dcgan --steps 1 --out FILE", "FILE"),
    ("train dcgan --steps 1 size=big", "size"),
    ("train dcgan --steps 1 best=kid", "evaluate_every"),
    ("resume no/run", "no/run"),
    ("resume DIR", "DIR"),
    ("resume RUN --steps 1 --images 1", "--images"),
    ("sample no/run", "no/run"),
    ("sample RUN -n 0", "-n"),
    ("sample RUN -n x", "x"),
    ("sample RUN --class 3", "class"),
    ("sample CRUN --class 10", "10"),
    ("sample CRUN --class dog", "dog"),
    ("sample RUN --grid a.png --out b", "--out"),
    ("sample RUN --grid picture.gif", "picture.gif"),
    ("sample RUN --out DIR", "DIR"),
    ("sample RUN --checkpoint first", "first"),
    ("sample RUN --checkpoint 123456", "123456"),
    ("sample RUN --checkpoint best", "best"),
    ("evaluate no/run", "no/run"),
    ("evaluate RUN --metrics fid", "fid"),
    ("evaluate RUN --features inseption", "inseption"),
    ("evaluate RUN --features none.onnx", "none.onnx"),
    ("evaluate RUN --features inception --offline", "--weights"),
    ("evaluate RUN --features inception --weights FILE", "FILE"),
    ("evaluate RUN --reference no/such/data", "no/such/data"),
    ("data inspect no/such/data", "no/such/data"),
    ("data inspect FILE", "FILE"),
    ("data inspect digits size=0", "size"),
    ("data inspect digits sheet=x.png", "sheet"),
    ("data inspect digits --sheet x.jpeg", "x.jpeg"),
    ("data inspect mnist --offline", "mnist"),
    ("doctor no/run", "no/run"),
]


@pytest.mark.parametrize(("arguments", "named"), MISTAKES, ids=[arguments for arguments, _ in MISTAKES])
def test_mistake(saddle: Saddle, runs: Path, tmp_path: Path, arguments: str, named: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/keep.txt").write_text("mine")
    (tmp_path / "notes.txt").write_text("no data")
    places = {"CRUN": str(runs / "cgan"), "RUN": str(runs / "gan"), "DIR": "folder", "FILE": "notes.txt"}
    before = _everything(tmp_path, runs)
    result = saddle(*(places.get(word, word.strip("'")) for word in arguments.split()))
    assert result.status == 2
    assert result.out == ""
    said = result.err.splitlines()[-1]
    assert re.fullmatch(r"saddle: \S.*[.?)\w'\"]", said), said
    assert places.get(named, named) in said
    assert "Traceback" not in result.err
    assert "errors.pydantic.dev" not in result.err
    assert len([line for line in result.err.splitlines() if line.startswith("saddle:")]) == 1
    assert _everything(tmp_path, runs) == before


def _everything(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
