"""Weights without a file: each value follows from a seed, the tensor's name and the element's index.

A tensor's stream starts at FNV-1a(name) + seed · golden (64 bits, wrapping). Element i is the SplitMix64 finaliser of
start + i + 1; its top 24 bits make a float32 in [0, 1), which is stretched to a range that depends on the layer and
keeps activations, flows and depths at the magnitudes of a trained net. Any language can make the same 24 million
values bit for bit.
"""
import numpy as np
import torch

from dain import DAIN

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def fnv1a(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def uniform(name: str, count: int, seed: int) -> np.ndarray:
    """`count` float32 values in [0, 1), multiples of 2^-24."""
    start = np.uint64((fnv1a(name) + seed * GOLDEN) & MASK)
    z = np.arange(1, count + 1, dtype=np.uint64) + start
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def value_range(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    if name.endswith("running_mean"):
        return -0.1, 0.1
    if name.endswith("running_var") or name == "depthNet.1.weight":
        return 0.5, 1.5
    if len(shape) == 1:
        return -0.05, 0.05
    if "deconv" in name or "upfeat" in name:
        # A 4x4 transposed conv of stride 2: four of the sixteen taps meet at each output.
        fan_in = shape[0] * 4
    else:
        fan_in = shape[1] * shape[2] * shape[3]
    if "predict_flow" in name or "dc_conv7" in name or name == "depthNet.4.weight":
        gain = 2.0
    elif name.startswith("initScaleNets"):
        gain = 1.0
    elif name.startswith("rectifyNet.block5"):
        gain = 0.05
    else:
        gain = 1.375
    bound = gain * (3 / fan_in) ** 0.5
    return -bound, bound


def formula_tensor(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    low, high = map(np.float32, value_range(name, shape))
    return (low + (high - low) * uniform(name, int(np.prod(shape)), seed)).reshape(shape)


def fill(net: DAIN, seed: int) -> DAIN:
    """Sets every parameter and norm statistic of `net` by the formula."""
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(formula_tensor(name, tuple(tensor.shape), seed)))
    return net
