"""One optimisation step: who moves, who stays, what is averaged, what is refused."""

import math

import pytest
import torch
from torch import nn

from saddlepoint.engine.budget import Budget
from saddlepoint.engine.optim import gradients
from saddlepoint.engine.trainer import NonFiniteError
from saddlepoint.types import Noise
from support import Toy, equal, tensors, toy, trainer

ONE = Budget(steps=1)


def test_only_the_player_moves_and_the_others_buffers_stay():
    t = trainer(toy())
    recipe, batch = t.recipe, next(t.batches)
    before = tensors(recipe)
    t.update("discriminator", recipe.d_objective, batch)
    after = tensors(recipe)
    moved = {k for k in before if not torch.equal(before[k], after[k])}
    parameters = {k for k, _ in recipe.discriminator.named_parameters("discriminator")}
    assert parameters <= moved
    assert not [k for k in moved if k.startswith("generator")]  # its batch norm ran in train mode all the same
    assert "discriminator.1.running_mean" in moved


def test_a_frozen_generator_normalises_by_the_batch():
    t = trainer(toy())
    assert t.recipe.generator.training
    t.update("discriminator", t.recipe.d_objective, next(t.batches))
    assert t.recipe.generator[2].num_batches_tracked == 0


def test_parameters_shared_by_two_players_belong_to_whoever_plays():
    recipe = toy()
    recipe.discriminator[4].bias = nn.Parameter(torch.zeros(8))
    recipe.generator.register_parameter("shared", recipe.discriminator[4].bias)
    t = trainer(recipe)
    before = recipe.discriminator[4].bias.clone()
    t.update("discriminator", recipe.d_objective, next(t.batches))
    assert not torch.equal(before, recipe.discriminator[4].bias)


def test_accumulated_gradients_are_those_of_the_whole_batch():
    """Micro-batches see the same noise, and the mean of their means is the batch's mean."""

    def after_one(micro_batch: int) -> dict[str, torch.Tensor]:
        recipe = toy(optimizer="sgd")
        for m in recipe.modules():  # both tie a sample to its batch
            if isinstance(m, nn.BatchNorm2d | nn.Dropout):
                m.eval()
        t = trainer(recipe, batch=16, micro_batch=micro_batch)
        for m in recipe.modules():
            if isinstance(m, nn.BatchNorm2d | nn.Dropout):
                m.eval()
        t.update("discriminator", recipe.d_objective, next(t.batches))
        return tensors(recipe)

    whole, parts = after_one(0), after_one(5)  # 5 + 5 + 5 + 1
    for key in whole:
        torch.testing.assert_close(whole[key], parts[key], rtol=1e-5, atol=1e-6)


