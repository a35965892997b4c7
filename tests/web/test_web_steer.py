"""Steering by request: the same as the library's arithmetic on latents, computed here by itself."""

from __future__ import annotations

import base64
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from saddlepoint import api
from saddlepoint.errors import UserError
from saddlepoint.latent.arithmetic import JITTER
from saddlepoint.latent.directions import ganspace, sefa
from saddlepoint.pictures import to_pixels
from saddlepoint.types import DataSpec
from saddlepoint.web import attributes, codes, steer
from saddlepoint.web.attributes import Marks
from saddlepoint.web.picks import Pick, latents, packed, parse, unpacked
from saddlepoint.web.service import Draw, samples
from saddlepoint.web.steer import Move, Steer, Sum
from support import small


@pytest.fixture(autouse=True)
def environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLE_CACHE", str(cache))


@pytest.fixture(scope="module")
def gan(runs: Path):
    return api.load(runs / "gan")


@pytest.fixture(scope="module")
def infogan(others: Path):
    return api.load(others / "codes")


def shown(address: str):
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(content))).astype(int)


def pixels(x):
    return to_pixels(x)[0, ..., 0].astype(int)


def picks(count: int, seed: int = 0, first: int = 0) -> str:
    return ",".join(f"{seed}.{first + i}" for i in range(count))


@torch.no_grad()
def test_without_moves_it_is_the_sample_itself(runs, gan, visit):
    for run, pick in (("gan", "3.5"), ("cgan", "3.5.7"), ("cgan", "0.4")):
        model = api.load(runs / run)
        body = {
            "pick": pick,
            "amounts": [0, 0, 0],
            "moves": [{"vector": packed(latents(model, [Pick(9, 9)])[0]), "amount": 0}],
        }
        answer = visit(runs)("POST", f"/api/runs/{run}/steer", json=body).json()
        itself = pixels(samples(model, parse(pick)))
        assert np.abs(shown(answer["images"][0]) - itself).max() <= 1
        assert torch.equal(unpacked(answer["latent"], model), latents(model, parse(pick))[0])
    assert itself.std() > 1


@pytest.mark.parametrize(("method", "find"), [("sefa", sefa), ("ganspace", ganspace)])
@torch.no_grad()
def test_a_slider_moves_along_its_direction_by_standard_deviations(runs, gan, visit, method, find):
    ask = visit(runs)
    found = find(gan, steer.COUNT)
    listed = ask("GET", f"/api/runs/gan/directions?method={method}").json()
    assert listed["strength"] == pytest.approx(found.strength.tolist(), rel=1e-4)
    assert ask("GET", f"/api/runs/gan/directions?method={method}").json() == listed
    z = latents(gan, [Pick(1, 2)])
    there = gan.generate(z + 2.5 * found.spread[1] * found.vectors[1] - 1.5 * found.spread[0] * found.vectors[0])
    body = {"pick": "1.2", "method": method, "amounts": [-1.5, 2.5]}
    moved = shown(ask("POST", "/api/runs/gan/steer", json=body).json()["images"][0])
    assert np.abs(moved - pixels(there)).max() <= 1
    assert np.abs(moved - pixels(gan.generate(z))).max() > 20


@torch.no_grad()
def test_a_carried_latent_is_steered_as_a_pick_is(runs, gan, visit):
    ask = visit(runs)
    z, vector = latents(gan, [Pick(0, 1), Pick(0, 2)])
    moves = [{"vector": packed(vector), "amount": 0.5}]
    by_latent = ask("POST", "/api/runs/gan/steer", json={"latent": packed(z), "moves": moves}).json()
    assert by_latent == ask("POST", "/api/runs/gan/steer", json={"pick": "0.1", "moves": moves}).json()
    torch.testing.assert_close(unpacked(by_latent["latent"], gan), z + 0.5 * vector)
    named = ask("POST", "/api/runs/cgan/steer", json={"pick": "0.1.4"}).json()
    again = ask("POST", "/api/runs/cgan/steer", json={"latent": named["latent"], "label": 4}).json()
    assert again["images"] == named["images"]
    other = ask("POST", "/api/runs/cgan/steer", json={"latent": named["latent"], "label": 5}).json()
    assert other["images"] != named["images"]


