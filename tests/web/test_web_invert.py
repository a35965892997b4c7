"""Uploaded pictures: read as training data is, found again, bounded, and kept nowhere."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import struct
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from test_web_steer import shown

from saddlepoint import api, catalogue
from saddlepoint.errors import UserError
from saddlepoint.latent.invert import invert as find
from saddlepoint.pictures import png, to_image, to_pixels
from saddlepoint.web import codes, neighbours, security, steer
from saddlepoint.web.data import data_of
from saddlepoint.web.invert import PIXELS, Invert, inverted, picture
from saddlepoint.web.models import Ask, Models
from saddlepoint.web.picks import unpacked
from saddlepoint.web.service import pictures
from support import digits_for, small

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
RAW = {"content-type": "application/octet-stream"}


@pytest.fixture(autouse=True)
def environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLE_CACHE", str(cache))


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def ramp(height: int = 16, width: int = 16) -> Image.Image:
    """Dark at the top, bright at the bottom, and darker to the left."""
    down, across = np.mgrid[0:height, 0:width]
    return Image.fromarray((200 * down / height + 50 * across / width).astype(np.uint8))


def upload(ask, run: str, content: Any, action: str = "invert", **asked: Any) -> Any:
    question = "&".join(f"{key}={value}" for key, value in asked.items())
    return ask("POST", f"/api/runs/{run}/{action}?{question}", content=content, headers=RAW)


@pytest.mark.parametrize("method", ["auto", "optimise", "encoder", "both"])
@torch.no_grad()
def test_a_models_own_sample_comes_back(runs, others, visit, method):
    run, folder = ("gan", runs) if method == "optimise" else ("vae", others)
    model = api.load(folder / run)
    own, other = model.sample(2, seed=4).split(1)
    content = png(to_image(to_pixels(own)[0]))
    found = upload(visit(folder), run, content, method=method, steps=250).json()
    apart = float((own - other).square().mean())
    assert found["error"] < (0.5 if method == "encoder" else 0.15) * apart
    assert np.abs(shown(found["target"]) - to_pixels(own)[0, ..., 0]).max() == 0
    there = to_pixels(model.generate(unpacked(found["latent"], model)[None]))[0, ..., 0].astype(int)
    assert np.abs(shown(found["images"][0]) - there).max() <= 1
    named = {"encoder": "By the encoder alone", "optimise": "By 250 steps of descent from the nearest of 8 samples"}
    assert found["says"].startswith(named.get(method, "By the encoder, and 250 steps of descent from there"))
    levels = round(127.5 * found["error"] ** 0.5)
    assert f"{levels} of 255 grey levels" in found["says"]


def test_what_is_found_is_what_the_library_finds_and_can_be_steered(runs, visit):
    ask, content = visit(runs), file_of(ramp())
    found = upload(ask, "cgan", content, label=3, steps=5).json()
    model = api.load(runs / "cgan")
    alone = find(model, picture(runs / "cgan", content), torch.tensor([3]), steps=5)
    torch.testing.assert_close(unpacked(found["latent"], model), alone.z[0])
    steered = ask("POST", "/api/runs/cgan/steer", json={"latent": found["latent"], "label": found["label"]}).json()
    assert np.abs(shown(steered["images"][0]) - shown(found["images"][0])).max() <= 1


@pytest.mark.parametrize("name", [name for name in catalogue.names() if "latent" in catalogue.info(name).can])
def test_every_recipe_with_a_latent_is_steered_and_inverted_or_says_why_not(name):
    """What is refused is refused in one sentence; whatever else goes wrong fails here."""
    model: Any = small(name, digits_for(name)).eval().requires_grad_(False)
    wanted = {code.name: 1.0 if code.values else 0.5 for code in codes.codes(model)}
    steered = steer.steered(model, steer.Steer(pick="0.1", codes=wanted))
    assert steered["codes"] == wanted
    assert len(steer.summed(model, steer.Sum(a="0.1", b="0.2", c="0.3"))["images"]) == 9
    for method in ("sefa", "ganspace"):
        with contextlib.suppress(UserError):
            assert steer.directions(model, method).vectors.isfinite().all()
    x = model.sample(1)
    x = x.sign() if model.binary else x
    told: list[int] = []
    found = inverted(model, x, Invert(steps=2, label=1 if model.conditional else None), lambda: told.append(1))
    assert found["error"] >= 0
    assert bool(told) != found["says"].startswith("By the encoder alone")


def test_any_picture_is_read_as_the_training_data_was(runs):
    def read(content):
        x = picture(runs / "gan", content)
        assert x.shape == (1, 1, 8, 8)
        return x

    plain = read(file_of(ramp()))
    assert plain[0, 0, 0].mean() < -0.7 < 0.3 < plain[0, 0, -1].mean()
    grey = ramp()
    turned = grey.rotate(90, expand=True)  # to the left; orientation 6 says: turn it to the right
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    clear = Image.merge("LA", (Image.new("L", grey.size), Image.eval(grey, lambda value: 255 - value)))
    for content in (
        file_of(grey.convert("RGB")),
        file_of(deep),
        file_of(clear.convert("RGBA")),  # black, and so clear that over white it is the ramp
        file_of(turned, "JPEG", quality=100, exif=exif),
        file_of(grey, "BMP"),
    ):
        torch.testing.assert_close(read(content), plain, atol=0.03, rtol=0)
    wide = Image.new("L", (48, 16), 255)
    wide.paste(grey, (16, 0))
    torch.testing.assert_close(read(file_of(wide)), plain, atol=0.3, rtol=0)  # cut to the middle


@pytest.mark.parametrize("how", ["threshold", "fixed", "stochastic"])
def test_black_and_white_models_are_shown_black_and_white(runs, tmp_path, how):
    shutil.copytree(runs / "gan", tmp_path / "gan")
    manifest = json.loads((tmp_path / "gan" / "run.json").read_text())
    manifest["config"]["data"]["binarise"] = how
    (tmp_path / "gan" / "run.json").write_text(json.dumps(manifest))
    x = picture(tmp_path / "gan", file_of(ramp(8, 8)))
    assert set(x.flatten().tolist()) == {-1.0, 1.0}
    if how == "threshold":
        assert torch.equal(x > 0, picture(runs / "gan", file_of(ramp(8, 8))) > 0)


def claims(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A small PNG file that says it is so large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("action", ["invert", "nearest"])
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty file"),
        (b"just some text", "not an image"),
        (file_of(NOISE)[:3000], "truncated"),
        (file_of(NOISE, "JPEG")[:1500], "truncated"),
        (claims(100_000, 100_000), "exceeds limit"),
        (claims(6000, 6000, bytes(6001 * 6000)), f"more than the {PIXELS:,}"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not an image"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(runs, visit, action, content, word):
    answer = upload(visit(runs), "gan", content, action)
    assert (answer.status_code, word in answer.json()["error"]) == (400, True), answer.json()
    assert answer.json()["error"].startswith("This picture cannot be read: ")


def test_uploads_are_bounded_while_they_are_received(runs, visit):
    ask, sent = visit(runs), 0

    async def endless():
        nonlocal sent
        for _ in range(256):
            sent += 2**20
            yield bytes(2**20)

    large = bytes(security.LARGEST_PICTURE + 1)
    assert upload(ask, "gan", large).status_code == 413
    assert upload(ask, "gan", endless()).status_code == 413
    assert sent == 0
    lying = {**RAW, "content-length": "1000"}
    answer = ask("POST", "/api/runs/gan/invert", content=endless(), headers=lying)
    assert (answer.status_code, "16,777,216 bytes" in answer.json()["error"]) == (400, True)
    assert sent <= security.LARGEST_PICTURE + 2**21
    assert upload(ask, "gan", bytes(security.LARGEST_PICTURE)).status_code == 400, "as large as may be, but no picture"


def test_only_pictures_may_be_large_and_only_this_page_sends_them(runs, visit):
    ask, content = visit(runs), file_of(ramp())
    for path in ("/api/runs/gan/steer", "/api/runs", "/api/runs/gan/invert/x", "/api/runs/a/b/invert"):
        assert ask("POST", path, content=content, headers=RAW).status_code == 415
    for kind in ("application/json", "image/png", "text/plain", "multipart/form-data"):
        headers = {"content-type": kind}
        assert ask("POST", "/api/runs/gan/invert", content=content, headers=headers).status_code == 415
    elsewhere = {**RAW, "origin": "http://example.org"}
    assert ask("POST", "/api/runs/gan/invert", content=content, headers=elsewhere).status_code == 403
    assert visit(runs, token="secret")("POST", "/api/runs/gan/invert", content=content, headers=RAW).status_code == 401


@pytest.mark.parametrize(
    ("run", "question", "status", "word"),
    [
        ("gan", {"method": "encoder"}, 400, "no encoder"),
        ("gan", {"method": "magic"}, 400, "method="),
        ("gan", {"steps": 301}, 400, "steps="),
        ("gan", {"steps": 0}, 400, "steps="),
        ("gan", {"label": 1}, 400, "takes no class"),
        ("gan", {"checkpoint": 7}, 400, "no checkpoint 7"),
        ("cgan", {}, 400, "by its label"),
        ("cgan", {"label": 10}, 400, "Class 10"),
        ("nowhere", {}, 404, "no 'nowhere'"),
        ("..%2fgan", {}, 415, "JSON"),
    ],
)
def test_what_cannot_be_inverted_is_said(runs, visit, run, question, status, word):
    answer = upload(visit(runs), run, file_of(ramp()), **question)
    assert answer.status_code == status
    assert word in str(answer.json())


def test_nothing_of_an_upload_is_kept(runs, visit, cache):
    def everything():
        places = [path for folder in (runs, cache) for path in folder.rglob("*")]
        return {path: path.stat().st_mtime_ns for path in places if path.is_file()}

    ask, content = visit(runs), file_of(ramp())
    upload(ask, "gan", content, "nearest")  # what is known of the training data is kept from the first time on
    before, listed = everything(), ask("GET", "/api/runs").json()
    found = upload(ask, "gan", content, steps=3).json()
    near = upload(ask, "gan", content, "nearest").json()
    other = file_of(ramp().rotate(180))
    stranger = visit(runs)
    assert upload(stranger, "gan", other, steps=3).json()["target"] != found["target"]
    assert everything() == before
    assert stranger("GET", "/api/runs").json() == listed
    assert upload(stranger, "gan", content, steps=3).json() == found
    assert upload(stranger, "gan", content, "nearest").json() == near
    assert not [path for path in everything() if content in path.read_bytes()]


def test_the_nearest_training_image_of_a_training_image_is_itself(runs, visit):
    data = data_of(runs / "gan")
    image = data.train.x(np.array([100]))
    told = upload(visit(runs), "gan", png(to_image(to_pixels(image)[0])), "nearest").json()
    assert [title.partition("@")[0] for title in told["columns"]] == ["in pixels", "in features (classifier:digits"]
    for images in told["columns"].values():
        assert images[0] == pictures(image)[0]
        assert len(images) == 4
    assert told["says"] == "Among 1,538 of 1,538 training images."


def test_without_a_classifier_at_hand_features_are_pixels(runs, visit, monkeypatch):
    monkeypatch.setattr(neighbours, "classifier_at_hand", lambda data: None)
    told = upload(visit(runs), "gan", file_of(ramp()), "nearest").json()
    assert list(told["columns"]) == ["in pixels", "in features (pixels:8x8)"]


def test_data_that_changed_is_not_passed_for_what_was_learned(runs, tmp_path, visit):
    shutil.copytree(runs / "gan", tmp_path / "gan")
    manifest = tmp_path / "gan" / "run.json"
    about = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**about, "data": {**about["data"], "fingerprint": "0" * 64}}))
    with pytest.raises(UserError, match="its content has changed"):
        data_of(tmp_path / "gan")
    assert "has changed" in upload(visit(tmp_path), "gan", file_of(ramp()), "nearest").json()["error"]


def test_others_are_answered_while_one_waits_for_a_latent(runs):
    """A long computation lets go of the lock between its steps."""
    models, order = Models(), list[str]()
    model = models.get(runs / "gan", Ask())
    assert not any(p.requires_grad for p in model.parameters()), "so that two inversions at once leave it as it is"
    begun = threading.Event()

    def long() -> None:
        with models.lock:
            begun.set()
            for _ in range(200):
                time.sleep(0.001)
                models.breathe()
            order.append("long")

    thread = threading.Thread(target=long)
    thread.start()
    begun.wait()
    with models.lock:
        order.append("short")
    thread.join()
    assert order == ["short", "long"]
