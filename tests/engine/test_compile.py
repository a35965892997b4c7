"""Compiled networks: the same training, and run.json says what stayed eager."""

from __future__ import annotations

import copy

import pytest
import torch
from torch._dynamo.utils import counters
from torch._inductor import config

from saddlepoint import catalogue
from saddlepoint.data.load import load
from saddlepoint.engine import compile as compiling
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.probe import differentiated_twice
from saddlepoint.engine.trainer import Trainer
from saddlepoint.errors import UserError
from support import digits_for, equal, small, tensors, toy, trainer

NAMES = [name for name in catalogue.names() if catalogue.info(name).recipe == name]
SOURCES = {"image": "digits", "points": "ring"}
KINDS = [  # the toy sets have no labels
    (name, kind)
    for name in NAMES
    for kind in catalogue.recipe_class(name).kinds
    if kind == "image" or not catalogue.recipe_class(name).conditional
]
pytestmark = [  # warnings of torch's compiler about itself
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning"),
]

PENALISED = {(name, "discriminator") for name in ("wgan_gp", "dragan", "wgan_div", "unrolled_gan")}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Capture and differentiate as always, but leave out the C++ compiler."""
    monkeypatch.setattr(compiling, "_BACKEND", "aot_eager")
    torch._dynamo.reset()
    counters.clear()


def make(name: str, kind: str = "image", **config: object) -> Trainer:
    spec = digits_for(name) if kind == "image" else load(SOURCES[kind]).spec
    parts = {} if catalogue.recipe_class(name).compares else {"micro_batch": 5}
    return trainer(small(name, spec), SOURCES[kind], **{"batch": 8, **parts, **config})


def run(t: Trainer, steps: int = 2) -> list[float]:
    losses: list[float] = []
    for _ in range(steps):
        t.one_step(Budget(steps=10))
        losses += [float(v) for key, values in t.update.logs.items() if key.endswith("/loss") for v in values]
    return losses


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_losses_are_those_of_eager_code(name: str, kind: str) -> None:
    eager, compiled = make(name, kind), make(name, kind, compile=True)
    assert run(compiled) == pytest.approx(run(eager), rel=1e-4, abs=1e-5)
    for (key, ours), theirs in zip(tensors(compiled.recipe).items(), tensors(eager.recipe).values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4, msg=key)
    for network, outcome in compiled.compiled.items():
        assert (outcome == "compiled") == ((name, network) not in PENALISED)
    if name not in {"m1_m2", "rbm"}:  # whose second network begins later; whose network is not called, but its methods
        assert counters["stats"]["unique_graphs"] > len(compiled.compiled), "each network and the trifle"
    assert not counters["graph_break"]


@pytest.mark.usefixtures("quick")
def test_names_and_copies_stay_and_samples_are_drawn_eagerly() -> None:
    t = make("dcgan", compile=True, ema=0)
    run(t, 1)
    assert tensors(t.recipe).keys() == tensors(make("dcgan").recipe).keys()
    graphs = counters["stats"]["unique_graphs"]
    with t.average.ready() as model:
        assert model is t.recipe
        for n in (1, 3, 7):
            model.sample(n)
    run(copy_of(t), 1)
    assert counters["stats"]["unique_graphs"] == graphs


def copy_of(t: Trainer) -> Trainer:
    return Trainer(copy.deepcopy(t.recipe), t.data, t.config.model_copy(update={"compile": False}))


@pytest.mark.usefixtures("quick")
def test_a_compiled_run_resumes(tmp_path) -> None:
    whole, first = make("dcgan", compile=True), make("dcgan", compile=True)
    run(whole, 4)
    run(first)
    first.folder = tmp_path
    folder = first.write_checkpoint()
    second = make("dcgan", compile=True)
    second.restore(folder)
    run(second)
    for ours, theirs in zip(tensors(second.recipe).values(), tensors(whole.recipe).values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_second_derivatives_are_found_and_the_probe_leaves_no_trace(name: str, kind: str) -> None:
    t = make(name, kind, precision="bf16")
    before, random, images = tensors(t.recipe), torch.get_rng_state(), t.recipe.images_seen
    assert {(name, network) for network in differentiated_twice(t.probe)} == {p for p in PENALISED if p[0] == name}
    assert equal(before, tensors(t.recipe))
    assert torch.equal(random, torch.get_rng_state())
    assert (images, t.position) == (t.recipe.images_seen, 0)
    assert all(p.grad is None and p.requires_grad for p in t.recipe.parameters())


def test_without_a_compiler_it_says_so() -> None:
    torch._dynamo.reset()
    nowhere = config.patch({"cpp.cxx": ("no-such-compiler",), "fx_graph_cache": False})
    with nowhere, pytest.raises(UserError, match="needs a C\\+\\+ compiler"):
        trainer(toy(), compile=True)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), [("gan", "points"), ("dcgan", "image")])
def test_machine_code_gives_the_losses_of_eager_code(name: str, kind: str) -> None:
    torch._dynamo.reset()
    with config.patch(fallback_random=True):  # dropout's masks as eager code draws them
        losses = run(make(name, kind, compile=True), 3)
    assert losses == pytest.approx(run(make(name, kind), 3), rel=1e-3, abs=1e-4)
