"""Every composition: the legal ones play a step, the others are refused by the sentence that is theirs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import get_args

import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.engine.update import Updater
from saddlepoint.errors import UserError
from saddlepoint.objectives.f_divergences import F_DIVERGENCES
from saddlepoint.objectives.games import GAMES
from saddlepoint.objectives.legality import OF_GRADIENTS, RULES, Composition, refusal
from saddlepoint.objectives.penalty import WEIGHTS
from saddlepoint.recipes.composed_gan import Objective, Penalty
from saddlepoint.types import Batch, DataSpec, Noise

IMAGES = DataSpec(shape=(1, 8, 8))
POINTS = DataSpec(kind="points", shape=(2,))
NAMES = get_args(Penalty)
NETWORKS, NORMS = ("mlp", "dcgan", "r3gan"), ("none", "batch", "layer", "spectral")


RECIPES: dict[str, tuple[str, dict[str, str]]] = {
    "nonsaturating": ("f_gan", {}),
    "minimax": ("f_gan", {"objective": "variational"}),
    "least_squares": ("lsgan", {}),
    "relativistic_average": ("ragan", {}),
    "boundary_seeking": ("bs_gan", {}),
    **{name: ("f_gan", {"divergence": name}) for name in F_DIVERGENCES if name != "gan"},
    **{
        f"{name}_minimax": ("f_gan", {"divergence": name, "objective": "variational"})
        for name in F_DIVERGENCES
        if name != "gan"
    },
}
"""Objectives that a recipe of its own plays without a penalty or a bound on the weights."""


def everything() -> Iterator[Composition]:
    """Up to two penalties, and r1 with r2 and orthogonal, the only three that go together."""
    some = [(), *itertools.combinations_with_replacement(NAMES, 1), *itertools.combinations_with_replacement(NAMES, 2)]
    some.append(("r1", "r2", "orthogonal"))
    for objective, penalties, network, norm in itertools.product(GAMES, some, NETWORKS, NORMS):
        yield Composition(objective=objective, penalties=penalties, network=network, norm=norm)


LEGAL = [c for c in everything() if refusal(c) is None]
ILLEGAL = [c for c in everything() if refusal(c) is not None]


def create(c: Composition, spec: DataSpec = IMAGES, **config):
    torch.manual_seed(0)
    options = {"width": 16 if c.network == "r3gan" else 2, "widths": [8], "latent": 4}
    return catalogue.create("composed_gan", spec, **{**vars(c), **options, **config})


def batch_of(spec: DataSpec, rows: int = 4) -> Batch:
    x = torch.rand(rows, *spec.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return Batch(x=x, y=None, index=torch.arange(rows), noise=Noise("batch", rows=rows))


def test_the_config_names_what_there_is():
    assert {*get_args(Objective)} == {*GAMES}
    assert {*NAMES} == {*WEIGHTS} == OF_GRADIENTS | {"orthogonal"}
    assert len(LEGAL) > 1000


@pytest.mark.parametrize("objective", RECIPES)
def test_a_composed_game_is_its_recipes_own(objective):
    """Both losses, of the same players on the same examples and latents."""
    torch.manual_seed(0)
    name, options = RECIPES[objective]
    own = catalogue.create(name, POINTS, widths=[8], latent=4, **options)
    composed = catalogue.create("composed_gan", POINTS, widths=[8], latent=4, objective=objective)
    composed.generator, composed.discriminator, composed.prior = own.generator, own.discriminator, own.prior
    for player in ("discriminator", "generator"):
        found, wanted = (getattr(gan, f"{player}_objective")(batch_of(POINTS, 64)) for gan in (composed, own))
        torch.testing.assert_close(found["loss"], wanted["loss"])


def test_no_two_objectives_are_the_same_but_for_constants():
    """Except Jensen-Shannon's, which are gan's by f-GAN's table."""
    real, fake = torch.tensor([[2.0], [-0.3], [0.8]]), torch.tensor([[0.7], [-1.5], [1.2]])
    told: dict[tuple[float, ...], str] = {}
    for name, game in GAMES.items():
        scores = real.clone().requires_grad_(), fake.clone().requires_grad_()
        slopes = [
            *torch.autograd.grad(game.discriminator(*scores), scores),
            *torch.autograd.grad(game.generator(*scores), scores[1:]),
        ]
        same = told.setdefault(tuple(torch.cat(slopes).flatten().mul(1e4).round().tolist()), name)
        assert same == {"jensen_shannon": "nonsaturating", "jensen_shannon_minimax": "minimax"}.get(name, name)


@pytest.mark.parametrize("objective", GAMES)
def test_every_legal_composition_plays_a_step(objective):
    for c in (c for c in LEGAL if c.objective == objective):
        gan = create(c)
        updater = Updater(gan, seed=0, device=torch.device("cpu"), precision="fp32", micro_batch=0)
        before = {k: p.detach().clone() for k, p in gan.named_parameters()}
        gan.step(iter([batch_of(IMAGES)] * 2), updater, 0)
        assert updater.guard.look() == [], c
        terms = {key.removeprefix("discriminator/") for key in updater.logs}
        assert {*c.penalties} <= terms, c
        moved = {k.partition(".")[0] for k, p in gan.named_parameters() if not torch.equal(p, before[k])}
        assert moved == {"generator", "discriminator"}, c


def test_every_illegal_composition_is_refused_with_its_sentence():
    for c in ILLEGAL:
        with pytest.raises(UserError) as caught:
            create(c)
        assert str(caught.value) == refusal(c)


