"""VQ-VAE against what its paper writes down: the gradient, the codebook's moves, the bound."""

import itertools

import pytest
import torch
from torch import Tensor

from saddlepoint.networks.code_prior import CodePrior
from saddlepoint.networks.codebook import Codebook, straight_through
from saddlepoint.recipe import Bounds, Encodes, Latent, Scores
from saddlepoint.types import Batch, DataSpec, Noise
from support import small

SPEC = DataSpec(shape=(1, 8, 8))


def noise(key: int = 0) -> Noise:
    return Noise("test", key, rows=1)


def vectors(*rows: list[float]) -> Tensor:
    """(n, D) as a map (1, D, 1, n)."""
    return torch.tensor(rows).T[None, :, None]


@pytest.fixture
def codebook() -> Codebook:
    book = Codebook(3, 2)
    book.vectors.copy_(torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]))
    book.uses.fill_(2.0)
    book.sums.copy_(2 * book.vectors)
    return book


def test_the_gradient_at_the_code_is_the_encoders():
    torch.manual_seed(0)
    model = small("vq_vae", SPEC, commitment=0.5)
    x = torch.rand(4, 1, 8, 8) * 2 - 1
    loss = model.autoencoder_objective(Batch(x=x, y=None, index=torch.arange(4), noise=Noise("n", rows=4)))["loss"]
    ours = torch.autograd.grad(loss, list(model.encoder.parameters()))

    z = model.encoder(x)
    e = model.codebook.embed(model.codebook.nearest(z)).detach().requires_grad_()
    at_code = torch.autograd.grad(-model.log_likelihood(x, e).mean() / 64, e)[0]
    at_encoder = at_code + 0.5 * 2 * (z - e).detach() / z.numel()
    expected = torch.autograd.grad(z, list(model.encoder.parameters()), at_encoder)
    for mine, true in zip(ours, expected, strict=True):
        assert true.abs().max() > 0
        torch.testing.assert_close(mine, true)


def test_straight_through_is_the_code_forward_and_the_identity_backward():
    z = torch.randn(2, 3, requires_grad=True)
    code = torch.randn(2, 3, requires_grad=True)
    torch.testing.assert_close(straight_through(z, code), code)
    upstream = torch.randn(2, 3)
    assert torch.equal(torch.autograd.grad((straight_through(z, code) * upstream).sum(), z)[0], upstream)
    assert torch.autograd.grad((straight_through(z, code) * upstream).sum(), code, allow_unused=True)[0] is None


def test_each_vector_takes_its_nearest_code(codebook: Codebook):
    codes = codebook.nearest(vectors([1.0, 0.5], [3.0, 1.0], [0.5, 3.0], [-9.0, -9.0]))
    assert codes.flatten().tolist() == [0, 1, 2, 0]
    assert codes.shape == (1, 1, 4)
    assert torch.equal(codebook.embed(codes)[0, :, 0, 1], torch.tensor([4.0, 0.0]))


def test_the_codebook_moves_as_in_appendix_a1(codebook: Codebook):
    codebook.follow(vectors([1.0, 0.0], [0.0, 1.0], [5.0, 1.0]), noise(), decay=0.75, revive=0)
    uses = torch.tensor([0.75 * 2 + 0.25 * 2, 0.75 * 2 + 0.25 * 1, 0.75 * 2])
    sums = torch.tensor([[0.25, 0.25], [0.75 * 8 + 0.25 * 5, 0.25], [0.0, 0.75 * 8]])
    torch.testing.assert_close(codebook.uses, uses)
    torch.testing.assert_close(codebook.vectors, sums / uses[:, None])
    assert torch.equal(codebook.vectors[2], torch.tensor([0.0, 4.0])), "one that is not used stays"


