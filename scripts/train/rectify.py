"""The rectify net in coordinates in which it can learn.

Its first layer sees 437 channels of very different size: pixels of flow, kernel taps, features, log-depth. With the
published layout as the optimiser's coordinates, one sign-like step moves every channel's contribution at once, and
all ReLUs die within seconds. Here the optimiser holds the weight as it would be for inputs of mean 0 and deviation 1;
the weight that is applied, and exported, is that one folded with the measured statistics. The function is the same at
every pixel, borders with their zero padding included.
"""
import torch
from torch import nn

from kernels import LOW
from layers import WideConv7x7, conv, pad_channels, residual_block, weight_for

DEVIATION_FLOOR = 0.02


class NormalisedRectifyNet(nn.Module):
    def __init__(self, net: nn.Module):
        """`net`: the reference RectifyNet. Its first layer is not used here; `deployed` gives what it shall hold."""
        super().__init__()
        # Hidden from parameters(): the owner of the reference module trains the other layers.
        self.__dict__["net"] = net
        first = net.block1[0]
        self.weight = nn.Parameter(first.weight.detach().clone())
        self.bias = nn.Parameter(first.bias.detach().clone())
        channels = first.in_channels
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))
        # Running statistics of the input, taken up by `renormalise`.
        self.register_buffer("seen_mean", torch.zeros(channels))
        self.register_buffer("seen_square", torch.ones(channels))
        self.register_buffer("seen_rate", torch.ones(()))

    def deployed(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of the first layer for inputs as they are."""
        weight = self.weight / self.deviation[:, None, None]
        return weight, self.bias - (weight.sum((2, 3)) * self.mean).sum(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.observe(x)
        weight, bias = self.deployed()
        x = pad_channels(x, 64).contiguous(memory_format=torch.channels_last)
        y = torch.relu(WideConv7x7.apply(x, weight_for(x, weight), bias.to(LOW)))
        sample = y.detach()[:, :, ::4, ::4] > 0
        # For the log: the share of units that are positive anywhere, and of all activations.
        self.live = sample.amax((0, 2, 3)).float().mean()
        self.active = sample.float().mean()
        for block in (self.net.block2, self.net.block3, self.net.block4):
            y = residual_block(y, block)
        return conv(y, self.net.block5[0]).float()

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
            weight, bias = self.deployed()
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
        net.rectifyNet.block5[0].weight.mul_(0.02)