def latent_of(model: Any, change=lambda z: z) -> str:
    z = change(np.zeros(sum(part.size for part in model.slices), "<f4"))
    return base64.b64encode(z.tobytes()).decode()


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "one sample"),
        ({"pick": "0.1", "latent": "AAAA"}, "one sample"),
        ({"pick": "0.1,0.2"}, "one sample"),
        ({"pick": "x"}, "picks='x'"),
        ({"pick": "0.1.3"}, "takes no class"),
        ({"latent": "ä"}, "base64"),
        ({"latent": "AAA"}, "base64"),
        ({"latent": "AAAAAA=="}, "4 bytes"),
        ({"latent": ["AAAA"]}, "latent="),
        ({"pick": "0.1", "amounts": [11]}, "amounts.0=11"),
        ({"pick": "0.1", "amounts": ["x"]}, "amounts.0="),
        ({"pick": "0.1", "amounts": [0] * 9}, "amounts="),
        ({"pick": "0.1", "moves": [{"vector": "AAAA", "amount": 1}]}, "3 bytes"),
        ({"pick": "0.1", "method": "magic"}, "method="),
        ({"pick": "0.1", "codes": {"kind": 1}}, "no code 'kind'"),
        ({"pick": "0.1", "sideways": 1}, "sideways="),
    ],
)
def test_wrong_places_and_moves_are_answered_in_words(runs, visit, body, word):
    answer = visit(runs)("POST", "/api/runs/gan/steer", json=body)
    assert (answer.status_code, word in answer.json()["error"]) == (400, True), answer.json()


def test_latents_that_are_not_finite_or_without_their_class_are_refused(runs, gan, visit):
    ask = visit(runs)
    for bad in (np.nan, np.inf, -np.inf):
        text = latent_of(gan, lambda z, bad=bad: np.where(np.arange(len(z)) == 1, np.float32(bad), z).astype("<f4"))
        for body in ({"latent": text}, {"pick": "0.0", "moves": [{"vector": text, "amount": 1}]}):
            answer = ask("POST", "/api/runs/gan/steer", json=body)
            assert (answer.status_code, "finite" in answer.json()["error"]) == (400, True)
    raw = '{"pick": "0.0", "amounts": [NaN]}'
    answer = ask("POST", "/api/runs/gan/steer", content=raw, headers={"content-type": "application/json"})
    assert (answer.status_code, "amounts.0=nan" in answer.json()["error"]) == (400, True)
    cgan = latent_of(api.load(runs / "cgan"))
    assert "give its label" in ask("POST", "/api/runs/cgan/steer", json={"latent": cgan}).json()["error"]
    wrong = ask("POST", "/api/runs/cgan/steer", json={"latent": cgan, "label": 10})
    assert "Class 10 does not exist" in wrong.json()["error"]
    assert ask("POST", "/api/runs/nowhere/steer", json={"pick": "0.0"}).status_code == 404


def test_codes_can_be_read_and_set(others, infogan, visit):
    ask = visit(others)
    listed = {code["name"]: code for code in ask("GET", "/api/runs/codes/codes").json()}
    assert {name: code["values"] for name, code in listed.items()} == {"category 0": 10, "code 0": 0, "code 1": 0}
    assert listed["code 1"]["high"] == pytest.approx(0.95)
    asked = {"pick": "0.0", "codes": {"category 0": 7, "code 1": -0.5}, "amounts": [1.0]}
    answer = ask("POST", "/api/runs/codes/steer", json=asked).json()
    z = unpacked(answer["latent"], infogan)
    assert z[6:16].tolist() == [0.0] * 7 + [1.0, 0.0, 0.0]
    assert z[17] == -0.5
    assert answer["codes"]["category 0"] == 7
    before = latents(infogan, [Pick(0, 0)])[0]
    assert codes.read(infogan, before)["category 0"] == int(before[6:16].argmax())
    assert z[16] != before[16], "a direction may move the codes that were not set"
    for values, word in (
        ({"category 0": 10}, "0 to 9"),
        ({"category 0": 0.5}, "0 to 9"),
        ({"kind": 1}, "no code 'kind'"),
    ):
        answer = ask("POST", "/api/runs/codes/steer", json={"pick": "0.0", "codes": values})
        assert (answer.status_code, word in answer.json()["error"]) == (400, True)
    assert codes.codes(api.load(others / "vae")) == []


