"""The two nets of residual blocks: context features of a frame, and the rectification of the blend."""
import torch
from torch import nn


class ResidualBlock(nn.Module):
    def __init__(self, channels: int, dilation: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu_(self.conv2(torch.relu_(self.conv1(x))).add_(x))


class ContextNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, 64, 7, padding=3, bias=False), nn.ReLU(inplace=True))
        self.block2 = ResidualBlock(64, dilation=4)
        self.block3 = ResidualBlock(64, dilation=8)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """The outputs of the three blocks, 64 channels each."""
        first = self.block1(image)
        second = self.block2(first)
        return [first, second, self.block3(second)]


class RectifyNet(nn.Module):
    # The blend and both warped frames, two flows, two kernels, two warped contexts.
    INPUTS = 3 * 3 + 2 * 2 + 2 * 16 + 2 * 196

    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(self.INPUTS, 128, 7, padding=3), nn.ReLU(inplace=True))
        self.block2 = ResidualBlock(128)
        self.block3 = ResidualBlock(128)
        self.block4 = ResidualBlock(128)
        self.block5 = nn.Sequential(nn.Conv2d(128, 3, 3, padding=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block5(self.block4(self.block3(self.block2(self.block1(x)))))
