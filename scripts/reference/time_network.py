"""Times one new frame of the whole network: every stage of one pair, of which nothing is known.

    python time_network.py --resolution 256x256 --runs 5 [--threads N] [--weights FILE] [--json]
    python time_network.py --resolution 256x256 --serve
    python time_network.py --device cuda --precision fp32 tf32 fp16 --resolution 640x480 1280x720
    python time_network.py --device cuda --precision tf32 --resolution 640x480 --padding published

A run is depth, context and flow pyramid of both frames, flow both ways, kernels, and one time (projection, warps,
blend, rectify). Weights are those of the formula unless a file is given: time does not depend on them. Batch norms are
folded into the convs (`--keep-norms`: not), as any engine would. The first run, which allocates, is not counted.

On the CPU the definition itself is run, in float32. `--serve` lets another program alternate its own runs with these:
it prints {"ready": …} once, and for every line `run` on its input one line {"seconds": …, "peak_bytes": …}; `quit` or
the end of input ends it.

On a GPU it is `kernel_network.py`, which has kernels where the published code has them, with cuDNN's choice of
algorithms by trial (`cudnn.benchmark`). fp32 and tf32 lay features out in planes, as the published code does, fp16
channels last; `--layout` says otherwise. Of each precision and size a line tells two medians. "In a clip": from one new
frame to the next, where for each pair both frames are uploaded and padded, and the new one is cropped and downloaded.
"Network": between events of the GPU around its work alone. A size that does not fit into memory gets a line that says
so, and the exit code is 1.

`--json` prints an object a line.
"""
import argparse
import json
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import time

import torch

from dain import DAIN, Padding
from dain.depth_net import fold_batch_norm
from formula_weights import fill, uniform

SCHEMES = {"next": "centred-64", "published": "demo-128"}


