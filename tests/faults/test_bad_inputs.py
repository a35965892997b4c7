"""Bad command lines: exit status 2, one sentence that names what is wrong, no traceback, and nothing written.

Damaged runs and damaged data have tables of their own beside this one.
"""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kills import environment
from refusal import everything, refused

from cli_support import Result, Saddle

# (arguments, what the sentence must name). RUN and CRUN stand for a run and one with classes, DIR for a folder with
# something in it, FILE for a text file, LINK for a link to nowhere, LOOP for one to itself, LONG for a
# name that no disk takes.
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
    ("train ''", "recipe ''"),
    ("train ../gan", "../gan"),
    ("train gan --seed -1 --steps 1", "--seed -1"),
    ("train gan --seed 99999999999999999999 --steps 1", "--seed"),
    ("train gan --minutes nan", "--minutes"),
    ("train gan --minutes inf", "--minutes"),
    ("train gan --steps 1 lr=nan", "lr"),
    ("train gan --steps 1 lr=Infinity", "lr"),
    ("train gan --steps 1 lr=true", "lr"),
    ("train gan --steps 1 lr=[]", "lr"),
    ("train gan --steps 1 batch=1.5", "batch"),
    ("train gan --steps 1 batch=true", "batch"),
    ("train unrolled_gan --steps 1 d_rate=true", "d_rate"),
    ("train gan --steps 1 batch=99999999999999999999", "batch"),
    ("train gan --steps 1 ema=-1", "ema"),
    ("train gan --steps 1 ema=1e400", "ema"),
    ("train gan --steps 1 latent=0", "latent"),
    ("train gan --steps 1 latent=99999999999", "memory"),
    ("train gan --steps 1 g_widths=[0]", "g_widths"),
    ("train gan --steps 1 g_widths=[-3]", "g_widths"),
    ("train gan --steps 1 g_widths=3.5", "g_widths"),
    ("train gan --steps 1 g_widths=64,x", "g_widths"),
    ("train r3gan --steps 1 gamma=3", "gamma=3: input should be 2 values, like 1,2"),
    ("train r3gan --steps 1 gamma=3,2,1", "gamma"),
    ("train projection_gan --data 8gaussians --steps 1 widths=[]", "widths"),
    ("train improved_gan --steps 1 widths=[]", "widths"),
    ("train catgan --steps 1 widths=[]", "widths"),
    ("train mmd_gan --steps 1 scales=[]", "scales"),
    ("train gmmn --steps 1 scales=[]", "scales"),
    ("train gan --steps 1 betas=[2,3]", "betas"),
    ("train gan --steps 1 betas=[1,2,3]", "betas"),
    ("train r3gan --steps 1 lr=[-1,1]", "lr"),
    ("train gan --steps 1 size=-4", "size"),
    ("train gan --steps 1 size=4x4x4", "size"),
    ("train gan --steps 1 size=100000", "size"),
    ("train gan --steps 1 mode=cmyk", "mode"),
    ("train gan --steps 1 flip=maybe", "flip"),
    ("train gan --steps 1 shift=-1", "shift"),
    ("train gan --steps 1 shift=8", "less than 8"),
    ("train gan --steps 1 --data ring shift=1", "shift"),
    ("train gan --steps 1 track=wandb", "pip install wandb"),
    ("train gan --steps 1 evaluate_every=1 best=zzz", "zzz"),
    ("train gan --minutes 1 decay=linear", "decay"),
    ("train gan --steps 1 éé=3", "éé"),
    ("train gan --steps 1 batch=٣", "batch"),
    ("train dcgan --steps 1 size=3", "8 pixels"),
    ("train dcgan --steps 1 --data ring", "DCGAN"),
    ("train cgan --steps 1 --data ring", "labelled"),
    ("train gan --steps 1 --data ring size=8", "size"),
    ("train gan --steps 1 --device ''", "Device"),
    ("train gan --steps 1 --device cpu:x", "cpu:x"),
    ("train gan --steps 1 --device cuda:99", "cuda:99"),
    ("train gan --steps 1 --data ''", "holds no images"),
    ("train gan --steps 1 --data ~nobody-of-this-name/x", "~nobody"),
    ("train gan --steps 1 --data LINK", "LINK"),
    ("train gan --steps 1 --data LOOP", "LOOP"),
    ("train gan --steps 1 --data LONG", "name too long"),
    ("train gan --steps 1 --out ''", "--out"),
    ("train gan --steps 1 --out FILE/run", "FILE"),
    ("train gan --steps 1 --out LINK", "LINK"),
    ("train gan --steps 1 --out LONG", "name too long"),
    ("train gan --steps 1 --out RUN", "saddle resume"),
    ("resume FILE", "FILE"),
    ("resume LOOP", "LOOP"),
    ("resume RUN/checkpoints", "checkpoints"),
    ("resume RUN --data ring --steps 50", "ring"),
    ("resume RUN --data DIR --steps 50", "DIR"),
    ("resume RUN --minutes nan", "--minutes"),
    ("resume RUN --device cuda:99", "cuda:99"),
    ("resume RUN --seed 3", "--seed"),
    ("sample RUN -n 99999999999999", "-n"),
    ("sample RUN --seed -1", "--seed"),
    ("sample RUN --checkpoint -1", "-1"),
    ("sample RUN --grid FILE/x.png", "FILE"),
    ("sample RUN --grid folder/sub.png", "folder/sub.png"),
    ("sample RUN --out FILE", "FILE"),
    ("sample RUN --class ''", "class"),
    ("sample CRUN --class -1", "-1"),
    ("evaluate RUN -n 1", "n=1"),
    ("evaluate RUN -n 99999999999999", "-n"),
    ("evaluate RUN --features DIR", "DIR"),
    ("evaluate RUN --features FILE", "FILE"),
    ("evaluate RUN --weights DIR", "DIR"),
    ("evaluate RUN --weights no.pth", "no.pth"),
    ("evaluate RUN --reference ring", "ring"),
    ("evaluate RUN --reference FILE", "FILE"),
    ("evaluate RUN --metrics elbo", "elbo"),
    ("doctor FILE", "FILE"),
    ("data inspect ''", "holds no images"),
    ("data inspect digits size=99999999", "size"),
    ("data inspect digits --sheet FILE/x.png", "FILE"),
    ("data inspect digits lr=3", "lr"),
    ("reproduce no-such", "no-such"),
    ("reproduce gan --on x", "--on"),
    ("reproduce gan --seeds 0", "--seeds"),
    ("reproduce gan --data no/such", "no/such"),
    ("reproduce gan --data FILE", "FILE"),
]
PLACES = {"DIR": "folder", "FILE": "notes.txt", "LINK": "link", "LOOP": "loop", "LONG": "a" * 300}