@torch.no_grad()
def test_sums_are_the_arithmetic_of_images_where_the_generator_is_linear():
    class Linear(torch.nn.Module):
        """What a sum needs of a model: G(z) = 0.05 W z."""

        def __init__(self) -> None:
            super().__init__()
            self.inside = small("gan", DataSpec(shape=(1, 4, 4)), latent=5)
            self.weight = torch.randn(5, 16, generator=torch.Generator().manual_seed(0))

        def __getattr__(self, name: str) -> Any:
            return super().__getattr__(name) if name in ("inside", "weight") else getattr(self.inside, name)

        def prior(self, noise):
            return self.inside.prior(noise)

        def generate(self, z, y=None):
            return (0.05 * z @ self.weight).view(-1, 1, 4, 4)

    model: Any = Linear()
    asked = Sum(a="0.0,0.1", b="0.2", c="5.0,5.1,5.2")
    a, b, c = (model.generate(latents(model, parse(text))).mean(0) for text in (asked.a, asked.b, asked.c))
    summed = steer.summed(model, asked)
    assert np.abs(shown(summed["images"][4]) - pixels((a - b + c)[None])).max() <= 1
    middle = unpacked(summed["latents"][4], model)
    apart = torch.stack([unpacked(text, model) for text in summed["latents"]]) - middle
    assert len(summed["latents"]) == 9
    assert 0 < float(apart.abs().max()) <= JITTER


def test_sums_keep_the_class_of_c_and_want_all_three(runs, visit):
    ask = visit(runs)
    asked = {"a": "0.1.3", "b": "0.1.8", "c": "4.4.2"}
    summed = ask("POST", "/api/runs/cgan/sum", json=asked).json()
    assert summed["label"] == 2
    steered = ask("POST", "/api/runs/cgan/steer", json={"latent": summed["latents"][4], "label": 2}).json()
    alone = ask("GET", "/api/runs/cgan/generate?picks=4.4.2").json()
    for image in (steered["images"][0], alone["images"][0]):  # a's latent is b's
        assert np.abs(shown(summed["images"][4]) - shown(image)).max() <= 1
    other = ask("POST", "/api/runs/cgan/sum", json={**asked, "seed": 1}).json()
    assert other["images"][0] != summed["images"][0]
    assert "one sample or more of each" in ask("POST", "/api/runs/cgan/sum", json={**asked, "b": ""}).json()["error"]


def test_many_marks_are_learnt_from_and_judged(gan):
    every = Draw(n=64).wanted()
    z = latents(gan, every)
    planted = torch.zeros(z.shape[1])
    planted[3] = 1
    has = [pick for pick, latent in zip(every, z, strict=True) if latent @ planted > 0.3]
    lacks = [pick for pick in every if pick not in has]
    told = attributes.by_marks(gan, Marks(has=",".join(map(str, has)), lacks=",".join(map(str, lacks))))
    vector = unpacked(told["vector"], gan)
    assert float(vector @ planted / vector.norm()) == pytest.approx(float((vector / vector.norm()).max()))
    assert float(vector.norm()) == pytest.approx(1, abs=0.1), "a standard deviation of draws"
    assert told["says"].startswith("Logistic regression on 64 marks: ")
    assert "of the 13 held out" in told["says"]