def parse_resolution(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT")
    return int(width), int(height)


def parse_device(text: str) -> torch.device:
    kind, _, index = text.partition(":")
    if text != "cpu" and not (kind == "cuda" and (index.isdigit() or text == "cuda")):
        raise argparse.ArgumentTypeError(f"{text!r} is not cpu, cuda or cuda:N")
    return torch.device(kind, int(index or 0))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolution", type=parse_resolution, nargs="+", default=[(256, 256)], metavar="WxH")
    parser.add_argument("--runs", type=int, default=5, help="at most, on a GPU")
    parser.add_argument("--seconds", type=float, default=4, help="on a GPU: no run more after so long, but three runs")
    parser.add_argument("--device", type=parse_device, default=torch.device("cpu"), help="cpu, cuda or cuda:N")
    parser.add_argument("--precision", nargs="+", choices=["fp32", "tf32", "fp16"], default=["fp32"])
    parser.add_argument("--layout", choices=["planes", "channels-last"], help="of features on a GPU")
    parser.add_argument("--padding", choices=list(SCHEMES), default="next",
                        help="to the next multiple of 64, or as the published demo does, of 128")  # fmt: skip
    parser.add_argument("--threads", type=int, help="default: PyTorch's choice")
    parser.add_argument("--weights", type=Path, help="safetensors or .pth; default: formula, seed 1")
    parser.add_argument("--keep-norms", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    if arguments.device.type == "cpu" and arguments.precision != ["fp32"]:
        parser.error("the CPU has fp32 alone")
    if arguments.serve and (arguments.device.type != "cpu" or len(arguments.resolution) > 1):
        parser.error("--serve is for the CPU and one resolution")
    return arguments


def peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def test_frames(width: int, height: int) -> list[torch.Tensor]:
    """Two smooth textures, the second moved by three pixels."""
    coarse = torch.from_numpy(uniform("texture", 3 * 32 * 32, 0).copy()).view(1, 3, 32, 32)
    scene = torch.nn.functional.interpolate(coarse, (height, width + 3), mode="bicubic").clamp(0, 1)
    return [scene[..., :width].contiguous(), scene[..., 3:].contiguous()]


def set_precision(precision: str) -> None:
    """What float32 convolutions and products compute with on a GPU."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision != "fp32"


def loaded(arguments: argparse.Namespace) -> DAIN:
    net = DAIN().eval()
    if arguments.weights:
        from dain.weights import load_weights  # the formula needs no safetensors

        load_weights(net, arguments.weights)
    else:
        fill(net, seed=1)
    if not arguments.keep_norms:
        fold_batch_norm(net.depthNet)
    return net


class Timer:
    """On the CPU."""

    def __init__(self, arguments: argparse.Namespace, net: DAIN, resolution: tuple[int, int]):
        self.net = net
        width, height = resolution
        padding = Padding.of(height, width, SCHEMES[arguments.padding])
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


class ClipTimer:
    """On a GPU. `network` is called with two padded frames and a time."""

    def __init__(self, network, device: torch.device, resolution: tuple[int, int], padding: str):
        self.network, self.device = network, device
        width, height = resolution
        self.padding = Padding.of(height, width, SCHEMES[padding])
        on_gpu = device.type == "cuda"
        self.images = [frame.pin_memory() if on_gpu else frame for frame in test_frames(width, height)]
        self.result = torch.empty_like(self.images[0], pin_memory=on_gpu)
        self.stages: list[tuple] = []

    def new_frame(self) -> None:
        frames = [self.padding.add(image.to(self.device, non_blocking=True)) for image in self.images]
        marks = [Mark(self.device), Mark(self.device)]
        marks[0].set()
        output = self.network(*frames, 0.5)
        marks[1].set()
        self.result.copy_(self.padding.crop(output))  # waits for it
        self.stages.append((marks[0], marks[1]))
        # The next pair is another one.
        self.images.reverse()

    def measure(self, runs: int, seconds: float) -> dict:
        for _ in range(2):  # algorithms are chosen, memory is allocated
            self.new_frame()
        self.stages.clear()
        times, begin = [], time.perf_counter()
        while len(times) < runs and (len(times) < 3 or time.perf_counter() - begin < seconds):
            start = time.perf_counter()
            self.new_frame()
            times.append(time.perf_counter() - start)
        network = [start.seconds_until(end) for start, end in self.stages]
        height, width = self.padding.add(self.images[0]).shape[2:]
        return {"padded": f"{width}x{height}", "median_seconds": statistics.median(times), "seconds": times,
                "network_median_seconds": statistics.median(network)}  # fmt: skip


class Mark:
    """A moment in a device's work."""

    def __init__(self, device: torch.device):
        self.event = torch.cuda.Event(enable_timing=True) if device.type == "cuda" else None

    def set(self) -> None:
        if self.event:
            self.event.record()
        else:
            self.time = time.perf_counter()

    def seconds_until(self, other: "Mark") -> float:
        return self.event.elapsed_time(other.event) / 1e3 if self.event else other.time - self.time


def time_on_gpu(arguments: argparse.Namespace) -> int:
    from kernel_network import KernelNetwork, library

    device = arguments.device
    if device.index >= torch.cuda.device_count():
        sys.exit(f"time_network.py: PyTorch finds no GPU {device.index}")
    torch.cuda.set_device(device)
    torch.backends.cudnn.benchmark = True
    try:
        library()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"time_network.py: the kernels cannot be built: {error}")
    missing = 0
    for precision in arguments.precision:
        set_precision(precision)
        layout = arguments.layout or ("channels-last" if precision == "fp16" else "planes")
        network = KernelNetwork(loaded(arguments).to(device), precision == "fp16", layout == "channels-last")
        for resolution in arguments.resolution:
            result = measured(network, device, resolution, arguments)
            result = {"precision": precision, "layout": layout, "padding": arguments.padding} | result
            missing += "error" in result
            print(json.dumps(result) if arguments.json else line(result), flush=True)
        del network
    return 1 if missing else 0


def measured(network, device: torch.device, resolution: tuple[int, int], arguments: argparse.Namespace) -> dict:
    result = {"resolution": "x".join(map(str, resolution)), "engine": f"pytorch {torch.__version__}"}
    on_gpu = device.type == "cuda"
    if on_gpu:
        result["device"] = torch.cuda.get_device_name(device)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        with network.autocast():
            result |= ClipTimer(network, device, resolution, arguments.padding).measure(
                arguments.runs, arguments.seconds)  # fmt: skip
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return result | {"error": f"out of memory: {str(error).splitlines()[0]}"}
    if on_gpu:
        result["peak_bytes"] = torch.cuda.max_memory_allocated()
        result["reserved_bytes"] = torch.cuda.max_memory_reserved()
    return result


def is_out_of_memory(error: RuntimeError) -> bool:
    # cuDNN finds no algorithm where none has room for what it needs beside its input and output.
    return isinstance(error, torch.OutOfMemoryError) or "unable to find an engine" in str(error)


def line(result: dict) -> str:
    head = f"{result['resolution']} {result['precision']}, padding {result['padding']}"
    if "error" in result:
        return f"{head}: {result['error']}"
    seconds, network = result["median_seconds"], result["network_median_seconds"]
    memory = f", {result['peak_bytes'] / 2**30:.1f} GiB" if "peak_bytes" in result else ""
    return (f"{head} ({result['padded']}), {result['layout']}: {seconds * 1e3:.2f} ms a new frame in a clip, "
            f"{1 / seconds:.2f} frames/s; network {network * 1e3:.2f} ms; {len(result['seconds'])} runs{memory}, "
            f"{result.get('device', 'CPU')}, {result['engine']}")  # fmt: skip


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


def time_on_cpu(arguments: argparse.Namespace) -> int:
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    net = loaded(arguments)
    for resolution in arguments.resolution:
        timer = Timer(arguments, net, resolution)
        if arguments.serve:
            serve(timer)
            return 0
        seconds = [timer.run() for _ in range(arguments.runs)]
        result = {"resolution": "x".join(map(str, resolution))} | timer.description() | {
            "median_seconds": statistics.median(seconds), "seconds": seconds, "peak_bytes": peak_bytes()
        }  # fmt: skip
        if arguments.json:
            print(json.dumps(result))
        else:
            median, peak = result["median_seconds"], result["peak_bytes"] / 2**20
            print(f"{result['resolution']} ({result['padded']}), {result['threads']} threads, {result['engine']}: "
                  f"median {median:.3f} s, {1 / median:.3f} frames/s, peak {peak:.0f} MiB")  # fmt: skip
            print("all: " + " ".join(f"{s:.3f}" for s in seconds))
    return 0


@torch.inference_mode()
def main() -> int:
    arguments = parse_arguments()
    return time_on_cpu(arguments) if arguments.device.type == "cpu" else time_on_gpu(arguments)


if __name__ == "__main__":
    sys.exit(main())
