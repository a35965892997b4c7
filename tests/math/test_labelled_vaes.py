"""classification_vae, m2 and m1_m2 against enumeration over the classes, and against linear-Gaussian truth."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Categorical, MultivariateNormal
from torch.nn.functional import cross_entropy, one_hot

from saddlepoint.catalogue import create
from saddlepoint.objectives.classes import belief, class_bound
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.types import Batch, DataSpec, Noise
from support import small

CLASSES = ("a", "b", "c")
SPEC = DataSpec(shape=(1, 8, 8), classes=CLASSES)
POINTS = DataSpec(kind="points", shape=(3,), classes=CLASSES)
STD = 0.5


def batch_of(spec: DataSpec, y: list[int], seed: int = 0) -> Batch:
    x = torch.rand(len(y), *spec.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    rows = len(y)
    return Batch(x=x, y=torch.tensor(y), index=torch.arange(rows), noise=Noise("batch", seed, rows=rows))


def again(batch: Batch) -> Noise:
    """The batch's noise, from its start."""
    return Noise(*batch.noise.key, rows=len(batch))


@pytest.fixture
def table() -> tuple[Tensor, Tensor]:
    """Bounds and logits of 6 examples and 3 classes."""
    draw = torch.Generator().manual_seed(0)
    return 10 * torch.randn(6, 3, generator=draw), 3 * torch.randn(6, 3, generator=draw)


def test_the_sum_over_classes_is_the_expectation_under_q(table):
    bounds, logits = table
    q = Categorical(logits=logits)
    expected = (q.probs * (bounds + math.log(1 / 3) - q.probs.log())).sum(1)
    torch.testing.assert_close(class_bound(bounds, belief(logits)), expected)


def test_the_best_q_is_the_posterior_and_reaches_the_mixture(table):
    bounds, logits = table
    mixture = bounds.logsumexp(1) - math.log(3)
    torch.testing.assert_close(class_bound(bounds, belief(bounds)), mixture)
    assert (class_bound(bounds, belief(logits)) < mixture).all()


def test_a_known_class_is_one_term_and_teaches_no_classifier(table):
    bounds, logits = table
    logits.requires_grad_()
    y = torch.tensor([2, -1, 0, -1, 1, -1])
    value = class_bound(bounds, belief(logits, y))
    known = y >= 0
    torch.testing.assert_close(value[known], bounds[known, y[known]] - math.log(3))
    torch.testing.assert_close(value[~known], class_bound(bounds, belief(logits))[~known])
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    assert (gradient[known] == 0).all()
    assert (gradient[~known] != 0).all()


def test_a_class_that_is_ruled_out_has_a_finite_gradient():
    logits = torch.tensor([[0.0, -1000.0, 50.0]], requires_grad=True)
    class_bound(torch.tensor([[-1.0, -2e4, -3.0]]), belief(logits)).sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("class_loss", ["cross_entropy", "squared"])
def test_the_classification_vae_s_objective(class_loss):
    """Example by example: the label where it is known, else the prediction; the class loss of known labels alone."""
    model = small("classification_vae", SPEC, class_loss=class_loss, class_weight=7.0).eval()
    batch, labelled = batch_of(SPEC, [1, -1, 0, -1]), batch_of(SPEC, [2, 0], seed=1)
    eps, terms = again(batch).normal(8), []
    for i in range(4):
        x, prediction = batch.x[i : i + 1], model.classify(batch.x[i : i + 1]).softmax(1)
        y = prediction if batch.y[i] < 0 else one_hot(batch.y[i : i + 1], 3).float()
        q = model.posterior(x)
        z = q.mean + q.log_std.exp() * eps[i : i + 1]
        terms.append(kl_to_standard_normal(q) - model.log_likelihood(x, z, y))
    logits = model.classify(labelled.x)
    miss = (logits.softmax(1) - one_hot(labelled.y, 3)).square().sum() / 2
    miss = cross_entropy(logits, labelled.y) if class_loss == "cross_entropy" else miss
    losses = model.objective(batch, labelled)
    torch.testing.assert_close(losses["loss"], torch.cat(terms).mean() + 7 * miss)


