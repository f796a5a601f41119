"""The definition's network as it would be run on a GPU: with kernels where the published code has kernels.

Adaptive warp, depth-aware projection and correlation are those of `scripts/train/kernels.cu`, built on first use; all
else is PyTorch's. As in the published code, depth and context of both frames are one batch. What PyTorch makes possible
without a rewrite is used: both directions of flow are one batch too, and a frame's pyramid is made once, not once a
direction. Nothing is kept from one pair to the next.

`half` is autocast to float16 with channels last; flow, taps, projection and images stay float32, and the kernel that
warps features works on bfloat16, as in training. The rectify net's input then has 440 channels instead of 437, the last
of them zero: matrix units take multiples of eight.
"""
from pathlib import Path
import sys

import torch
from torch import nn
import torch.nn.functional as F

from dain import DAIN
from dain.network import upscale_flow
from dain.operators import backward_warp

# Last, so that names here win.
sys.path.append(str(Path(__file__).resolve().parent.parent / "train"))
from kernels import Correlate, ProjectFlow, WarpFeatures, WarpImage, library  # noqa: E402, F401

CHANNELS_LAST = torch.channels_last


class KernelNetwork:
    """Frames between two: `network(image0, image1, t)`, batches of one."""

    def __init__(self, net: DAIN, half: bool, channels_last: bool):
        self.net, self.half = net, half
        self.format = CHANNELS_LAST if channels_last else torch.contiguous_format
        net.flownets.correlate = Correlate.apply
        # Positions in half precision would be off by up to half a pixel.
        net.flownets.warp = lambda features, flow: backward_warp(features.float(), flow.float())
        self.device = next(net.parameters()).device.type
        if half:
            widen(net.rectifyNet.block1[0], 8)
        net.to(memory_format=self.format)

    def autocast(self) -> torch.autocast:
        """Around all frames that are made, so that weights are cast once."""
        return torch.autocast(self.device, torch.float16, enabled=self.half)

    def __call__(self, image0: torch.Tensor, image1: torch.Tensor, t: float = 0.5) -> torch.Tensor:
        net = self.net
        frames = torch.cat((image0, image1)).contiguous(memory_format=self.format)
        log_depth = net.depthNet(frames).float()
        context = [frames, *net.ctxNet(frames), log_depth]
        context = torch.cat([part.half() for part in context] if self.half else context, 1)

        pyramid = net.flownets.pyramid(frames)
        flow = net.flownets.flows(pyramid, {level: x.flip(0) for level, x in pyramid.items()})[2].float()
        trunk = net.initScaleNets_filter(torch.cat((image0, image1), 1).contiguous(memory_format=self.format))
        taps = torch.cat((net.initScaleNets_filter1(trunk), net.initScaleNets_filter2(trunk)))

        spans = flow.new_tensor([t, 1 - t]).view(2, 1, 1, 1)
        projected = ProjectFlow.apply(upscale_flow(flow, spans), 1e-6 + torch.exp(-log_depth))
        if self.half:
            warped, context = WarpImage.apply(frames, projected, taps), WarpFeatures.apply(context, projected, taps)
        else:
            # The context starts with the image itself: one warp serves both.
            context = WarpImage.apply(context, projected, taps)
            warped = context[:, :3]
        blend = (1 - t) * warped[:1] + t * warped[1:]
        evidence = [blend, *warped.split(1), *projected.split(1), *taps.split(1), *context.split(1)]
        return net.rectifyNet(self.join(evidence)).float() + blend

    def join(self, parts: list[torch.Tensor]) -> torch.Tensor:
        if self.half:
            missing = self.net.rectifyNet.block1[0].in_channels - sum(part.shape[1] for part in parts)
            parts = [part.half() for part in [*parts, parts[0].new_zeros(1, missing, *parts[0].shape[2:])]]
        return torch.cat([part.contiguous(memory_format=self.format) for part in parts], 1)


def widen(layer: nn.Conv2d, multiple: int) -> None:
    """Gives a conv zero weights for input channels up to a multiple."""
    missing = -layer.in_channels % multiple
    layer.weight = nn.Parameter(F.pad(layer.weight.detach(), (0, 0, 0, 0, 0, missing)))
    layer.in_channels += missing