@pytest.fixture
def places(tmp_path: Path, runs: Path) -> dict[str, str]:
    (tmp_path / "folder/sub.png").mkdir(parents=True)
    (tmp_path / "folder/keep.txt").write_text("mine")
    (tmp_path / "notes.txt").write_text("no data")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    return PLACES | {"RUN": str(runs / "gan"), "CRUN": str(runs / "cgan")}


@pytest.mark.parametrize(("arguments", "named"), MISTAKES, ids=[arguments for arguments, _ in MISTAKES])
def test_a_mistaken_command(
    saddle: Saddle, runs: Path, tmp_path: Path, places: dict[str, str], arguments: str, named: str
) -> None:
    words = [fill(word.strip("'"), places) for word in arguments.split()]
    before = everything(tmp_path, runs)
    refused(saddle(*words), places.get(named, named))
    assert everything(tmp_path, runs) == before


def fill(word: str, places: dict[str, str]) -> str:
    head, slash, tail = word.partition("/")
    return places.get(head, head) + slash + tail


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("train dcgan stps=4", "stps"),
        ("train gan --steps 1 --out notes.txt/run track=none", "notes.txt"),
        ("resume broken", "run.json"),
        ("sample pickled", "model.safetensors"),
    ],
)
def test_a_process_of_its_own(tmp_path: Path, cache: Path, runs: Path, arguments: str, named: str) -> None:
    """What the tables check within this process is what a shell sees."""
    (tmp_path / "notes.txt").write_text("no data")
    for name in ("broken", "pickled"):
        shutil.copytree(runs / "gan", tmp_path / name)
    (tmp_path / "broken/run.json").write_text("{}")
    (tmp_path / "pickled/checkpoints/2560/model.safetensors").write_bytes(pickle.dumps({"step": 3}))
    before = everything(tmp_path)
    command = [sys.executable, "-m", "saddlepoint", *arguments.split()]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(cache), capture_output=True, text=True, check=False, timeout=120
    )
    refused(Result(done.returncode, done.stdout, done.stderr), named)
    assert everything(tmp_path) == before
