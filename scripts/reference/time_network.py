"""Times one new frame of the whole network on the CPU: float32, every stage of one pair.

    python time_network.py --resolution 256x256 --runs 5 [--threads N] [--weights FILE] [--json]
    python time_network.py --resolution 256x256 --serve

A run is depth, context and flow pyramid of both frames, flow both ways, kernels, and one time (projection, warps, blend,
rectify). Weights are those of the formula unless a file is given: time does not depend on them. Batch norms are folded
into the convs (`--keep-norms`: not), as any engine would. The first run, which allocates, is not counted.

`--serve` lets another program alternate its own runs with these: it prints {"ready": …} once, and for every line `run`
on its input one line {"seconds": …, "peak_bytes": …}; `quit` or the end of input ends it.
"""
import argparse
import json
from pathlib import Path
import resource
import statistics
import sys
import time

import torch

from dain import DAIN, Padding
from dain.depth_net import fold_batch_norm
from dain.weights import load_weights
from formula_weights import fill, uniform


def parse_resolution(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT")
    return int(width), int(height)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolution", type=parse_resolution, default=(256, 256), metavar="WxH")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, help="default: PyTorch's choice")
    parser.add_argument("--weights", type=Path, help="safetensors or .pth; default: formula, seed 1")
    parser.add_argument("--keep-norms", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


def peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def test_frames(width: int, height: int) -> list[torch.Tensor]:
    """Two smooth textures, the second moved by three pixels."""
    coarse = torch.from_numpy(uniform("texture", 3 * 32 * 32, 0).copy()).view(1, 3, 32, 32)
    scene = torch.nn.functional.interpolate(coarse, (height, width + 3), mode="bicubic").clamp(0, 1)
    return [scene[..., :width].contiguous(), scene[..., 3:].contiguous()]


class Timer:
    def __init__(self, arguments: argparse.Namespace):
        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        self.net = DAIN().eval()
        if arguments.weights:
            load_weights(self.net, arguments.weights)
        else:
            fill(self.net, seed=1)
        if not arguments.keep_norms:
            fold_batch_norm(self.net.depthNet)
        width, height = arguments.resolution
        padding = Padding.of(height, width)
        self.frames = [padding.add(frame) for frame in test_frames(width, height)]
        self.run()

    def run(self) -> float:
        start = time.perf_counter()
        self.net(*self.frames, 0.5)
        return time.perf_counter() - start

    def description(self) -> dict:
        height, width = self.frames[0].shape[2:]
        return {"engine": f"pytorch {torch.__version__}", "threads": torch.get_num_threads(),
                "padded": f"{width}x{height}"}  # fmt: skip


def serve(timer: Timer) -> None:
    print(json.dumps({"ready": timer.description()}), flush=True)
    for line in sys.stdin:
        command = line.strip()
        if command == "quit":
            return
        if command == "run":
            print(json.dumps({"seconds": timer.run(), "peak_bytes": peak_bytes()}), flush=True)
        else:
            print(json.dumps({"error": f"unknown command {command!r}: expected run or quit"}), flush=True)


@torch.inference_mode()
def main() -> None:
    arguments = parse_arguments()
    timer = Timer(arguments)
    if arguments.serve:
        serve(timer)
        return
    seconds = [timer.run() for _ in range(arguments.runs)]
    result = timer.description() | {
        "median_seconds": statistics.median(seconds), "seconds": seconds, "peak_bytes": peak_bytes()
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(result))
    else:
        print(f"{result['padded']}, {result['threads']} threads, {result['engine']}: "
              f"median {result['median_seconds']:.3f} s, peak {result['peak_bytes'] / 2**20:.0f} MiB")  # fmt: skip
        print("all: " + " ".join(f"{s:.3f}" for s in seconds))


if __name__ == "__main__":
    main()
