"""Kernel estimation: a U-Net whose skips are added, and two heads of sixteen taps a pixel."""
import torch
from torch import nn

DOWN = (16, 32, 64, 128, 256, 512)
UP = (512, 256, 128, 64, 32, 16)


class KernelTrunk(nn.Sequential):
    def __init__(self):
        layers: list[nn.Module] = [nn.Conv2d(6, DOWN[0], 3, padding=1), nn.ReLU()]
        for inputs, outputs in zip(DOWN, DOWN[1:]):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(512, 512, 3, padding=1), nn.ReLU()]
        for inputs, outputs in zip(UP, UP[1:]):
            layers += [
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
                nn.Conv2d(inputs, outputs, 3, padding=1),
                nn.ReLU(),
            ]
        super().__init__(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for layer in self:
            if isinstance(layer, nn.MaxPool2d):
                skips.append(x)
            x = layer(x)
            if isinstance(layer, nn.Upsample):
                x = x + skips.pop()
        return x


def kernel_head() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1))