def test_a_code_that_dies_is_put_where_there_are_vectors(codebook: Codebook):
    z = vectors([1.0, 0.0], [3.0, 0.0], [5.0, 0.0])
    for step in range(50):
        codebook.follow(z, noise(step), decay=0.5, revive=0.1)
    assert set(codebook.nearest(z).flatten().tolist()) == {0, 1, 2}
    torch.testing.assert_close(codebook.vectors.sort(0).values[:, 0], torch.tensor([1.0, 3.0, 5.0]))
    assert float(codebook.perplexity()) == pytest.approx(3, rel=0.05)


def test_without_revival_it_stays_dead_and_finite(codebook: Codebook):
    z = vectors([1.0, 0.0], [3.0, 0.0], [5.0, 0.0])
    for step in range(300):
        codebook.follow(z, noise(step), decay=0.5, revive=0)
    assert torch.equal(codebook.vectors[2], torch.tensor([0.0, 4.0]))
    assert codebook.vectors.isfinite().all()
    assert float(codebook.perplexity()) < 2


def test_the_prior_sums_to_one_and_samples_what_it_says():
    torch.manual_seed(0)
    prior = CodePrior(codes=3, channels=4, layers=1)
    with torch.no_grad():
        prior.network.last.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))
        maps = torch.tensor(list(itertools.product(range(3), repeat=4))).view(-1, 2, 2)
        p = prior.log_prob(maps).double().exp()
        assert float(p.sum()) == pytest.approx(1, abs=1e-5)
        drawn = prior.sample(Noise("uniform", rows=20_000).uniform(2, 2))
    found = torch.bincount((drawn.flatten(1) * torch.tensor([27, 9, 3, 1])).sum(1), minlength=81) / 20_000
    assert float((found - p).abs().sum()) / 2 < 0.04, "total variation"


def test_codes_drawn_one_by_one_are_those_of_whole_passes():
    torch.manual_seed(0)
    prior, uniform = CodePrior(codes=5, channels=8, layers=2), Noise("uniform", rows=6).uniform(5, 7)
    with torch.no_grad():
        drawn = prior.sample(uniform)
        below = prior(drawn).softmax(1).cumsum(1) <= uniform[:, None]  # given those codes, each is its own quantile
    assert torch.equal(drawn, below[:, :-1].sum(1))
    assert len(drawn.unique()) == 5


def test_elbo_is_the_joint_probability_of_image_and_code():
    model = small("vq_vae", SPEC).eval()
    x = torch.rand(3, 1, 8, 8) * 2 - 1
    with torch.no_grad():
        codes = model.codes(x)
        joint = model.log_likelihood(x, model.codebook.embed(codes)) + model.prior_network.log_prob(codes)
        torch.testing.assert_close(model.elbo(x, Noise("e", rows=3)), joint)
    assert codes.shape == (3, 2, 2)
    assert all(isinstance(model, kind) for kind in (Bounds, Encodes, Latent))
    assert not isinstance(model, Scores)


def test_a_code_is_its_own_nearest_and_decodes_to_the_reconstruction():
    model = small("vq_vae", DataSpec(shape=(2, 9, 14))).eval()
    x = torch.rand(3, 2, 9, 14) * 2 - 1
    with torch.no_grad():
        z = model.encode(x)
        assert z.shape == (3, 8 * 2 * 3)
        again = model.decoder(model.codebook.embed(model.codes(x)))
        torch.testing.assert_close(model.generate(z), model.observation.mean(again))


def test_black_and_white_images_have_a_bernoulli():
    model = small("vq_vae", DataSpec(shape=(1, 8, 8), levels=2))
    assert model.measure == "binary"
    assert small("vq_vae", SPEC).measure == "levels"


def test_every_process_would_move_the_codebook_alike():
    """The random vectors come from the step's key, not from rows."""
    x = torch.rand(6, 1, 8, 8) * 2 - 1
    ends = []
    for start in (0, 6):
        model = small("vq_vae", SPEC)
        batch = Batch(x=x, y=None, index=torch.arange(6), noise=Noise("data", 0, rows=6, start=start))
        model.move_codebook(batch)
        ends.append(model.codebook.vectors.clone())
    assert torch.equal(*ends)
