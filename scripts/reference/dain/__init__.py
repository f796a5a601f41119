"""DAIN (Bao et al., CVPR 2019) in plain PyTorch: the definition that the Swift engine is tested against.

Tensors are `[N, C, H, W]`, RGB in [0, 1]; a flow is `[N, 2, H, W]`, x then y, in pixels. Module and parameter names
are those of the published checkpoint, so its state dict loads as it is.
"""
from .network import DAIN, Frame, Interpolation, Pair
from .padding import Padding

__all__ = ["DAIN", "Frame", "Interpolation", "Padding", "Pair"]