def test_m2_s_objective_is_equation_9():
    model = small("m2", SPEC, class_weight=5.0)
    batch, labelled = batch_of(SPEC, [1, -1, 2, -1, -1]), batch_of(SPEC, [2, 0], seed=1)
    eps, terms = again(batch).normal(8), []
    for i in range(5):
        x, q_y = batch.x[i : i + 1], Categorical(logits=model.classify(batch.x[i : i + 1])[0])

        def minus_l(x: Tensor, y: int, i: int = i) -> Tensor:
            q = model.posterior(x, torch.tensor([y]))
            z = q.mean + q.log_std.exp() * eps[i : i + 1]
            return model.log_likelihood(x, z, torch.tensor([y]))[0] + math.log(1 / 3) - kl_to_standard_normal(q)[0]

        if batch.y[i] >= 0:
            terms.append(-minus_l(x, int(batch.y[i])))
        else:
            terms.append(-sum(q_y.probs[y] * minus_l(x, y) for y in range(3)) - q_y.entropy())
    expected = torch.stack(terms).mean() + 5 * cross_entropy(model.classify(labelled.x), labelled.y)
    torch.testing.assert_close(model.objective(batch, labelled)["loss"], expected)


class Told(nn.Module):
    """The optimal encoder of a linear decoder: q(z|x, y) is normal about W (x - b_y)."""

    def __init__(self, weight: Tensor, offsets: Tensor, log_std: Tensor) -> None:
        super().__init__()
        self.weight, self.offsets, self.log_std = weight, offsets, log_std

    def forward(self, joined: Tensor) -> Tensor:
        x, y = joined.split([3, 3], 1)
        mean = (x - y @ self.offsets) @ self.weight.T
        return torch.cat([mean, self.log_std.expand_as(mean)], 1)


@pytest.fixture
def linear():
    """p(x|y) = N(b_y, A A' + STD^2) with orthogonal columns, so that q(z|x, y) can be exact: model, log p(x|y), x."""
    draw = torch.Generator().manual_seed(1)
    model = create("m2", POINTS, latent=2, std=STD)
    A, b = torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]), 2 * torch.randn(3, 3, generator=draw)
    decoder = nn.Linear(5, 3, bias=False)
    decoder.weight = nn.Parameter(torch.cat([A, b.T], 1))
    model.decoder.network = decoder
    precision = 1 + A.square().sum(0) / STD**2
    model.encoder.network = Told(A.T / STD**2 / precision[:, None], b, -0.5 * precision.log())
    x = torch.randn(5, 3, generator=draw)
    by_class = [MultivariateNormal(mean, A @ A.T + STD**2 * torch.eye(3)).log_prob(x) for mean in b]
    return model, torch.stack(by_class, 1), x


def mean_bound(model, x: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor]:
    """The mean of many ELBOs, and five of its standard errors."""
    repeats = 4000
    many = None if y is None else y.repeat(repeats)
    with torch.no_grad():
        values = model.elbo(x.repeat(repeats, 1), Noise("elbo", rows=repeats * len(x)), many).view(repeats, -1).double()
    return values.mean(0), 5 * values.std(0) / math.sqrt(repeats) + 1e-5


