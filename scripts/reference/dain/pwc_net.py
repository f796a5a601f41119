"""PWC-Net (Sun et al., CVPR 2018), with dense connections and a dilated context network: optical flow."""
import torch
from torch import nn
import torch.nn.functional as F

from .operators import backward_warp, correlation

PYRAMID_CHANNELS = {1: 16, 2: 32, 3: 64, 4: 96, 5: 128, 6: 196}
DECODER_CHANNELS = (128, 128, 96, 64, 32)
CORRELATION_CHANNELS = 81
# The net predicts flow in units of 20 pixels of the full frame: at level n one unit is 20 / 2^n pixels.
FLOW_UNIT = 20.0


def conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation),
        nn.LeakyReLU(0.1, inplace=True),
    )


class PWCNet(nn.Module):
    def __init__(self):
        super().__init__()
        inputs = 3
        for level, channels in PYRAMID_CHANNELS.items():
            # The published code swapped two names on the coarsest level.
            first, second = ("aa", "a") if level == 6 else ("a", "aa")
            setattr(self, f"conv{level}{first}", conv(inputs, channels, stride=2))
            setattr(self, f"conv{level}{second}", conv(channels, channels))
            setattr(self, f"conv{level}b", conv(channels, channels))
            inputs = channels
        for level in (6, 5, 4, 3, 2):
            inputs = CORRELATION_CHANNELS + (0 if level == 6 else PYRAMID_CHANNELS[level] + 4)
            for index, channels in enumerate(DECODER_CHANNELS):
                setattr(self, f"conv{level}_{index}", conv(inputs, channels))
                inputs += channels
            setattr(self, f"predict_flow{level}", nn.Conv2d(inputs, 2, 3, padding=1))
            # `deconv2` is in the checkpoint but feeds nothing.
            setattr(self, f"deconv{level}", nn.ConvTranspose2d(2, 2, 4, 2, 1))
            if level > 2:
                setattr(self, f"upfeat{level}", nn.ConvTranspose2d(inputs, 2, 4, 2, 1))
        self.dc_conv1 = conv(inputs, 128)
        self.dc_conv2 = conv(128, 128, dilation=2)
        self.dc_conv3 = conv(128, 128, dilation=4)
        self.dc_conv4 = conv(128, 96, dilation=8)
        self.dc_conv5 = conv(96, 64, dilation=16)
        self.dc_conv6 = conv(64, 32)
        self.dc_conv7 = nn.Conv2d(32, 2, 3, padding=1)

    def pyramid(self, image: torch.Tensor) -> dict[int, torch.Tensor]:
        """Features of one frame at levels 1 (half size) to 6 (1/64)."""
        features, x = {}, image
        for level in PYRAMID_CHANNELS:
            for part in ("aa", "a", "b") if level == 6 else ("a", "aa", "b"):
                x = getattr(self, f"conv{level}{part}")(x)
            features[level] = x
        return features

    def flows(self, first: dict[int, torch.Tensor], second: dict[int, torch.Tensor]) -> dict[int, torch.Tensor]:
        """Flow from the first frame to the second at levels 6 to 2, in units of 20 full-size pixels."""
        flows: dict[int, torch.Tensor] = {}
        for level in (6, 5, 4, 3, 2):
            if level == 6:
                x = F.leaky_relu(self.correlate(first[6], second[6]), 0.1)
            else:
                up_flow = getattr(self, f"deconv{level + 1}")(flows[level + 1])
                up_features = getattr(self, f"upfeat{level + 1}")(x)
                warped = self.warp(second[level], up_flow * (FLOW_UNIT / 2**level))
                cost = F.leaky_relu(self.correlate(first[level], warped), 0.1)
                x = torch.cat((cost, first[level], up_flow, up_features), 1)
            for index in range(len(DECODER_CHANNELS)):
                x = torch.cat((getattr(self, f"conv{level}_{index}")(x), x), 1)
            flows[level] = getattr(self, f"predict_flow{level}")(x)
        for index in range(1, 8):
            x = getattr(self, f"dc_conv{index}")(x)
        flows[2] = flows[2] + x
        return flows

    # Separate, so that training can put its own kernels here.
    correlate = staticmethod(correlation)
    warp = staticmethod(backward_warp)

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Flow at a quarter of the size."""
        return self.flows(self.pyramid(first), self.pyramid(second))[2]
