"""The network of Gated PixelCNN: a vertical and a horizontal stack of gated masked convolutions, without a blind spot.

Van den Oord et al. 2016b (arXiv 1606.05328), section 2 and figure 2. Other methods use it as their prior or decoder.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from saddlepoint.networks.masked import MaskedConv2d, Memory, See, everywhere


def gate(x: Tensor) -> Tensor:
    """tanh of one half of the features times the sigmoid of the other: (B, 2p, H, W) -> (B, p, H, W). Equation 2."""
    a, b = x.chunk(2, dim=1)
    return a.tanh() * b.sigmoid()


class GatedLayer(nn.Module):
    """One layer of both stacks, p features each; `context` features h are added before the gates (equation 4).

    The first layer sees the image and hides what lies ahead, and has no residual connection.
    """

    def __init__(self, inputs: int, p: int, size: int, groups: int, context: int, first: bool, last: bool) -> None:
        super().__init__()
        self.first = first
        self.down = MaskedConv2d("above_image" if first else "above", inputs, 2 * p, (size, size))
        self.across = MaskedConv2d("image" if first else "features", inputs, 2 * p, (1, size), groups)
        self.link = nn.Conv2d(2 * p, 2 * p, 1)
        self.out = MaskedConv2d("features", p, p, (1, 1), groups)
        # The vertical stack ends before its last gate, whose context nothing would learn.
        self.v_context = nn.Conv2d(context, 2 * p, 1, bias=False) if context and not last else None
        self.h_context = nn.Conv2d(context, 2 * p, 1, bias=False) if context else None

    def vertical(self, v: Tensor, context: Tensor | None, see: See) -> tuple[Tensor, Tensor]:
        """What is above: the stack's next features, and what the horizontal stack is told."""
        v = see(self.down, v)
        told = self.link(v)
        if self.v_context is not None:
            v = v + self.v_context(context)
        return gate(v), told

    def horizontal(self, h: Tensor, told: Tensor, context: Tensor | None, see: See) -> Tensor:
        mixed = see(self.across, h) + told
        if self.h_context is not None:
            mixed = mixed + self.h_context(context)
        out = see(self.out, gate(mixed))
        return out if self.first else h + out


class GatedPixelCNN(nn.Module):
    """(B, C, H, W) -> logits of every number given those before it, (B, levels, C, H, W).

    context: features of what everything depends on besides, (B, context, 1, 1), or (B, context, H, W) if it has a
    place. size: side of the kernels; first: of those that see the image.
    """

    def __init__(
        self,
        shape: Sequence[int],
        levels: int,
        *,
        layers: int,
        width: int,
        size: int = 3,
        first: int = 7,
        head: int = 0,
        context: int = 0,
    ) -> None:
        super().__init__()
        groups = shape[0]
        p, head = (-(-features // groups) * groups for features in (width, head or width))
        self.levels, self.size = levels, (shape[1], shape[2])
        self.layers = nn.ModuleList(
            GatedLayer(p if i else groups, p, size if i else first, groups, context, first=not i, last=i == layers - 1)
            for i in range(layers)
        )
        self.head = MaskedConv2d("features", p, head, (1, 1), groups)
        self.logits = MaskedConv2d("features", head, levels * groups, (1, 1), groups)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        return self.along(x, self.above(x, context, everywhere), context, everywhere)

    def above(self, x: Tensor, context: Tensor | None, see: See) -> list[Tensor]:
        """The vertical stack: for each layer what it tells the horizontal one, which is of the rows above alone."""
        told: list[Tensor] = []
        for layer in self._gated():
            x, now = layer.vertical(x, context, see)
            told.append(now)
        return told

    def along(self, x: Tensor, told: list[Tensor], context: Tensor | None, see: See) -> Tensor:
        """The horizontal stack and the outputs."""
        for layer, now in zip(self._gated(), told, strict=True):
            x = layer.horizontal(x, now, context, see)
        x = see(self.head, x.relu()).relu()
        return see(self.logits, x).unflatten(1, (self.levels, -1))

    def _gated(self) -> list[GatedLayer]:
        return [layer for layer in self.layers if isinstance(layer, GatedLayer)]


class Reader:
    """The network asked for one pixel after another in raster order: the vertical stack runs once a row, the
    horizontal one once a pixel, and each remembers what came before."""

    def __init__(self, network: GatedPixelCNN, context: Tensor | None = None) -> None:
        self.network, self.context = network, context
        self.rows, self.pixels = Memory(*network.size), Memory(*network.size)
        self.told: list[Tensor] = []

    def __call__(self, x: Tensor, i: int, j: int) -> Tensor:
        """Logits of pixel (i, j): (B, levels, C, 1, 1)."""
        context, width = self.context, self.network.size[1]
        placed = context is not None and context.shape[-1] > 1
        if j == 0:
            self.rows.stand(i, 0, width)
            row = context[:, :, i : i + 1] if context is not None and placed else context
            self.told = self.network.above(x, row, self.rows)
        self.pixels.stand(i, j)
        told = [now[..., j : j + 1] for now in self.told]
        here = context[:, :, i : i + 1, j : j + 1] if context is not None and placed else context
        return self.network.along(x, told, here, self.pixels)