def test_every_rule_has_something_to_refuse_and_says_it_in_one_sentence():
    for rule in RULES:
        assert any(refusal(c) == rule.because for c in ILLEGAL), rule.because
        assert rule.because.endswith(".")
        assert rule.because.count(". ") == 0


def test_what_the_table_is_to_refuse():
    """By hand, so that a rule that went missing is missed."""
    for objective, penalties, network, norm, words in [
        ("hinge", ("r1",), "dcgan", "batch", "depend on one example alone"),
        ("wasserstein", (), "mlp", "none", "grows without bound"),
        ("wasserstein", ("r1",), "dcgan", "none", "grows without bound"),
        ("nonsaturating", ("r1", "wgan_gp"), "dcgan", "none", "two slopes at once"),
        ("minimax", ("orthogonal",), "dcgan", "spectral", "take one of the two"),
        ("hinge", (), "r3gan", "spectral", "start at 0"),
        ("hinge", (), "mlp", "batch", "dense network"),
        ("hinge", ("r2", "r2"), "mlp", "none", "named twice"),
    ]:
        because = refusal(Composition(objective=objective, penalties=penalties, network=network, norm=norm))
        assert because is not None
        assert words in because
    for objective, penalties, network, norm in [
        ("nonsaturating", ("r1", "r2"), "r3gan", "none"),
        ("wasserstein", ("wgan_gp", "orthogonal"), "dcgan", "layer"),
        ("wasserstein", (), "mlp", "spectral"),
        ("least_squares", (), "dcgan", "batch"),
    ]:
        assert refusal(Composition(objective=objective, penalties=penalties, network=network, norm=norm)) is None


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"network": "dcgan"}, "network=dcgan needs images of at least 8 pixels a side.*use network=mlp"),
        ({"network": "r3gan"}, "network=r3gan needs images"),
        ({"penalties": ["r1"], "weights": [1, 2]}, r"weights=\[1.0, 2.0\] is not one for each of penalties=\['r1'\]"),
        ({"weights": [1]}, "is not one for each"),
    ],
)
def test_what_does_not_fit_the_data_or_itself_is_refused(config, words):
    with pytest.raises(UserError, match=words):
        catalogue.create("composed_gan", POINTS, **config)
    with pytest.raises(UserError, match="width=24 is not a multiple of 16"):
        catalogue.create("composed_gan", IMAGES, network="r3gan", width=24)


def test_r1_gan_is_the_papers():
    """Non-saturating loss and gamma / 2 E |grad D(x)|² with gamma = 10."""
    gan = catalogue.create("r1_gan", POINTS, widths=[])
    w, _ = gan.discriminator.parameters()
    losses = gan.discriminator_objective(batch_of(POINTS))
    torch.testing.assert_close(losses["r1"], w.square().sum() / 2)
    torch.testing.assert_close(losses["loss"], losses["adversarial"] + 10 * losses["r1"])
    real = gan.discriminator(batch_of(POINTS).x)
    fake = gan.discriminator(gan.generator(gan.prior(Noise("batch", rows=4))).detach())
    softplus = torch.nn.functional.softplus
    torch.testing.assert_close(losses["adversarial"], softplus(-real).mean() + softplus(fake).mean())
    generator = gan.generator_objective(batch_of(POINTS))["loss"]
    torch.testing.assert_close(generator, softplus(-fake).mean())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("r1", lambda w: w.norm() ** 2 / 2),
        ("r2", lambda w: w.norm() ** 2 / 2),
        ("zero_centred", lambda w: w.norm() ** 2),
        ("wgan_gp", lambda w: (w.norm() - 1) ** 2),
        ("dragan", lambda w: (w.norm() - 1) ** 2),
        ("orthogonal", lambda w: (w.norm() ** 2 - 1) ** 2),
    ],
)
def test_penalties_of_a_linear_discriminator(name, expected):
    gan = catalogue.create("composed_gan", POINTS, widths=[], penalties=[name], weights=[3.0])
    w, _ = gan.discriminator.parameters()
    losses = gan.discriminator_objective(batch_of(POINTS))
    torch.testing.assert_close(losses[name], expected(w))
    torch.testing.assert_close(losses["loss"], losses["adversarial"] + 3 * losses[name])


def test_penalties_are_taken_where_they_say(monkeypatch):
    from saddlepoint.objectives import penalty

    seen: dict[str, torch.Tensor] = {}
    for function in ("slope", "slope_squared"):
        whole = getattr(penalty, function)
        monkeypatch.setattr(penalty, function, lambda critic, x, whole=whole: seen.update({now: x}) or whole(critic, x))
    gan = catalogue.create("composed_gan", POINTS, widths=[8])
    batch, fake = batch_of(POINTS, 500), torch.full((500, 2), 5.0)
    for now in OF_GRADIENTS:  # read by the patched functions
        gan.penalty(now, batch, fake)
    assert torch.equal(seen["r1"], batch.x)
    assert torch.equal(seen["r2"], fake)
    for name in ("wgan_gp", "zero_centred"):
        share = ((seen[name] - batch.x) / (fake - batch.x)).mean(1)
        assert 0 <= share.min() < 0.1 < 0.9 < share.max() <= 1
    noise = seen["dragan"] - batch.x
    assert noise.std().item() == pytest.approx(0.5 * batch.x.std().item(), rel=0.1)


def test_it_compares_where_the_parts_do():
    assert not catalogue.create("composed_gan", POINTS).compares
    assert not catalogue.create("r1_gan", POINTS).compares
    assert catalogue.create("composed_gan", POINTS, objective="relativistic_average").compares
    assert catalogue.create("composed_gan", POINTS, penalties=["dragan"]).compares
