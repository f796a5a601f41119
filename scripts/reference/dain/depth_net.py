"""The hourglass of MegaDepth (Li & Snavely, CVPR 2018; Chen et al., NIPS 2016): log-depth from one frame.

The nesting below is the nesting of the published keys: a `Fork` sits at index 0 of its sequence and its `Sum` at 1.
"""
import torch
from torch import nn


def conv_norm_relu(inputs: int, outputs: int, size: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, size, padding=size // 2),
        nn.BatchNorm2d(outputs, eps=1e-5, affine=False),
        nn.ReLU(inplace=True),
    ]


class Inception(nn.Sequential):
    """Four branches side by side: a 1x1 conv, and three of a 1x1 conv followed by a larger one."""

    def __init__(self, inputs: int, outputs: int, sizes: tuple[int, int, int], middle: int):
        branches = [nn.Sequential(*conv_norm_relu(inputs, outputs, 1))]
        branches += [
            nn.Sequential(*conv_norm_relu(inputs, middle, 1), *conv_norm_relu(middle, outputs, size)) for size in sizes
        ]
        super().__init__(*branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self], 1)


class Fork(nn.Sequential):
    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [branch(x) for branch in self]


class Sum(nn.Module):
    def forward(self, parts: list[torch.Tensor]) -> torch.Tensor:
        return parts[0] + parts[1]


def fork_and_add(*branches: nn.Module) -> nn.Sequential:
    return nn.Sequential(Fork(*branches), Sum())


SMALL, LARGE = (3, 5, 7), (3, 7, 11)


def narrow() -> Inception:
    return Inception(128, 32, SMALL, 32)


def wide() -> Inception:
    return Inception(256, 64, SMALL, 32)


def wide_large() -> Inception:
    return Inception(256, 64, LARGE, 64)


def up() -> nn.Upsample:
    return nn.Upsample(scale_factor=2, mode="nearest")


def sixteenth() -> nn.Sequential:
    return fork_and_add(
        nn.Sequential(wide(), wide()),
        nn.Sequential(nn.AvgPool2d(2), wide(), wide(), wide(), up()),
    )


def eighth() -> nn.Sequential:
    return fork_and_add(
        nn.Sequential(wide(), wide_large()),
        nn.Sequential(nn.AvgPool2d(2), wide(), wide(), sixteenth(), wide(), wide_large(), up()),
    )


def quarter() -> nn.Sequential:
    return fork_and_add(
        nn.Sequential(
            nn.MaxPool2d(2),
            narrow(),
            Inception(128, 64, SMALL, 32),
            eighth(),
            wide(),
            Inception(256, 32, SMALL, 32),
            up(),
        ),
        nn.Sequential(narrow(), Inception(128, 32, LARGE, 64)),
    )


def half() -> nn.Sequential:
    return fork_and_add(
        nn.Sequential(
            nn.MaxPool2d(2),
            narrow(),
            narrow(),
            quarter(),
            Inception(128, 32, SMALL, 64),
            Inception(128, 16, LARGE, 32),
            up(),
        ),
        nn.Sequential(Inception(128, 16, LARGE, 64)),
    )


class DepthNet(nn.Sequential):
    """RGB in [0, 1] to log-depth `[N, 1, H, W]`."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 128, 7, padding=3),
            nn.BatchNorm2d(128, eps=1e-5),
            nn.ReLU(inplace=True),
            half(),
            nn.Conv2d(64, 1, 3, padding=1),
        )


def fold_batch_norm(net: nn.Module) -> None:
    """Folds every norm (of an evaluating net) into the conv before it, in place; the keys then differ."""
    names = list(net._modules)
    for name, following in zip(names, names[1:]):
        module, norm = net._modules[name], net._modules[following]
        if isinstance(module, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            net._modules[name] = nn.utils.fusion.fuse_conv_bn_eval(module, norm)
            net._modules[following] = nn.Identity()
    for child in net.children():
        fold_batch_norm(child)
