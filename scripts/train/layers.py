"""Convolutions for training: channels last, low precision, channel counts padded to what the matrix units take."""
import torch
from torch import nn
import torch.nn.functional as F

from kernels import ON_GPU

CHANNELS_LAST = torch.channels_last


def pad_channels(x: torch.Tensor, multiple: int = 8) -> torch.Tensor:
    missing = -x.shape[1] % multiple
    return F.pad(x, (0, 0, 0, 0, 0, missing)) if missing else x


def join(parts: list[torch.Tensor], dtype: torch.dtype, multiple: int = 1) -> torch.Tensor:
    """Concatenation in channels-last memory, with zero channels up to a multiple: one pass over the result."""
    parts = [part.to(dtype).contiguous(memory_format=CHANNELS_LAST) for part in parts]
    missing = -sum(part.shape[1] for part in parts) % multiple
    if missing:
        n, _, h, w = parts[0].shape
        parts.append(parts[0].new_zeros(n, missing, h, w).contiguous(memory_format=CHANNELS_LAST))
    return torch.cat(parts, 1)


def weight_for(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The weight in the type of `x`, with zeros for the channels by which `x` was padded."""
    missing = x.shape[1] - weight.shape[1]
    if missing:
        weight = F.pad(weight, (0, 0, 0, 0, 0, missing))
    return weight.to(x.dtype).contiguous(memory_format=CHANNELS_LAST)


class FusedConvReLU(torch.autograd.Function):
    """Convolution, bias and ReLU as one cuDNN call: the forward pass writes its output once, not three times."""

    @staticmethod
    def forward(ctx, x, weight, bias, padding, dilation):
        y = torch.cudnn_convolution_relu(x, weight, bias, [1, 1], [padding] * 2, [dilation] * 2, 1)
        ctx.save_for_backward(x, weight, y)
        ctx.padding, ctx.dilation = padding, dilation
        return y

    @staticmethod
    def backward(ctx, grad):
        x, weight, y = ctx.saved_tensors
        grad = torch.ops.aten.threshold_backward(grad.contiguous(memory_format=CHANNELS_LAST), y, 0)
        needs = [ctx.needs_input_grad[0], ctx.needs_input_grad[1], False]
        grad_x, grad_weight, _ = torch.ops.aten.convolution_backward(
            grad, x, weight, None, [1, 1], [ctx.padding] * 2, [ctx.dilation] * 2, False, [0, 0], 1, needs
        )
        grad_bias = grad.sum((0, 2, 3), dtype=torch.float32).to(weight.dtype) if ctx.needs_input_grad[2] else None
        return grad_x, grad_weight, grad_bias, None, None


# cuDNN's fused call takes a slow path for inputs narrower than this.
FUSED_MINIMUM = 16


def conv_relu(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, padding: int, dilation: int = 1):
    x = pad_channels(x).contiguous(memory_format=CHANNELS_LAST)
    weight = weight_for(x, weight)
    if bias is not None:
        bias = bias.to(x.dtype)
    if ON_GPU and x.shape[1] >= FUSED_MINIMUM:
        bias = x.new_zeros(weight.shape[0]) if bias is None else bias
        return FusedConvReLU.apply(x, weight, bias, padding, dilation)
    return F.relu(F.conv2d(x, weight, bias, 1, padding, dilation))


def conv(x: torch.Tensor, layer: nn.Conv2d) -> torch.Tensor:
    x = pad_channels(x).contiguous(memory_format=CHANNELS_LAST)
    weight, bias, outputs = layer.weight, layer.bias, layer.out_channels
    missing = -outputs % 8
    if missing:  # one to three outputs would take the slow path
        weight = F.pad(weight, (0, 0, 0, 0, 0, 0, 0, missing))
        bias = None if bias is None else F.pad(bias, (0, missing))
    bias = None if bias is None else bias.to(x.dtype)
    y = F.conv2d(x, weight_for(x, weight), bias, layer.stride, layer.padding, layer.dilation)
    return y[:, :outputs] if missing else y


def conv_leaky(x: torch.Tensor, block: nn.Sequential) -> torch.Tensor:
    return F.leaky_relu(conv(x, block[0]), 0.1, inplace=True)


def residual_block(x: torch.Tensor, block: nn.Module) -> torch.Tensor:
    dilation = block.conv1.dilation[0]
    y = conv_relu(x, block.conv1.weight, None, dilation, dilation)
    return F.relu(conv(y, block.conv2) + x, inplace=True)


class WideConv7x7(torch.autograd.Function):
    """7x7 convolution of a wide input, its weight gradient as seven batched matrix products.

    cuDNN's weight gradient runs at a quarter of the matrix units' rate here. Rows of the padded input shifted by one
    row of kernel taps, times seven copies of the gradient shifted by one column each, give seven columns of taps at
    once; the long sum over pixels is split into `SPLITS` parts to fill the GPU.
    """

    SPLITS = 9

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, bias, 1, 3)

    @staticmethod
    def weight_gradient(x: torch.Tensor, grad: torch.Tensor) -> torch.Tensor:
        n, inputs, h, w = x.shape
        outputs, splits = grad.shape[1], WideConv7x7.SPLITS
        padded_h, padded_w = h + 6, w + 6
        rows = n * padded_h * padded_w
        part = -(-rows // splits)
        source = x.new_zeros(part * splits + 6 * padded_w, inputs)
        source[:rows].view(n, padded_h, padded_w, inputs)[:, 3 : 3 + h, 3 : 3 + w] = x.permute(0, 2, 3, 1)
        # Tap (ky, kx) meets output (y, x) at padded row y + ky, column x + kx.
        shifted = grad.new_zeros(part * splits, 7, outputs)
        window = shifted[:rows].view(n, padded_h, padded_w, 7, outputs)
        for kx in range(7):
            window[:, :h, kx : kx + w, kx] = grad.permute(0, 2, 3, 1)
        left = shifted.view(splits, part, 7 * outputs).transpose(1, 2)
        columns = []
        for ky in range(7):
            right = source[ky * padded_w : ky * padded_w + part * splits].view(splits, part, inputs)
            columns.append(torch.bmm(left, right).sum(0, dtype=torch.float32).view(7, outputs, inputs))
        return torch.stack(columns).permute(2, 3, 0, 1)  # outputs, inputs, ky, kx

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        grad = grad.contiguous(memory_format=CHANNELS_LAST)
        grad_x = torch.ops.aten.convolution_backward(
            grad, x, weight, None, [1, 1], [3, 3], [1, 1], False, [0, 0], 1, [True, False, False]
        )[0]
        grad_weight = WideConv7x7.weight_gradient(x, grad).to(weight.dtype)
        return grad_x, grad_weight, grad.sum((0, 2, 3), dtype=torch.float32).to(weight.dtype)
