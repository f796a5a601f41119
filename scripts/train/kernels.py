"""The kernels of `kernels.cu` as differentiable PyTorch functions; built on first use, for the GPU or the CPU."""
import ctypes
import functools
import hashlib
import os
from pathlib import Path
import subprocess
import tempfile

import torch

SOURCE = Path(__file__).with_name("kernels.cu")
ON_GPU = torch.cuda.is_available()
# The type of activations in training; features pass through the kernels in it.
LOW = torch.bfloat16 if ON_GPU else torch.float32


@functools.cache
def library() -> ctypes.CDLL:
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    built = Path(tempfile.gettempdir()) / f"dain-kernels-{digest}-{'gpu' if ON_GPU else 'cpu'}.so"
    if not built.exists():
        partial = built.with_suffix(f".{os.getpid()}.so")
        if ON_GPU:
            major, minor = torch.cuda.get_device_capability()
            command = ["nvcc", "-O3", f"-arch=sm_{major}{minor}", "-Xcompiler", "-fPIC"]
        else:
            command = ["c++", "-DON_CPU", "-O2", "-std=c++17", "-x", "c++", "-fPIC"]
        subprocess.run([*command, "-shared", "-o", partial, SOURCE], check=True)
        os.replace(partial, built)
    return ctypes.CDLL(str(built))


def call(name: str, *arguments: torch.Tensor | int) -> None:
    stream = torch.cuda.current_stream().cuda_stream if ON_GPU else 0
    converted = [a if isinstance(a, int) else ctypes.c_void_p(a.data_ptr()) for a in arguments]
    getattr(library(), name)(*converted, ctypes.c_void_p(stream))


def plain(*tensors: torch.Tensor) -> list[torch.Tensor]:
    return [t.float().contiguous() for t in tensors]


class WarpImage(torch.autograd.Function):
    """Adaptive warp of images; gradients to flow and taps only."""

    @staticmethod
    def forward(ctx, image, flow, taps):
        image, flow, taps = plain(image, flow, taps)
        out = torch.empty_like(image)
        call("warp_image", image, flow, taps, out, *image.shape)
        ctx.save_for_backward(image, flow, taps)
        return out

    @staticmethod
    def backward(ctx, grad):
        image, flow, taps = ctx.saved_tensors
        (grad,) = plain(grad)
        grad_flow, grad_taps = torch.zeros_like(flow), torch.zeros_like(taps)
        call("warp_image_backward", image, flow, taps, grad, grad_flow, grad_taps, *image.shape)
        return None, grad_flow, grad_taps


class WarpFeatures(torch.autograd.Function):
    """Adaptive warp of `[N, C, H, W]` in channels-last memory; gradient to the features only, as published."""

    @staticmethod
    def forward(ctx, features, flow, taps):
        n, c, h, w = features.shape
        flow, taps = plain(flow, taps)
        source = features.permute(0, 2, 3, 1).to(LOW).contiguous()
        out = torch.empty_like(source)
        call("warp_features", source, flow, taps, out, n, c, h, w)
        ctx.save_for_backward(flow, taps)
        return out.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx, grad):
        flow, taps = ctx.saved_tensors
        n, c, h, w = grad.shape
        grad = grad.permute(0, 2, 3, 1).to(LOW).contiguous()
        grad_features = torch.zeros(n, h, w, c, device=grad.device)
        call("warp_features_backward", flow, taps, grad, grad_features, n, c, h, w)
        return grad_features.to(LOW).permute(0, 3, 1, 2), None, None


class ProjectFlow(torch.autograd.Function):
    """Depth-aware projection with hole filling; gradients to flow and weight, through the filled holes too."""

    @staticmethod
    def forward(ctx, flow, weight):
        flow, weight = plain(flow, weight)
        n, _, h, w = flow.shape
        count, out = torch.zeros_like(weight), torch.zeros_like(flow)
        call("project", flow, weight, count, out, n, h, w)
        ctx.save_for_backward(flow, weight, count, out)
        return out

    @staticmethod
    def backward(ctx, grad_out):
        flow, weight, count, out = ctx.saved_tensors
        n, _, h, w = flow.shape
        (grad_out,) = plain(grad_out)
        grad, grad_flow, grad_weight = grad_out.clone(), torch.zeros_like(flow), torch.zeros_like(weight)
        call("project_backward", flow, weight, count, out, grad_out, grad, grad_flow, grad_weight, n, h, w)
        return grad_flow, grad_weight


class Correlate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        a, b = plain(a, b)
        n, _, h, w = a.shape
        out = torch.empty(n, 81, h, w, device=a.device)
        call("correlate", a, b, out, *a.shape)
        ctx.save_for_backward(a, b)
        return out

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        (grad,) = plain(grad)
        grad_a, grad_b = torch.empty_like(a), torch.empty_like(b)
        call("correlate_backward", a, b, grad, grad_a, grad_b, *a.shape)
        return grad_a, grad_b
