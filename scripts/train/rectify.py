"""The rectify net in coordinates in which it can learn.

Its first layer sees 437 channels of very different size: pixels of flow, kernel taps, features, log-depth. With the
published layout as the optimiser's coordinates, one sign-like step moves every channel's contribution at once, and
all ReLUs die within seconds. Here the optimiser holds the weight as it would be for inputs of mean 0 and deviation 1;
the weight that is applied, and exported, is that one folded with the measured statistics. The function is the same at
every pixel, borders with their zero padding included.

Two more sizes matter. A first-layer unit sums 21,413 products, so its weight needs a learning rate about twenty times
below that of a 3x3 layer (`FIRST_LAYER_RATE`). And what the net shall add to the blend is of the order of 0.02, so the
last layer is held divided by `OUTPUT_SCALE`: else each of its steps adds more noise than there is error, and the
quickest way for the net to lose that noise is to switch its own units off.
"""
import torch
from torch import nn
import torch.nn.functional as F

from kernels import LOW
from layers import WideConv7x7, residual_block, weight_for

DEVIATION_FLOOR = 0.02
FIRST_LAYER_RATE = 0.06
OUTPUT_SCALE = 0.02


class NormalisedRectifyNet(nn.Module):
    def __init__(self, net: nn.Module):
        """`net`: the reference RectifyNet. Its first and last layers are not used here; `deploy` sets them."""
        super().__init__()
        # Hidden from parameters(): the owner of the reference module trains the other layers.
        self.__dict__["net"] = net
        first, last = net.block1[0], net.block5[0]
        self.weight = nn.Parameter(first.weight.detach().clone())
        self.bias = nn.Parameter(first.bias.detach().clone())
        self.last_weight = nn.Parameter(last.weight.detach() / OUTPUT_SCALE)
        self.last_bias = nn.Parameter(last.bias.detach() / OUTPUT_SCALE)
        channels = first.in_channels
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))
        # Running statistics of the input, taken up by `renormalise`.
        self.register_buffer("seen_mean", torch.zeros(channels))
        self.register_buffer("seen_square", torch.ones(channels))
        self.register_buffer("seen_rate", torch.ones(()))

    def first_layer(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias for inputs as they are."""
        weight = self.weight / self.deviation[:, None, None]
        return weight, self.bias - (weight.sum((2, 3)) * self.mean).sum(1)

    def deployed(self) -> dict[str, torch.Tensor]:
        """What the reference module's own first and last layers shall hold."""
        weight, bias = self.first_layer()
        return {
            "block1.0.weight": weight,
            "block1.0.bias": bias,
            "block5.0.weight": self.last_weight * OUTPUT_SCALE,
            "block5.0.bias": self.last_bias * OUTPUT_SCALE,
        }

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x`: the 437 channels, and zero channels behind them."""
        if self.training:
            self.observe(x[:, : len(self.mean)])
        weight, bias = self.first_layer()
        y = torch.relu(WideConv7x7.apply(x, weight_for(x, weight), bias.to(LOW)))
        sample = y.detach()[:, :, ::4, ::4] > 0
        # For the log: the share of units that are positive anywhere, and of all activations.
        self.live = sample.amax((0, 2, 3)).float().mean()
        self.active = sample.float().mean()
        for block in (self.net.block2, self.net.block3, self.net.block4):
            y = residual_block(y, block)
        # Five zero outputs more, and the matrix units take it.
        last = F.pad(self.last_weight, (0, 0, 0, 0, 0, 0, 0, 5))
        return F.conv2d(y, weight_for(y, last), padding=1)[:, :3].float() * OUTPUT_SCALE + (
            self.last_bias * OUTPUT_SCALE
        ).view(1, 3, 1, 1)

    @torch.no_grad()
    def observe(self, x: torch.Tensor) -> None:
        sample = x.detach()[:, :, ::8, ::8].float()
        self.seen_mean.lerp_(sample.mean((0, 2, 3)), self.seen_rate)
        self.seen_square.lerp_(sample.square().mean((0, 2, 3)), self.seen_rate)
        self.seen_rate.mul_(0.8).clamp_(min=0.02)

    @torch.no_grad()
    def renormalise(self, keep_function: bool = True) -> None:
        """Adopts the statistics seen so far; the weight changes with them, so that the function stays."""
        deviation = (self.seen_square - self.seen_mean**2).clamp(min=0).sqrt().clamp(min=DEVIATION_FLOOR)
        if keep_function:
            weight, bias = self.first_layer()
            self.weight.copy_(weight * deviation[:, None, None])
            self.bias.copy_(bias + (weight.sum((2, 3)) * self.seen_mean).sum(1))
        self.mean.copy_(self.seen_mean)
        self.deviation.copy_(deviation)


def start_afresh(net: nn.Module) -> None:
    """A start for context and rectify nets of a DAIN: the output equals the blend, and every unit can learn."""
    for module in [*net.rectifyNet.modules(), *net.ctxNet.modules()]:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    with torch.no_grad():
        for block in (net.rectifyNet.block2, net.rectifyNet.block3, net.rectifyNet.block4):
            block.conv2.weight.mul_(0.2)
        for block in (net.ctxNet.block2, net.ctxNet.block3):
            block.conv2.weight.mul_(0.3)
        net.rectifyNet.block1[0].weight.mul_(0.5)
        net.rectifyNet.block5[0].weight.zero_()
