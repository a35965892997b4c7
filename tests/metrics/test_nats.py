"""Likelihoods and bounds of models: exact where exact is possible, given labels, refused in words."""

import math

import pytest
import torch
from metric_fakes import Brightness, NoConfig, make_data
from torch import Tensor

from saddlepoint import catalogue
from saddlepoint.distributions import DiagonalNormal
from saddlepoint.errors import UserError
from saddlepoint.metrics.evaluate import evaluate
from saddlepoint.metrics.likelihood import active_units, iwae, log_likelihood
from saddlepoint.metrics.nats import can
from saddlepoint.recipe import Bounds
from saddlepoint.types import DataSpec, Noise
from support import small

POINTS = {"shape": (3,), "classes": 2, "test": 30}


class Exact(Brightness):
    """x ~ N(y, 1): the label shifts the mean."""

    conditional = True
    measure = "density"

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        assert y is not None
        return torch.distributions.Normal(y[:, None].float(), 1.0).log_prob(x).sum(1)


class Weighing(Brightness):
    """z ~ N(0, I), x|z ~ N(z, I), and a posterior of the right mean that is too wide: log p(x) = log N(x; 0, 2 I)."""

    measure = "density"

    def encode(self, x: Tensor) -> Tensor:
        return x / 2 * torch.tensor([1.0, 1.0, 0.0])

    def posterior(self, x: Tensor) -> DiagonalNormal:
        return DiagonalNormal(x / 2, torch.zeros_like(x))

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        return self.log_weights(x, noise, 1)[0]

    def log_weights(self, x: Tensor, noise: Noise, k: int, y: Tensor | None = None) -> Tensor:
        eps = noise.normal(k, 3).transpose(0, 1)
        normal = torch.distributions.Normal
        z = x / 2 + eps
        log_w = normal(0.0, 1.0).log_prob(z) + normal(z, 1.0).log_prob(x) - normal(x / 2, 1.0).log_prob(z)
        return log_w.sum(2)


def test_exact_likelihood_is_given_the_labels():
    data = make_data(**POINTS)
    recipe = Exact(data.spec, NoConfig())
    assert data.test.labels is not None
    wanted = torch.distributions.Normal(data.test.labels[:, None].float(), 1.0).log_prob(data.test.rows).sum(1)
    torch.testing.assert_close(log_likelihood(recipe, data.test, batch=7), wanted.double())
    found = {m.metric: m for m in evaluate(recipe, data, metrics=["log_likelihood"])}
    assert found["log_likelihood"].value == pytest.approx(float(wanted.mean()))
    assert found["log_likelihood"].label() == "log p(x) (nats)"
    assert found["log_likelihood"].protocol["given"] == "labels"
    bits = -(wanted.mean() / 3 + math.log(2 / 255)) / math.log(2)
    assert found["bits_per_dim_exact"].value == pytest.approx(float(bits), rel=1e-5)


def test_labels_of_other_classes_are_refused():
    recipe = Exact(make_data(**POINTS).spec, NoConfig())
    with pytest.raises(UserError, match="classes that the model learned"):
        evaluate(recipe, make_data(**{**POINTS, "classes": 3}), metrics=["log_likelihood"])


def test_more_draws_bring_the_bound_to_the_likelihood():
    data = make_data(**POINTS)
    recipe = Weighing(data.spec, NoConfig())
    exact = torch.distributions.Normal(0.0, math.sqrt(2)).log_prob(data.test.rows).sum(1).double()
    bounds = [iwae(recipe, data.test, k=k).mean() for k in (1, 10, 20_000)]
    assert bounds[0] < bounds[1] < exact.mean() + 0.02
    torch.testing.assert_close(iwae(recipe, data.test, k=20_000), exact, rtol=0, atol=0.1)
    assert torch.equal(iwae(recipe, data.test, k=70), iwae(recipe, data.test, k=70))
    found = {m.metric: m for m in evaluate(recipe, data, metrics=["iwae", "elbo", "active_units"], k=10)}
    assert found["iwae"].label() == "IWAE bound (nats), k = 10"
    assert found["iwae"].value == pytest.approx(float(bounds[1]))
    assert found["active_units"].value == 2


def test_the_number_of_draws_is_exact_when_passes_do_not_divide_it():
    class Counting(Weighing):
        def log_weights(self, x: Tensor, noise: Noise, k: int, y: Tensor | None = None) -> Tensor:
            return torch.zeros(k, len(x))

    data = make_data(**POINTS)
    assert (iwae(Counting(data.spec, NoConfig()), data.test, k=101).abs() < 1e-12).all()


def test_units_that_do_not_move_are_not_active():
    data = make_data(**POINTS)
    assert active_units(Weighing(data.spec, NoConfig()), data.test) == 2


@pytest.mark.parametrize("metric", ["log_likelihood", "iwae", "active_units", "elbo"])
def test_what_a_model_cannot_say_is_refused(metric: str):
    data = make_data(**POINTS)
    with pytest.raises(UserError, match=f"{metric} needs a recipe that"):
        evaluate(Brightness(data.spec, NoConfig()), data, metrics=[metric])


def test_units_are_counted_only_of_a_code_that_has_a_posterior():
    """A flow's code is the image itself in other numbers, and vq_vae's a choice from its codebook: all would count."""
    spec = DataSpec(shape=(1, 8, 8), classes=("a", "b"))
    bound = {name for name in catalogue.names() if issubclass(catalogue.recipe_class(name), Bounds)}
    counted = {name for name in bound if can(small(name, spec), "active_units")}
    assert bound - counted == {"nice", "real_nvp", "vq_vae", "cvae"}  # cvae's code needs the label too
