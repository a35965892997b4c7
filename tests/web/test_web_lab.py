"""The laboratory by request: what `saddlepoint.lab` itself gives, and live games that end with their visitors."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.errors import UserError
from saddlepoint.lab import dirac, game, orbit, ring
from saddlepoint.web import lab, live, room
from saddlepoint.web.room import Room

SMALL = "g_widths=[8,8] d_widths=[8] batch=32"


@pytest.fixture(autouse=True)
def environment(cache, monkeypatch):
    monkeypatch.setenv("SADDLE_CACHE", str(cache))
    monkeypatch.setattr(room, "PATIENCE", 0.2)


def lines(answer) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_orbits_are_the_laboratorys(tmp_path, visit):
    told = visit(tmp_path)("GET", "/api/lab/orbit?lr=0.2&steps=30").json()
    assert list(told["plays"]) == list(orbit.PLAYS)
    for name, each in told["plays"].items():
        own = orbit.orbit(name, lr=0.2, steps=30)
        np.testing.assert_allclose(each["points"], own.points, rtol=1e-3)
        np.testing.assert_allclose(each["radius"], own.radius, rtol=1e-3)
        np.testing.assert_allclose([complex(*pair) for pair in each["eigenvalues"]], own.eigenvalues, atol=1e-3)
        assert each["says"] == orbit.verdict(name, own)
    assert [1.6, -2.0, *(orbit.field(np.array([1.6, -2.0])) / np.hypot(1.6, 2)).round(4)] in told["field"]


def test_dirac_is_the_laboratorys(tmp_path, visit):
    ask = visit(tmp_path)
    told = ask("GET", "/api/lab/dirac?objective=hinge&penalty=r1&weight=0.5&lr=0.2&steps=40").json()
    np.testing.assert_allclose(told["points"], dirac.play("hinge", "r1", 0.5, lr=0.2, steps=40), rtol=1e-3, atol=1e-8)
    own = dirac.eigenvalues("hinge", "r1", 0.5)
    np.testing.assert_allclose([complex(*pair) for pair in told["eigenvalues"]], own, atol=1e-3)
    assert (told["says"], told["gone"]) == (dirac.word(own), None)
    kink = ask("GET", "/api/lab/dirac?penalty=wgan_gp").json()
    assert (kink["eigenvalues"], kink["says"]) == (None, "a kink at the solution: no Jacobian")


def test_a_path_ends_where_it_leaves_the_plane(tmp_path, visit):
    told = visit(tmp_path)("GET", "/api/lab/dirac?penalty=wgan_div&weight=10&lr=1&steps=100").json()
    assert told["gone"] == len(told["points"]) < 100
    assert np.abs(told["points"]).max() < lab.FAR


def test_every_game_of_one_parameter_is_answered_or_refused_in_words(tmp_path, visit):
    ask = visit(tmp_path)
    choices = ask("GET", "/api/lab/choices").json()
    for objective in choices["objectives"]:
        for penalty in choices["penalties"]:
            answer = ask("GET", f"/api/lab/dirac?objective={objective}&penalty={penalty}&steps=1")
            refused = objective in dirac.REFUSED
            assert answer.status_code == (400 if refused else 200)
            assert not refused or answer.json()["error"] == dirac.REFUSED[objective]


def test_gradients_are_the_losses(tmp_path, visit):
    told = visit(tmp_path)("GET", "/api/lab/gradients").json()
    d = np.array(told["d_fake"])
    np.testing.assert_allclose(told["minimax"], -d, atol=1e-3)
    np.testing.assert_allclose(told["nonsaturating"], d - 1, atol=1e-3)


@pytest.mark.parametrize("data", ["8gaussians", "1d-mixture"])
def test_a_game_comes_moment_by_moment_to_its_end(tmp_path, visit, data):
    asked = {"recipe": "gan", "data": data, "steps": 3, "seed": 2, "options": SMALL}
    first, *frames = lines(visit(tmp_path)("POST", "/api/lab/game", json=asked))
    loaded = load(data, DataConfig())
    seen = game.scene(loaded)
    options = live.parse_options(SMALL)
    moments = list(game.play("gan", loaded, steps=3, frames=4, seed=2, options=options))
    assert [each["step"] for each in frames] == [0, 1, 2, 3]
    np.testing.assert_allclose(first["real"], seen.real, atol=1e-3)
    assert first["axis"] == [pytest.approx(seen.axis[0]), pytest.approx(seen.axis[-1]), len(seen.axis)]
    for told, moment in zip(frames, moments, strict=True):
        np.testing.assert_allclose(told["samples"], moment.samples, atol=1e-3)
        np.testing.assert_allclose(told["pull"], game.arrows(moment.pull, seen.width), atol=1e-3)
        assert told["says"] == game.describe(seen, moment)
        if data == "1d-mixture":
            np.testing.assert_allclose(told["scores"], moment.scores, rtol=1e-3)
            width = (first["axis"][1] - first["axis"][0]) / (first["axis"][2] - 1)
            assert np.sum(first["density"]) * width == pytest.approx(1, abs=0.01)
        else:
            assert told["scores"] == np.rint(100 * game.ranked(moment.scores)).ravel().tolist()
        assert len(json.dumps(told)) < 50_000


def test_every_recipe_that_is_offered_takes_the_options_proposed_for_it():
    choices = live.choices()
    assert {"gan", "wgan_gp", "r1_gan", "r3gan", "r3gan_tiny", "mmd_gan"} <= choices["recipes"].keys()
    for name, options in choices["recipes"].items():
        played = live.play(live.Game(recipe=name, data="1d-mixture", steps=1, options=options), Room())
        assert next(played)["real"]
        played.close()


def test_the_ring_is_learnt_beside_its_formula(tmp_path, visit):
    first, *frames = lines(visit(tmp_path)("POST", "/api/lab/ring", json={"steps": 2}))
    np.testing.assert_allclose(first["formula"], ring.exact().points, atol=1e-3)
    np.testing.assert_allclose(ring.ring(np.array(first["noise"], np.float32)), first["formula"], atol=0.05)
    learnt = list(ring.learn(steps=2, frames=3))
    assert [each["step"] for each in frames] == [0, 1, 2]
    for told, own in zip(frames, learnt, strict=True):
        np.testing.assert_allclose(told["points"], own.points, atol=1e-3)
        assert told["says"] == ring.describe(own)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"recipe": "ga"}, "no recipe 'ga'"),
        ({"recipe": "vae"}, "vae is no game"),
        ({"data": "digits"}, "choose among ring"),
        ({"data": "/etc/passwd"}, "choose among ring"),
        ({"steps": 0}, "steps=0"),
        ({"steps": 10**6}, "steps=1000000"),
        ({"options": "lrr=1"}, "did you mean lr"),
        ({"options": "lr=-1"}, "lr=-1"),
        ({"options": "fast"}, "'fast' is not an option"),
        ({"options": "g_widths=[100000]"}, "no number may be above 1,024"),
        ({"options": "g_widths=64,1e5"}, "no number may be above 1,024"),
        ({"options": "g_widths=64,100_000"}, "no number may be above 1,024"),
        ({"options": "batch=2000"}, "no number may be above 1,024"),
        ({"options": "x" * 501}, "at most 500"),
        ({"nonsense": 1}, "nonsense="),
    ],
)
def test_a_game_that_cannot_be_is_refused_in_words_before_it_begins(tmp_path, visit, change, word):
    answer = visit(tmp_path)("POST", "/api/lab/game", json={"steps": 1, "options": "", **change})
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_lists_may_be_written_with_spaces():
    assert live.parse_options(" g_widths=[64, 64]  lr=1e-3\n") == {"g_widths": [64, 64], "lr": 1e-3}
    assert live.parse_options("") == {}


def test_what_goes_wrong_later_is_the_last_line(tmp_path, visit):
    asked = {"recipe": "wgan_gp", "steps": 200, "options": "widths=[16,16] lr=1000 batch=16 betas=[0,0]"}
    told = lines(visit(tmp_path)("POST", "/api/lab/game", json=asked))
    assert "try a lower lr" in told[-1]["error"]
    assert all("step" in each for each in told[1:-1])


class Onlooker:
    """A visitor who reads an answer as it comes, and leaves."""

    def __init__(self, root) -> None:
        from saddlepoint.web.app import create_app

        self.app, self.read = create_app(root, room=Room(1)), []

    async def watch(self, asked: dict[str, Any], until: int) -> None:
        body = json.dumps(asked).encode()
        left = asyncio.Event()
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if given:
                return given.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            self.read += message.get("body", b"").splitlines()
            if len(self.read) >= until:
                left.set()

        headers = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(body))}
        await self.app(
            {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.3"},
                "http_version": "1.1",
                "method": "POST",
                "path": "/api/lab/game",
                "raw_path": b"/api/lab/game",
                "query_string": b"",
                "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            },
            receive,
            send,
        )


def test_a_game_ends_when_its_visitor_leaves(tmp_path, monkeypatch):
    """And the room is free again: the next game is let in."""
    steps: list[int] = []
    described = game.describe
    monkeypatch.setattr(game, "describe", lambda seen, moment: steps.append(moment.step) or described(seen, moment))
    visitor = Onlooker(tmp_path)
    asked = {"recipe": "gan", "steps": 5000, "options": SMALL}
    for round_ in (1, 2):
        steps.clear()
        visitor.read.clear()
        asyncio.run(visitor.watch(asked, until=3))
        assert len(steps) <= 5, round_  # of 50


def test_no_more_games_at_once_than_there_is_room_for(tmp_path):
    room = Room(1)
    asked = live.Game(steps=10, options=SMALL)
    playing = live.play(asked, room)
    next(playing)
    with pytest.raises(UserError, match=r"room for \(1\)"):
        next(live.play(asked, room))
    with pytest.raises(UserError, match=r"room for \(1\)"):
        list(live.learn(live.Training(steps=1), room))
    playing.close()
    assert next(live.play(asked, room))["real"]


def test_games_end_with_the_explorer():
    room = Room()
    for playing in (live.play(live.Game(steps=10, options=SMALL), room), live.learn(live.Training(steps=10), room)):
        room.closing = False
        next(playing)
        room.closing = True
        with pytest.raises(UserError, match="The explorer was ended"):
            list(playing)
