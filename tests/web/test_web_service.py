"""Samples by request: the same as the library's, whoever asks and in whatever order."""

from __future__ import annotations

import base64
import io
import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from saddlepoint import api
from saddlepoint.errors import UserError
from saddlepoint.pictures import to_pixels
from saddlepoint.web import picks, service
from saddlepoint.web.models import Ask, Models
from saddlepoint.web.picks import Pick
from saddlepoint.web.service import Draw


@pytest.fixture(scope="module")
def gan(runs: Path):
    return api.load(runs / "gan")


@pytest.fixture(scope="module")
def cgan(runs: Path):
    return api.load(runs / "cgan")


def decoded(address: str):
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(content)))


def test_samples_are_the_librarys_in_any_order(gan):
    assert torch.equal(service.samples(gan, Draw(seed=5, n=7).wanted()), gan.sample(7, seed=5))
    chosen = [Pick(5, 3), Pick(1, 0), Pick(5, 4), Pick(5, 5), Pick(5, 3)]
    apart = torch.cat([gan.sample(1, seed=p.seed, first=p.index) for p in chosen])
    torch.testing.assert_close(service.samples(gan, chosen), apart)


def test_truncation_scales_the_normal_latent(gan):
    chosen = Draw(n=5).wanted()
    z = picks.latents(gan, chosen)
    torch.testing.assert_close(picks.latents(gan, chosen, 0.5), 0.5 * z)
    near = service.samples(gan, chosen, 1 - 1e-6)
    torch.testing.assert_close(near, service.samples(gan, chosen), atol=1e-3, rtol=0)
    alone = service.samples(gan, chosen, 0.0)
    torch.testing.assert_close(alone, alone[:1].expand_as(alone))
    assert service.samples(gan, chosen).std(0).mean() > 0.01


def test_classes_take_turns_or_are_named(cgan):
    assert picks.labels(cgan, Draw(n=12).wanted()).tolist() == [*range(10), 0, 1]
    assert picks.labels(cgan, Draw(n=3, label=7).wanted()).tolist() == [7, 7, 7]
    torch.testing.assert_close(service.samples(cgan, Draw(n=3, label=7).wanted()), cgan.sample(3, y=7))
    with pytest.raises(UserError, match="Class 10 does not exist"):
        picks.labels(cgan, [Pick(0, 0, 10)])


def test_what_a_model_cannot_do_is_refused_in_words(gan):
    with pytest.raises(UserError, match="takes no class"):
        picks.labels(gan, [Pick(0, 0, 1)])
    for text in ("", "1", "1.2.3.4", "a.b", "-1.2", "0." + "9" * 30, ",".join(["0.0"] * 65)):
        with pytest.raises(UserError, match="write up to"):
            picks.parse(text)
    assert [str(pick) for pick in picks.parse("0.3,5.1.2")] == ["0.3", "5.1.2"]


def test_a_few_models_are_kept(runs):
    models = Models(kept=1)
    first = models.get(runs / "gan", Ask())
    assert models.get(runs / "gan", Ask()) is first
    assert models.get(runs / "gan", Ask(weights="raw")) is not first
    assert models.get(runs / "gan", Ask()) is not first
    assert not first.training


def test_generate_gives_pictures_with_their_names(runs, gan, visit):
    ask = visit(runs)
    drawn = ask("GET", "/api/runs/gan/generate?seed=3&n=4").json()
    assert drawn["picks"] == ["3.0", "3.1", "3.2", "3.3"]
    for image, pixels in zip(drawn["images"], to_pixels(gan.sample(4, seed=3)), strict=True):
        assert np.array_equal(decoded(image), pixels[..., 0])
    again = ask("GET", "/api/runs/gan/generate?picks=3.2,3.0").json()
    assert again["images"] == [drawn["images"][2], drawn["images"][0]]
    named = ask("GET", "/api/runs/cgan/generate?n=2&label=4").json()
    assert (named["labels"], named["picks"]) == (["4", "4"], ["0.0.4", "0.1.4"])


