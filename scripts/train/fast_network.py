"""The reference network's arithmetic, arranged for training: both frames and both directions as one batch.

Parameters stay in the reference module under their published names; only the way through them is written again here, on
the kernels of `kernels.cu` and in low precision (flow, taps, projection and warp in float32). `test_training.py`
compares it with the reference.
"""
from dataclasses import dataclass

import torch
from torch import nn
import torch.nn.functional as F

import paths  # noqa: F401
from dain import DAIN
from dain.depth_net import Fork, Inception, Sum
from dain.operators import backward_warp
from dain.pwc_net import DECODER_CHANNELS, FLOW_UNIT, PYRAMID_CHANNELS, PWCNet
from kernels import LOW, Correlate, ProjectFlow, WarpFeatures, WarpImage
from layers import conv, conv_leaky, conv_relu, join, pad_channels, residual_block
from rectify import NormalisedRectifyNet


@dataclass
class Prediction:
    """At t = 0.5. What belongs to a frame has 2N entries: first frames, then second frames."""

    blend: torch.Tensor
    output: torch.Tensor | None
    flows: dict[int, torch.Tensor]  # by level, in the net's unit, from each frame to the other
    projected: torch.Tensor
    log_depth: torch.Tensor | None


def swap_halves(x: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2)
    return torch.cat((second, first))


def flows_both_ways(net: PWCNet, frames: torch.Tensor) -> dict[int, torch.Tensor]:
    features, x = {}, frames.to(LOW)
    for level in PYRAMID_CHANNELS:
        for part in ("aa", "a", "b") if level == 6 else ("a", "aa", "b"):
            x = conv_leaky(x, getattr(net, f"conv{level}{part}"))
        features[level] = x
    flows: dict[int, torch.Tensor] = {}
    for level in (6, 5, 4, 3, 2):
        first, second = features[level], swap_halves(features[level])
        if level == 6:
            parts = [F.leaky_relu(Correlate.apply(first, second), 0.1).to(LOW)]
        else:
            up_flow = getattr(net, f"deconv{level + 1}")(flows[level + 1])
            up_layer = getattr(net, f"upfeat{level + 1}")
            # The padding of x sits behind its last channel: give the transposed weight zeros for it.
            up_weight = F.pad(up_layer.weight, (0, 0, 0, 0, 0, 0, 0, x.shape[1] - up_layer.weight.shape[0])).to(LOW)
            up_features = F.conv_transpose2d(x, up_weight, up_layer.bias.to(LOW), 2, 1)
            warped = backward_warp(second.float().contiguous(), up_flow * (FLOW_UNIT / 2**level))
            cost = F.leaky_relu(Correlate.apply(first, warped), 0.1)
            parts = [cost.to(LOW), first, up_flow.to(LOW), up_features]
        x = join(parts, LOW, multiple=8)
        for index in range(len(DECODER_CHANNELS)):
            x = torch.cat((conv_leaky(x, getattr(net, f"conv{level}_{index}")), x), 1)
        flows[level] = conv(x, getattr(net, f"predict_flow{level}")).float()
    for index in range(1, 7):
        x = conv_leaky(x, getattr(net, f"dc_conv{index}"))
    flows[2] = flows[2] + conv(x, net.dc_conv7).float()
    return flows


def kernels_of(net: DAIN, frames: torch.Tensor) -> torch.Tensor:
    """Taps of both frames, `[2N, 16, H, W]`."""
    x, skips = torch.cat(frames.chunk(2), 1).to(LOW), []
    for layer in net.initScaleNets_filter:
        if isinstance(layer, nn.Conv2d):  # each is followed by its ReLU
            x = conv_relu(x, layer.weight, layer.bias, 1)
        elif isinstance(layer, nn.MaxPool2d):
            skips.append(x)
            x = layer(x)
        elif isinstance(layer, nn.Upsample):
            x = layer(x) + skips.pop()
    heads = (net.initScaleNets_filter1, net.initScaleNets_filter2)
    # The last layer in float32: taps are factors of pixels, and three digits of them are not enough.
    return torch.cat([conv(conv_relu(x, head[0].weight, head[0].bias, 1).float(), head[2]) for head in heads])


