"""Packing, and that it sees what a single judge cannot."""

from __future__ import annotations

import torch

from saddlepoint import catalogue
from saddlepoint.recipes.pac_gan import packed
from saddlepoint.types import DataSpec


def test_a_pack_holds_examples_in_a_row_along_the_channels():
    x = torch.arange(4 * 2 * 3 * 3.0).view(4, 2, 3, 3)
    pack = packed(x, 2)
    assert pack.shape == (2, 4, 3, 3)
    assert torch.equal(pack[1], torch.cat([x[2], x[3]]))
    assert torch.equal(packed(x, 1), x)


def test_the_last_pack_is_filled_up():
    x = torch.arange(5.0)[:, None]
    assert packed(x, 3).tolist() == [[0, 1, 2], [3, 4, 0]]


def test_only_the_first_layer_widens():
    recipe = catalogue.create("pac_gan", DataSpec(shape=(3, 16, 16)), width=4, packing=3)
    alone = catalogue.create("pac_gan", DataSpec(shape=(3, 16, 16)), width=4, packing=1)
    wide, narrow = ([tuple(p.shape) for p in r.discriminator.parameters()] for r in (recipe, alone))
    assert wide[0] == (4, 9, 5, 5)
    assert narrow[0] == (4, 3, 5, 5)
    assert wide[1:] == narrow[1:]


def test_a_pack_tells_a_collapsed_generator_whose_samples_are_each_plausible():
    """Data +-1 alike often, samples always the same sign within a pack: one example tells nothing, two do."""
    torch.manual_seed(0)
    spec, sign = DataSpec(kind="points", shape=(1,)), torch.tensor([-1.0, 1.0])
    accuracy = {}
    for packing in (1, 2):
        recipe = catalogue.create("pac_gan", spec, widths=[16, 16], packing=packing)
        adam = torch.optim.Adam(recipe.discriminator.parameters(), lr=0.02)
        for _ in range(150):
            real = sign[torch.randint(2, (128,))][:, None]
            fake = sign[torch.randint(2, (64,))].repeat_interleave(2)[:, None]
            d_real, d_fake = recipe.judge(real), recipe.judge(fake)
            loss = torch.nn.functional.softplus(torch.cat([-d_real, d_fake])).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        accuracy[packing] = float(torch.cat([d_real > 0, d_fake < 0]).float().mean())
    assert accuracy[1] < 0.6
    assert accuracy[2] > 0.7  # half of the real packs have equal signs too, so 3/4 is the best there is