def test_few_marks_give_the_difference_of_their_means_and_say_how_sure():
    corners = torch.tensor([[4.0, 1.0], [4.0, -1.0], [4.0, 0.0]])
    vector, right = attributes.mean_difference(corners, -corners[:2])
    torch.testing.assert_close(vector, torch.tensor([8.0, 0.0]) / 8)
    assert right == 5
    assert attributes.mean_difference(corners[:1], -corners)[1] is None
    # Each lies nearer the others' mean: left out one at a time, none is told right, whatever the means of all say.
    assert attributes.mean_difference(torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [1.9]]))[1] == 0
    with pytest.raises(UserError, match="no direction"):
        attributes.mean_difference(corners, corners)


def test_marks_by_request(runs, gan, visit):
    def learn(has, lacks):
        return visit(runs)("POST", "/api/runs/gan/attribute/marks", json={"has": has, "lacks": lacks})

    told = learn("0.1,0.2", "0.3").json()
    vector = unpacked(told["vector"], gan)
    a, b, c = latents(gan, parse("0.1,0.2,0.3"))
    assert float(torch.cosine_similarity(vector, (a + b) / 2 - c, dim=0)) == pytest.approx(1, abs=1e-5)
    assert "too few to say how sure" in told["says"]
    assert (
        "of 9 lie on the right side (always naming the commoner: 5)" in learn(picks(5), picks(4, seed=1)).json()["says"]
    )
    assert "Logistic regression" in learn(picks(10), picks(10, seed=1)).json()["says"]
    for has, lacks, word in (("", "0.1", "Mark one"), ("0.1", "0.2,0.1", "0.1 is marked both"), ("x", "0.1", "picks=")):
        answer = learn(has, lacks)
        assert (answer.status_code, word in answer.json()["error"]) == (400, True)


def test_classes_of_the_training_data_are_learnt_where_the_model_encodes(others, runs, visit):
    ask = visit(others)
    told = ask("POST", "/api/runs/vae/attribute/classes", json={"has": 0, "lacks": 1}).json()
    says = told["says"]
    assert "encoded training images" in says
    assert int(says.split(": ")[1].split("%")[0]) > 85, "noughts and ones lie apart"
    assert "no better" not in says
    body = {"pick": "0.0", "moves": [{"vector": told["vector"], "amount": 3}]}
    moved = ask("POST", "/api/runs/vae/steer", json=body).json()
    less = ask("POST", "/api/runs/vae/steer", json={**body, "moves": [{**body["moves"][0], "amount": -3}]}).json()
    assert shown(moved["images"][0])[2:6, 3:5].mean() < shown(less["images"][0])[2:6, 3:5].mean(), "a nought is hollow"
    for body, word in (
        ({"has": 0, "lacks": 10}, "Class 10"),
        ({"has": 3, "lacks": 3}, "choose two"),
        ({"has": 0}, "lacks="),
    ):
        answer = ask("POST", "/api/runs/vae/attribute/classes", json=body)
        assert (answer.status_code, word in answer.json()["error"]) == (400, True), answer.json()
    refused = visit(runs)("POST", "/api/runs/gan/attribute/classes", json={"has": 0, "lacks": 1})
    assert (refused.status_code, "no encoder" in refused.json()["error"]) == (400, True)


def test_classes_want_their_data(others, tmp_path, visit):
    shutil.copytree(others / "vae", tmp_path / "vae")
    manifest = tmp_path / "vae" / "run.json"
    manifest.write_text(manifest.read_text().replace('"source": "digits"', '"source": "/no/such/folder"'))
    answer = visit(tmp_path)("POST", "/api/runs/vae/attribute/classes", json={"has": 0, "lacks": 1})
    assert (answer.status_code, "/no/such/folder" in answer.json()["error"]) == (400, True)


def test_directions_go_with_their_model(gan):
    """Found once for each, and forgotten with it."""
    asked = Steer(pick="0.0", amounts=(1.0,), moves=(Move(vector=latent_of(gan), amount=1),))
    before = len(steer._found)
    first = steer.steered(gan, asked)
    held = steer.directions(gan, "sefa")
    assert steer.directions(gan, "sefa") is held
    assert steer.steered(gan, asked) == first
    other = small("gan", DataSpec(shape=(1, 8, 8)), latent=5)
    assert steer.directions(other, "sefa").vectors.shape[1] == 5
    del other
    assert len(steer._found) <= before + 1