def folded(layer: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias with the (evaluating) norm folded in; gradients reach the conv and the norm's own parameters."""
    scale = (norm.running_var + norm.eps).rsqrt()
    shift = -norm.running_mean * scale
    if norm.affine:
        scale, shift = scale * norm.weight, shift * norm.weight + norm.bias
    return layer.weight * scale[:, None, None, None], layer.bias * scale + shift


def depth_pass(module: nn.Module, x):
    """The depth net with its norms folded: norm statistics stay as they are while the convs learn."""
    if isinstance(module, Inception):
        return inception_pass(module, x)
    if isinstance(module, Fork):
        return [depth_pass(branch, x) for branch in module]
    if isinstance(module, Sum):
        return x[0] + x[1]
    if isinstance(module, nn.Sequential):
        children = list(module)
        for index, child in enumerate(children):
            follower = children[index + 1] if index + 1 < len(children) else None
            if isinstance(child, nn.Conv2d) and isinstance(follower, nn.BatchNorm2d):
                x = conv_relu(x, *folded(child, follower), child.padding[0])
            elif isinstance(child, nn.Conv2d):
                x = conv(x, child)
            elif not isinstance(child, (nn.BatchNorm2d, nn.ReLU)):
                x = depth_pass(child, x)
        return x
    return module(x)


def inception_pass(module: Inception, x: torch.Tensor) -> torch.Tensor:
    """The four 1x1 convs share their input: one product serves them."""
    firsts = [folded(branch[0], branch[1]) for branch in module]
    joined = conv_relu(x, torch.cat([w for w, _ in firsts]), torch.cat([b for _, b in firsts]), 0)
    parts = joined.split([w.shape[0] for w, _ in firsts], 1)
    outputs = [parts[0]]
    for branch, part in zip(list(module)[1:], parts[1:]):
        outputs.append(conv_relu(part, *folded(branch[3], branch[4]), branch[3].padding[0]))
    return torch.cat(outputs, 1)


def context_of(net: nn.Module, frames: torch.Tensor) -> list[torch.Tensor]:
    first = conv_relu(frames.to(LOW), net.block1[0].weight, None, 3)
    second = residual_block(first, net.block2)
    return [first, second, residual_block(second, net.block3)]


def predict(
    net: DAIN, image0: torch.Tensor, image1: torch.Tensor, depth: str, rectify: NormalisedRectifyNet | None
) -> Prediction:
    """The middle frame. `depth`: "none" (plain projection), "frozen" (no gradient) or "learn"; `rectify`: None stops
    at the blend."""
    n = image0.shape[0]
    frames = torch.cat((image0, image1)).contiguous()
    log_depth = None
    if depth != "none":
        with torch.set_grad_enabled(depth == "learn" and torch.is_grad_enabled()):
            log_depth = depth_pass(net.depthNet, frames.to(LOW)).float()
    taps = kernels_of(net, frames)
    flows = flows_both_ways(net.flownets, frames)
    towards = F.interpolate(FLOW_UNIT * 0.5 * flows[2], scale_factor=4, mode="bilinear", align_corners=False)
    weight = torch.ones_like(towards[:, :1]) if log_depth is None else 1e-6 + torch.exp(-log_depth)
    projected = ProjectFlow.apply(towards, weight)
    # `chunk`, not slices: its gradient is one concatenation, theirs two zero-filled copies and a sum.
    warped0, warped1 = WarpImage.apply(frames, projected, taps).chunk(2)
    blend = (warped0 + warped1) / 2
    if rectify is None:
        return Prediction(blend, None, flows, projected, log_depth)

    context = join([frames, *context_of(net.ctxNet, frames), log_depth.detach()], LOW)
    context = WarpFeatures.apply(context, projected.detach(), taps.detach())
    evidence = [blend, warped0, warped1, *projected.chunk(2), *taps.chunk(2), *context.chunk(2)]
    output = rectify(join(evidence, LOW, multiple=64)) + blend
    return Prediction(blend, output, flows, projected, log_depth)
