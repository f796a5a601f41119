"""Checks the training arrangement against the reference: outputs, folding, and the wide convolution's gradient.

    python test_training.py [WEIGHTS]

Without a file the formula weights, seed 1, are taken. On a GPU training rounds to bfloat16, which the flow of arbitrary
weights does not bear: there the bundled ones are taken.
"""
from pathlib import Path
import sys

import torch

import paths  # noqa: F401
from dain import DAIN
from dain.pwc_net import FLOW_UNIT
from dain.weights import load_weights
from fast_network import predict
from formula_weights import fill, uniform
from kernels import LOW, ON_GPU
from layers import WideConv7x7, conv_relu
from losses import FREE_STEP, scatter_loss
from rectify import NormalisedRectifyNet

DEVICE = "cuda" if ON_GPU else "cpu"


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a.double() - b.double()).norm() / b.double().norm()).item()


def report(name: str, error: float, tolerance: float) -> bool:
    good = error < tolerance
    print(f"{'ok  ' if good else 'FAIL'} {name:44} {error:.1e} (< {tolerance:.1e})", flush=True)
    return good


def check_network() -> bool:
    net = DAIN().eval().to(DEVICE)
    bundled = sorted((Path(__file__).parents[2] / "models").glob("*.safetensors"))
    if len(sys.argv) > 1 or (ON_GPU and bundled):
        load_weights(net, Path(sys.argv[1]) if len(sys.argv) > 1 else bundled[-1])
    else:
        fill(net, 1)
    size = 64 if DEVICE == "cpu" else 256
    # A picture that moves: where nothing corresponds, flow is arbitrary, and so is what rounding makes of it.
    noise = torch.from_numpy(uniform("f0", 3 * 64, 0).copy()).view(1, 3, 8, 8).to(DEVICE)
    picture = torch.nn.functional.interpolate(noise, size=(size + 8, size + 8), mode="bicubic").clamp(0, 1)
    image0, image1 = (picture[..., y : y + size, x : x + size].contiguous() for x, y in ((1, 6), (4, 2)))
    with torch.no_grad():
        first, second = net.frame(image0), net.frame(image1)
        expected = net.between(first, second, net.pair(first, second), 0.5)
        rectify = NormalisedRectifyNet(net.rectifyNet).to(DEVICE)
        mine = predict(net, image0, image1, "frozen", rectify)
        rectify.renormalise()
        again = predict(net, image0, image1, "frozen", rectify)
    low = 2e-2 if LOW == torch.bfloat16 else 1e-4
    return all([
        report("log-depth", relative(mine.log_depth[:1], first.log_depth), low),
        report("projected flow", relative(mine.projected[:1], expected.projected0), low),
        report("blend", relative(mine.blend, expected.blend), low),
        report("output", relative(mine.output, expected.output), low),
        report("output after renormalising", relative(again.output, mine.output), low),
    ])  # fmt: skip


def check_layers() -> bool:
    x = torch.randn(2, 16, 20, 24, device=DEVICE).to(LOW).contiguous(memory_format=torch.channels_last)
    weight, bias = torch.randn(8, 16, 7, 7, device=DEVICE) * 0.1, torch.randn(8, device=DEVICE)
    results = []
    for name, function, definition, w in (
        ("7x7 convolution", WideConv7x7.apply, lambda *a: torch.nn.functional.conv2d(*a, padding=3), weight),
        ("fused convolution and ReLU", lambda *a: conv_relu(*a, 1),
         lambda *a: torch.nn.functional.conv2d(*a, padding=1).relu(), weight[:, :, :3, :3]),
    ):  # fmt: skip
        mine = [t.detach().to(LOW).requires_grad_() for t in (x, w, bias)]
        exact = [t.detach().double().requires_grad_() for t in mine]
        out, expected = function(*mine), definition(*exact)
        grad = torch.randn_like(expected).to(LOW)
        out.backward(grad)
        expected.backward(grad.double())
        errors = [relative(out, expected)] + [relative(a.grad, b.grad) for a, b in zip(mine, exact)]
        results.append(report(name, max(errors), 3e-2 if ON_GPU else 1e-4))
    return all(results)


def check_scatter() -> bool:
    """Flow that zooms and shifts is free, an outline costs its length, and scattered flow is charged everywhere."""
    size, jump = 32, 22.0
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    smooth = torch.stack((0.9 * FREE_STEP * x + 50, 0.9 * FREE_STEP * y - 30)).float()[None]
    outline = (x >= size // 2).float().expand(1, 2, size, size) * jump / 2
    scattered = torch.randn(1, 2, size, size) * jump / 2
    cost = [scatter_loss(flow / FLOW_UNIT).item() for flow in (smooth, outline, scattered)]
    return all([
        report("smooth flow is free", cost[0], 1e-9),
        report("an outline pays for its length", abs(cost[1] * (size - 1) / (jump - FREE_STEP) - 1), 1e-5),
        report("scattered flow costs more", cost[1] / cost[2], 0.1),
    ])  # fmt: skip


if __name__ == "__main__":
    torch.manual_seed(0)
    results = [check_scatter(), check_layers(), check_network()]
    sys.exit(0 if all(results) else 1)
