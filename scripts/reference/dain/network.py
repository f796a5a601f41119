"""DAIN as a whole, in three stages: what depends on a frame, on a pair of frames, and on the time between them."""
from dataclasses import dataclass

import torch
from torch import nn
import torch.nn.functional as F

from .depth_net import DepthNet
from .kernel_net import KernelTrunk, kernel_head
from .operators import adaptive_warp, project_flow
from .pwc_net import FLOW_UNIT, PWCNet
from .residual_nets import ContextNet, RectifyNet


@dataclass
class Frame:
    """What one frame alone determines; two consecutive pairs share it."""

    image: torch.Tensor  # [N, 3, H, W]
    log_depth: torch.Tensor  # [N, 1, H, W]
    context: torch.Tensor  # [N, 196, H, W]: image, three blocks of 64 features, log-depth
    pyramid: dict[int, torch.Tensor]  # of the flow net

    @property
    def weight(self) -> torch.Tensor:
        """Inverse depth: near things win."""
        return 1e-6 + torch.exp(-self.log_depth)


@dataclass
class Pair:
    """What two frames determine, whatever the time."""

    flow01: torch.Tensor  # [N, 2, H/4, W/4], in units of 20 pixels
    flow10: torch.Tensor
    kernel0: torch.Tensor  # [N, 16, H, W]
    kernel1: torch.Tensor


@dataclass
class Interpolation:
    projected0: torch.Tensor  # [N, 2, H, W]: flow at time t into frame 0
    projected1: torch.Tensor
    blend: torch.Tensor  # [N, 3, H, W]
    output: torch.Tensor  # rectified, not clipped


class DAIN(nn.Module):
    def __init__(self):
        super().__init__()
        self.initScaleNets_filter = KernelTrunk()
        self.initScaleNets_filter1 = kernel_head()
        self.initScaleNets_filter2 = kernel_head()
        self.ctxNet = ContextNet()
        self.rectifyNet = RectifyNet()
        self.flownets = PWCNet()
        self.depthNet = DepthNet()

    def frame(self, image: torch.Tensor) -> Frame:
        log_depth = self.depthNet(image)
        context = torch.cat((image, *self.ctxNet(image), log_depth), 1)
        return Frame(image, log_depth, context, self.flownets.pyramid(image))

    def pair(self, first: Frame, second: Frame) -> Pair:
        flow01 = self.flownets.flows(first.pyramid, second.pyramid)[2]
        flow10 = self.flownets.flows(second.pyramid, first.pyramid)[2]
        trunk = self.initScaleNets_filter(torch.cat((first.image, second.image), 1))
        return Pair(flow01, flow10, self.initScaleNets_filter1(trunk), self.initScaleNets_filter2(trunk))

    def between(self, first: Frame, second: Frame, pair: Pair, t: float, plain: bool = False) -> Interpolation:
        """The frame at time t in (0, 1). `plain` leaves depth out of the projection."""
        projected0 = project_flow(upscale_flow(pair.flow01, t), None if plain else first.weight)
        projected1 = project_flow(upscale_flow(pair.flow10, 1 - t), None if plain else second.weight)
        # The context starts with the image itself: one warp serves both.
        context0 = adaptive_warp(first.context, projected0, pair.kernel0)
        context1 = adaptive_warp(second.context, projected1, pair.kernel1)
        warped0, warped1 = context0[:, :3], context1[:, :3]
        blend = (1 - t) * warped0 + t * warped1
        evidence = (blend, warped0, warped1, projected0, projected1, pair.kernel0, pair.kernel1, context0, context1)
        output = self.rectifyNet(torch.cat(evidence, 1)) + blend
        return Interpolation(projected0, projected1, blend, output)

    def forward(self, image0: torch.Tensor, image1: torch.Tensor, t: float = 0.5) -> torch.Tensor:
        """The frame at time t, not clipped; height and width are multiples of 64 (see `Padding`)."""
        first, second = self.frame(image0), self.frame(image1)
        return self.between(first, second, self.pair(first, second), t).output


def upscale_flow(flow: torch.Tensor, span: float) -> torch.Tensor:
    """The flow net's output as full-size flow over a part of the interval between the frames."""
    return F.interpolate(FLOW_UNIT * span * flow, scale_factor=4, mode="bilinear", align_corners=False)