def test_grid_and_latents_download(runs, gan, visit):
    ask = visit(runs)
    sheet = ask("GET", "/api/runs/gan/sheet.png?n=4")
    assert Image.open(io.BytesIO(sheet.content)).format == "PNG"
    assert sheet.headers["content-disposition"] == 'attachment; filename="gan.png"'
    file = ask("GET", "/api/runs/gan/latents.npy?picks=0.1,2.5&psi=0.5")
    z = np.load(io.BytesIO(file.content), allow_pickle=False)
    assert np.array_equal(z, picks.latents(gan, [Pick(0, 1), Pick(2, 5)], 0.5).numpy())


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("n=65", "n="),
        ("n=0", "n="),
        ("seed=-1", "seed="),
        ("seed=x", "seed="),
        ("psi=2", "psi="),
        ("psi=nan", "psi="),
        ("checkpoint=../..", "checkpoint="),
        ("checkpoint=7", "no checkpoint 7"),
        ("checkpoint=best", "no best checkpoint"),
        ("weights=all", "weights="),
        ("label=1", "takes no class"),
        ("nonsense=1", "nonsense="),
        ("picks=1", "picks="),
    ],
)
def test_wrong_questions_are_answered_in_words(runs, visit, question, word):
    answer = visit(runs)("GET", f"/api/runs/gan/generate?{question}")
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_visitors_share_no_state(runs, visit):
    """Many at once get what each alone would get."""
    alone = {seed: visit(runs)("GET", f"/api/runs/gan/generate?seed={seed}&n=3").json() for seed in range(4)}
    found: dict[int, object] = {}
    crowd = [visit(runs) for _ in alone]

    def come(seed: int) -> None:
        for _ in range(3):
            found[seed] = crowd[seed]("GET", f"/api/runs/gan/generate?seed={seed}&n=3").json()

    threads = [threading.Thread(target=come, args=(seed,)) for seed in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


def test_the_listing_says_how_each_run_is(runs, tmp_path, visit):
    shutil.copytree(runs / "gan", tmp_path / "gan")
    shutil.copytree(runs / "cgan", tmp_path / "short")
    manifest = json.loads((tmp_path / "short" / "run.json").read_text())
    (tmp_path / "short" / "run.json").write_text(json.dumps({**manifest, "budget": {"steps": 80}}))
    for log in (tmp_path / "short").glob("*.jsonl"):
        log.touch()  # as if a step had just ended
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "run.json").write_text("{")
    (tmp_path / "no run").mkdir()
    ask = visit(tmp_path)
    listed = {run["name"]: run for run in ask("GET", "/api/runs").json()}
    assert {name: run["state"] for name, run in listed.items()} == {
        "gan": "finished",
        "short": "elsewhere",
        "damaged": "damaged",
    }
    assert listed["gan"]["recipe"] == "gan"
    assert listed["short"]["fraction"] == 0.5
    assert "damaged" in listed["damaged"]["says"]
    about = ask("GET", "/api/runs/gan").json()
    images, values = about["curves"]["loss"]["generator"]
    assert len(images) == len(values) == 4
    assert about["config"]["recipe"]["g_widths"] == [16, 16]
    picture = ask("GET", f"/api/runs/gan/samples/{about['pictures'][-1]}")
    assert picture.content == (tmp_path / "gan" / "samples" / about["pictures"][-1]).read_bytes()


def test_a_run_without_a_checkpoint_says_so(runs, tmp_path, visit):
    shutil.copytree(runs / "gan", tmp_path / "young", ignore=shutil.ignore_patterns("checkpoints"))
    answer = visit(tmp_path)("GET", "/api/runs/young/generate")
    assert answer.status_code == 400
    assert "no checkpoint yet" in answer.json()["error"]
