"""Scores and slopes of a network that is linear between its kinks, without second derivatives.

Of such a network's layer l let a be the input and u = grad D(x) by the output; and let t be the input when
v = grad_x D(x) is sent through the network as it is linear at x: without biases, every kink on x's side. The layer's
weights W have gradients u ⊗ a of D(x) and 2 u ⊗ t of ||v||^2: <v, v> is D's derivative along v, where W meets t before
and u behind it, and the 2 is the other v. Biases and kinks move only D(x).

So R1 takes one pass forwards, one back to u and v, one forwards to t, and one product a layer for both gradients: 4
where differentiating twice takes 6, of which grouped convolutions do one group by group.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.grad import conv2d_weight

Layer = nn.Conv2d | nn.Linear
Kink = nn.ReLU | nn.LeakyReLU
Hook = Callable[[Any, tuple[Tensor], Tensor], Tensor | None]


def scores_and_slopes(network: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """D(x), (B, 1), and ||grad_x D(x)||_2^2, (B,): differentiable by the network's parameters, not by x.

    network: x (B, *shape) -> (B, 1), a row's score depending on that row alone; made of convolutions and linear layers,
    which have all the parameters, of ReLUs and leaky ReLUs that are modules, and of linear maps without parameters.
    """
    return _ScoresAndSlopes.apply(network, x, *network.parameters())  # pyright: ignore[reportReturnType]


class _ScoresAndSlopes(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, network: nn.Module, x: Tensor, *parameters: nn.Parameter) -> tuple[Tensor, Tensor]:
        parts = [module for module in network.modules() if isinstance(module, Layer | Kink)]
        layers: list[Layer] = []
        a, outputs, t, sides = [list[Tensor]() for _ in range(4)]

        def note(layer: Layer, inputs: tuple[Tensor], output: Tensor) -> None:
            layers.append(layer)
            a.append(inputs[0].detach())
            outputs.append(output)

        def note_side(_: Kink, inputs: tuple[Tensor], __: Tensor) -> None:
            sides.append(inputs[0].detach())

        with torch.enable_grad(), _hooks(parts, note, note_side):
            x = x.detach().requires_grad_()
            scores = network.forward(x)  # not a call: compiled code would not see hooks that come and go
            v, *u = torch.autograd.grad(scores.sum(), [x, *outputs])
        own = {id(p) for layer in layers for p in (layer.weight, layer.bias) if p is not None}
        assert own == {id(p) for p in parameters}, "parameters outside of the layers would have no gradient"
        place = iter(sides)

        def note_tangent(_: Layer, inputs: tuple[Tensor], __: Tensor) -> None:
            t.append(inputs[0])

        def keep_side(kink: Kink, inputs: tuple[Tensor], _: Tensor) -> Tensor:
            slope = kink.negative_slope if isinstance(kink, nn.LeakyReLU) else 0.0
            return torch.ops.aten.leaky_relu_backward(inputs[0], next(place), slope, False)

        with _without_biases(layers), _hooks(parts, note_tangent, keep_side):
            network.forward(v)
        ctx.layers, ctx.parameters = layers, parameters
        ctx.save_for_backward(*a, *t, *u)
        return scores.detach(), v.square().sum(dim=tuple(range(1, v.ndim)))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        by_score, by_slope = grads
        found: dict[int, Tensor] = {}

        def add(parameter: nn.Parameter, gradient: Tensor) -> None:
            known = found.get(id(parameter))
            found[id(parameter)] = gradient if known is None else known + gradient

        n, saved = len(ctx.layers), ctx.saved_tensors
        for layer, a, t, u in zip(ctx.layers, saved[:n], saved[n : 2 * n], saved[2 * n :], strict=True):
            rows = (-1, *[1] * (a.ndim - 1))
            joint = (a * by_score.reshape(rows)).addcmul_(t, 2 * by_slope.reshape(rows))
            add(layer.weight, _by_weight(layer, joint.to(u.dtype), u))
            if layer.bias is not None:
                add(layer.bias, (u * by_score.reshape(rows)).sum(dim=(0, *range(2, u.ndim))))
        return None, None, *[found[id(p)].to(p.dtype) if p.requires_grad else None for p in ctx.parameters]


def _by_weight(layer: Layer, x: Tensor, u: Tensor) -> Tensor:
    """The gradient by the layer's weight, where x goes in and u is the gradient by what comes out."""
    if isinstance(layer, nn.Linear):
        return u.T @ x
    assert not isinstance(layer.padding, str)
    options: dict[str, Any] = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups")}
    return conv2d_weight(x, layer.weight.shape, u, **options)


@contextmanager
def _hooks(parts: Sequence[Layer | Kink], on_layer: Hook, on_kink: Hook) -> Generator[None]:
    """After each call of a part; what a hook returns takes the place of the part's output."""
    handles = [part.register_forward_hook(on_layer if isinstance(part, Layer) else on_kink) for part in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _without_biases(layers: Iterable[Layer]) -> Generator[None]:
    biases = {layer: dict(layer.named_parameters()).get("bias") for layer in layers}
    for layer in biases:
        layer.register_parameter("bias", None)
    try:
        yield
    finally:
        for layer, bias in biases.items():
            layer.register_parameter("bias", bias)
