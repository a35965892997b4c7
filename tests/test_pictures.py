"""Tensors as pictures."""

import numpy as np
import pytest
import torch

from saddlepoint.pictures import GAP, to_pixels, wall


def test_pixels_cover_the_whole_range_and_clip():
    x = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).view(1, 1, 1, 5)
    assert to_pixels(x).flatten().tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_wall_shows_each_sample_in_its_place(channels):
    x = torch.linspace(-1, 1, 5)[:, None, None, None].expand(5, channels, 40, 50)
    picture = np.asarray(wall(x, columns=3))
    assert picture.shape[:2] == (2 * 40 + GAP, 3 * 50 + 2 * GAP)
    for i in range(5):
        top, left = (i // 3) * (40 + GAP), (i % 3) * (50 + GAP)
        assert (picture[top : top + 40, left : left + 50] == to_pixels(x[i : i + 1]).flatten()[0]).all()
    assert (picture[40 + GAP :, 2 * (50 + GAP) :] == 255).all(), "the place left over is blank"


def test_small_samples_are_enlarged():
    assert wall(torch.zeros(4, 1, 8, 8)).width == 2 * 96 + GAP


def test_points_are_a_density_and_none_at_all_is_no_crash():
    assert wall(torch.randn(500, 2)).size == (256, 256)
    assert wall(torch.full((5, 2), 99.0)).size == (256, 256)
    assert wall(torch.randn(5, 1)).size == (256, 256)
