"""Checks every training kernel, forward and backward, against autograd through the plain PyTorch definition.

    python test_kernels.py          (on the GPU where there is one, else the CPU build of the same kernels)
"""
import sys

import torch

import paths  # noqa: F401
from dain.operators import adaptive_warp, correlation, project_flow
from kernels import LOW, Correlate, ProjectFlow, WarpFeatures, WarpImage

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a.double() - b.double()).norm() / b.double().norm().clamp(min=1e-30)).item()


def compare(name: str, kernel, definition, inputs: list[torch.Tensor], wanted: list[int], tolerance: float) -> bool:
    """`wanted`: the inputs whose gradients are compared. The definition runs in float64."""
    mine = [t.clone().requires_grad_(i in wanted) for i, t in enumerate(inputs)]
    exact = [t.double().requires_grad_(i in wanted) for i, t in enumerate(inputs)]
    out, expected = kernel(*mine), definition(*exact)
    grad = torch.randn_like(expected)
    out.backward(grad.to(out.dtype))
    expected.backward(grad)
    errors = [relative(out, expected)] + [relative(mine[i].grad, exact[i].grad) for i in wanted]
    good = all(e < tolerance for e in errors)
    print(f"{'ok  ' if good else 'FAIL'} {name:28} output {errors[0]:.1e}, gradients",
          " ".join(f"{e:.1e}" for e in errors[1:]), flush=True)  # fmt: skip
    return good


def main() -> int:
    torch.manual_seed(0)
    n, h, w = 2, 37, 45
    random = lambda *shape: torch.randn(*shape, device=DEVICE)  # noqa: E731
    # Flows in eighths plus a sixteenth: the same cell in float32 and float64, no position on a pixel border.
    flow = (random(n, 2, h, w) * 40).round() / 8 + 1 / 16
    scattered = flow * 4 + 1 / 16  # leaves holes
    taps, weight = random(n, 16, h, w), random(n, 1, h, w).exp()
    image, features = random(n, 3, h, w), random(n, 8, h, w).to(LOW).float()
    results = [
        compare("adaptive warp of images", WarpImage.apply, adaptive_warp, [image, flow, taps], [1, 2], 1e-5),
        compare("adaptive warp of features", WarpFeatures.apply, adaptive_warp, [features, flow, taps], [0], 1e-2),
        compare("projection", ProjectFlow.apply, project_flow, [flow, weight], [0, 1], 1e-4),
        compare("projection with holes", ProjectFlow.apply, project_flow, [scattered, weight], [0, 1], 1e-4),
        compare("correlation", Correlate.apply, correlation, [random(n, 12, h, w), random(n, 12, h, w)], [0, 1], 1e-5),
    ]  # fmt: skip
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