def test_with_exact_posteriors_the_bounds_are_the_likelihoods(linear):
    model, by_class, x = linear
    for label in range(3):
        value, margin = mean_bound(model, x, torch.full((5,), label))
        assert ((value - by_class[:, label]).abs() < margin).all()
    model.classify = lambda x: by_class.repeat(len(x) // 5, 1)  # p(y|x), the classes being as likely
    value, margin = mean_bound(model, x, None)
    assert ((value - (by_class.logsumexp(1) - math.log(3))).abs() < margin).all()


def test_with_another_classifier_the_bound_is_below_the_likelihood(linear):
    model, by_class, x = linear
    value, margin = mean_bound(model, x, None)
    assert (value - margin < by_class.logsumexp(1) - math.log(3)).all()
    assert (value + margin < by_class.logsumexp(1) - math.log(3)).any()


def with_m2_awake(model):
    """M2 begins with weights so small that it hardly knows its z2 and y; these let it."""
    for parameter in model.m2.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model


def test_m1_m2_begins_with_a_generative_m2_as_small_as_the_authors():
    """M2's encoder and decoder have weights of deviation 0.001; its classifier and M1 have torch's."""
    model = small("m1_m2", SPEC)
    small_weights = {name for name, p in model.named_parameters() if p.ndim > 1 and p.std() < 0.002}
    assert small_weights == {
        name for name, p in model.named_parameters() if p.ndim > 1 and name.startswith(("m2.encoder", "m2.decoder"))
    }
    weights = torch.cat([p.flatten() for name, p in model.named_parameters() if name in small_weights])
    torch.testing.assert_close(weights.std(), torch.tensor(0.001), rtol=0.05, atol=0)


def test_m1_m2_s_bound_is_that_of_both_parts():
    """In one sum: log p(x|z1) - log q(z1|x) + log p(y) + log p(z1|y, z2) - KL(q(z2|z1, y)) - log q(y|z1)."""
    model = with_m2_awake(small("m1_m2", SPEC))
    batch = batch_of(SPEC, [0, 1, 2])
    noise = again(batch)
    q1 = model.m1.posterior(batch.x)
    z1, eps = q1.sample(noise.normal(8)), noise.normal(8)
    q_y = Categorical(logits=model.m2.classify(z1))
    expected = torch.zeros(3)
    for label in range(3):
        y = torch.full((3,), label)
        q2 = model.m2.posterior(z1, y)
        joint = model.m1.log_likelihood(batch.x, z1) - q1.log_prob(z1) + math.log(1 / 3)
        joint = joint + model.m2.log_likelihood(z1, q2.sample(eps), y) - kl_to_standard_normal(q2)
        expected = expected + q_y.probs[:, label] * (joint - q_y.log_prob(y))
    torch.testing.assert_close(model.elbo(batch.x, again(batch)), expected, rtol=1e-4, atol=1e-3)


def test_m1_m2_s_latent_leads_back_to_the_code_and_its_samples_have_the_spread_of_z1():
    model = with_m2_awake(small("m1_m2", SPEC))
    model.m2.classify = lambda z1: torch.tensor([[0.0, 200.0, 0.0]]).expand(len(z1), 3)  # sure of class 1
    batch, y = batch_of(SPEC, [1, 1, 1]), torch.ones(3, dtype=torch.int64)
    with torch.no_grad():
        torch.testing.assert_close(
            model.generate(model.encode(batch.x), y), model.m1.generate(model.m1.encode(batch.x)), rtol=1e-4, atol=1e-4
        )
        p = model.m2.observed(torch.zeros(1, 8), y[:1])
        drawn: list[Tensor] = []
        model.m1.generate = lambda z1: drawn.append(z1) or z1
        model.generate(torch.cat([torch.zeros(20_000, 8), torch.randn(20_000, 8)], 1), y[:1].expand(20_000))
    torch.testing.assert_close(drawn[0].mean(0), p.mean[0], rtol=0, atol=0.05)
    torch.testing.assert_close(drawn[0].std(0), p.log_std.exp()[0], rtol=0.05, atol=0)


def test_m1_learns_first_and_stays_as_it_is_when_m2_learns():
    model = small("m1_m2", SPEC, m1_steps=2)
    batch = batch_of(SPEC, [0, -1, 2])

    class Batches:
        labelled = iter([batch_of(SPEC, [0, 1, 2])] * 4)

        def __next__(self) -> Batch:
            return batch

    played = []

    def update(player, objective, batch):
        model.zero_grad()
        objective(batch)["loss"].backward()
        moved = {name.partition(".")[0] for name, p in model.named_parameters() if p.grad is not None}
        assert moved == {player}, "no gradient reaches the other"
        played.append(player)

    for t in range(4):
        model.step(Batches(), update, t)
    assert played == ["m1", "m1", "m2", "m2"]