def test_fused_adam_on_channels_last_equals_plain_adam():
    """A gradient or moment in another memory layout than its parameter would be applied permuted, silently."""
    t, reference = trainer(toy()), toy()
    for recipe in (t.recipe, reference):
        recipe.discriminator[3].p = 0.0  # its mask is drawn in memory order
    assert t.recipe.discriminator[4].weight.is_contiguous(memory_format=torch.channels_last)
    adam = torch.optim.Adam(reference.discriminator.parameters(), 1e-2, fused=False)
    for call in range(3):
        batch = next(t.batches)
        noise = Noise("update", 0, 0, call, rows=len(batch))
        loss = reference.d_objective(type(batch)(x=batch.x.contiguous(), y=None, index=batch.index, noise=noise))[
            "loss"
        ]
        adam.zero_grad()
        loss.backward()
        adam.step()
        t.update("discriminator", t.recipe.d_objective, batch)
    for ours, theirs in zip(t.recipe.discriminator.parameters(), reference.discriminator.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gradients_take_their_parameters_layout():
    weight = nn.Parameter(torch.randn(8, 6, 3, 3).contiguous(memory_format=torch.channels_last))
    weight.grad = torch.randn(8, 6, 3, 3)
    value = weight.grad.clone()
    (grad,) = gradients([weight])
    assert grad.stride() == weight.stride()
    assert torch.equal(grad, value)


def test_the_gradient_is_clipped_to_its_norm():
    t = trainer(toy(optimizer="sgd", lr=1.0, clip=1e-3))
    before = tensors(t.recipe.discriminator)
    logs = t.update("discriminator", t.recipe.d_objective, next(t.batches))
    assert logs["grad_norm"] > 1e-3
    names = [k for k, _ in t.recipe.discriminator.named_parameters()]
    moved = math.sqrt(sum(float((t.recipe.discriminator.state_dict()[k] - before[k]).square().sum()) for k in names))
    assert moved == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_nothing_non_finite_moves_the_weights(optimizer, where):
    class Poisoned(Toy):
        def d_objective(self, batch):
            loss = super().d_objective(batch)["loss"]
            if where == "loss":
                return {"loss": loss * float("nan"), "penalty": loss.detach()}
            weight = self.discriminator[0].weight  # the gradient of sqrt at 0 is infinite, its value is not
            return {"loss": loss + (weight - weight.detach()).square().sum().sqrt()}

    torch.manual_seed(0)
    sane = toy(optimizer=optimizer)
    poisoned = Poisoned(sane.spec, sane.config)
    t = trainer(poisoned, on_nonfinite="skip", checkpoint_every=10**9)
    before = tensors(poisoned.discriminator)
    t.one_step(ONE)
    parameters = [k for k, _ in poisoned.discriminator.named_parameters()]
    assert all(torch.equal(before[k], poisoned.discriminator.state_dict()[k]) for k in parameters)
    (call,) = t.update.guard.look()
    assert (call.player, call.fault().terms) == ("discriminator", ("loss",) if where == "loss" else ("gradient",))


def test_a_run_that_meets_nan_stops_with_everything_kept(tmp_path):
    class Poisoned(Toy):
        def g_objective(self, batch):
            scale = float("nan") if self.played >= 3 else 1.0
            return {"loss": super().g_objective(batch)["loss"] * scale}

    torch.manual_seed(0)
    sane = toy()
    t = trainer(Poisoned(sane.spec, sane.config))
    t.folder = tmp_path
    (tmp_path / "samples").mkdir()
    with pytest.raises(NonFiniteError, match=r"At step 3 the generator's loss was not finite"):
        t.fit(Budget(steps=10))
    assert (tmp_path / "checkpoints" / "64" / "model.safetensors").exists()
    assert '"nonfinite"' in (tmp_path / "events.jsonl").read_text()
    assert all(v.isfinite().all() for v in t.recipe.state_dict().values())


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_with_float32_weights(precision):
    def first_loss(precision: str) -> float:
        t = trainer(toy(), precision=precision)
        t.one_step(ONE)
        loss = float(t.update.logs["discriminator/loss"][0])
        for _ in range(5):
            t.one_step(ONE)
        assert {p.dtype for p in t.recipe.parameters()} == {torch.float32}
        assert t.update.guard.look() == []
        assert not equal(tensors(t.recipe), tensors(toy()))
        return loss

    half, full = first_loss(precision), first_loss("fp32")
    assert half != full  # it really ran in half precision
    assert half == pytest.approx(full, rel=0.02)


def test_a_loss_cut_off_from_its_player_is_our_bug():
    t = trainer(toy())
    with pytest.raises(AssertionError, match="does not depend on its parameters"):
        t.update("generator", lambda batch: {"loss": t.recipe.discriminator(batch.x).mean()}, next(t.batches))


def test_images_seen_are_those_of_the_player_that_saw_most():
    t = trainer(toy(), batch=16)
    t.one_step(ONE)
    assert (t.images, t.position) == (16, 32)


def test_equal_seeds_equal_runs_and_other_seeds_other_runs():
    def after(seed: int) -> dict[str, torch.Tensor]:
        t = trainer(toy(), seed=seed)
        for _ in range(3):
            t.one_step(ONE)
        return tensors(t.recipe)

    assert equal(after(0), after(0))
    assert not equal(after(0), after(1))


def test_training_leaves_the_users_random_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    t = trainer(toy())
    torch.manual_seed(7)
    t.fit(Budget(steps=2))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(
    ("config", "images", "expected"),
    [
        ({"warmup": 160}, 0, 0.1),
        ({"warmup": 160}, 1000, 1.0),
        ({"decay": "linear"}, 800, 0.5),
        ({"decay": "cosine"}, 400, 0.5 * (1 + math.cos(math.pi / 4))),
        ({}, 800, 1.0),
    ],
)
def test_rates_warm_up_and_decay(config, images, expected):
    t = trainer(toy(lr=1.0), **config)
    t.images = images
    t.one_step(Budget(images=1600))
    rate = t.update.seats["generator"].optimizer.param_groups[0]["lr"]
    assert rate == pytest.approx(expected)
