"""Compares the network with kernels with the definition, and times a tiny frame as `time_network.py` times large ones.

    python test_kernel_network.py          (on the GPU where there is one, else the CPU build of the same kernels)

With weights by formula float32 must come to the definition's values but for rounding, which a position on a pixel
border turns into more. Those weights pass rounding on far more than trained ones: float16 is held to 45 dB with the
bundled ones.
"""
import argparse
from pathlib import Path
import sys

import torch

from dain import DAIN
from dain.depth_net import fold_batch_norm
from formula_weights import fill
from kernel_network import KernelNetwork
from time_network import line, measured, set_precision, test_frames

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


BUNDLED = sorted((Path(__file__).resolve().parent.parent.parent / "models").glob("*.safetensors"))[0]


def prepared(trained: bool) -> DAIN:
    net = DAIN().eval()
    if trained:
        from dain.weights import load_weights  # what comes before needs no safetensors

        load_weights(net, BUNDLED)
    else:
        fill(net, seed=1)
    fold_batch_norm(net.depthNet)
    return net.to(DEVICE)


def agrees(network: KernelNetwork, frames: list[torch.Tensor], t: float, expected: torch.Tensor, least: float) -> bool:
    with network.autocast():
        difference = (network(*frames, t) - expected).abs()
    psnr = -10 * torch.log10(difference.square().mean()).item()
    print(f"{'ok  ' if psnr >= least else 'FAIL'} t {t}, {'fp16' if network.half else 'fp32'}, "
          f"{'planes' if network.format == torch.contiguous_format else 'channels last'}: "
          f"worst {difference.max().item():.1e}, {(difference <= 1e-3).double().mean().item():.4%} within 1e-3, "
          f"PSNR {psnr:.1f} dB", flush=True)  # fmt: skip
    return psnr >= least


class Full:
    """In the place of a network: a GPU without memory."""

    def __init__(self, network: KernelNetwork):
        self.autocast = network.autocast

    def __call__(self, *_):
        raise torch.OutOfMemoryError("Tried to allocate 1 TiB.\nMore of this.")


def timing_holds(network: KernelNetwork) -> bool:
    arguments = argparse.Namespace(runs=4, seconds=0, padding="published")
    good = True
    for name, timed, expected in (("timed", network, "128x192"), ("full", Full(network), None)):
        result = measured(timed, DEVICE, (96, 128), arguments)
        if expected:
            # Without time of its own a measurement ends at three runs.
            fine = result["padded"] == expected and len(result["seconds"]) == 3
            fine &= 0 < result["network_median_seconds"] <= max(result["seconds"])
        else:
            fine = result["error"] == "out of memory: Tried to allocate 1 TiB." and "median_seconds" not in result
        good &= fine
        text = line({"precision": "fp16", "layout": "channels-last", "padding": "published"} | result)
        print("ok  " if fine else "FAIL", f"{name}:", text, flush=True)
    return good


@torch.inference_mode()
def main() -> int:
    set_precision("fp32")
    frames = [frame.to(DEVICE) for frame in test_frames(192, 128)]
    good = True
    for half, channels_last, least in ((False, False, 60), (False, True, 60), (True, True, 45)):
        definition, network = prepared(half), KernelNetwork(prepared(half), half, channels_last)
        for t in (0.5, 0.25):
            good &= agrees(network, frames, t, definition(*frames, t), least)
    good &= timing_holds(network)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
