"""Quality on triplets with a known middle frame, by the reference definition in float32.

    python evaluate.py WEIGHTS DATASET... [--plain] [--half] [--json FILE]

Layouts: Middlebury `NAME/frame10 frame11 frame10i11`, UCF101 `N/frame_00 frame_02 frame_01_gt`, Vimeo-90K
`N/im1 im3 im2`, as PNG or lossless WebP; in folders of folders too, and Middlebury's truth in a second tree, as it is
distributed. What lacks a file is named and passed over. (Vimeo-90K's `tri_testlist.txt` is not read: `dain evaluate` does
that.) IE is the mean of |output - truth| over pixels and channels of the 8-bit RGB frames; PSNR is taken per sequence,
then averaged. `--plain`: projection without depth. `--half`: weights rounded to fp16 first, as they are stored.
"""
import argparse
from collections.abc import Iterator
from dataclasses import dataclass
import json
from pathlib import Path
import sys

import cv2
import numpy as np
import torch
from torch import nn

import paths  # noqa: F401
from dain import DAIN, Padding
from dain.weights import load_weights

LAYOUTS = (("frame10", "frame10i11", "frame11"), ("frame_00", "frame_01_gt", "frame_02"), ("im1", "im2", "im3"))


@dataclass
class Score:
    ie: float
    psnr: float

    @classmethod
    def of(cls, image: np.ndarray, truth: np.ndarray) -> "Score":
        difference = image.astype(np.float64) - truth
        return cls(float(np.abs(difference).mean()), float(10 * np.log10(255**2 / max((difference**2).mean(), 1e-10))))


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path}: cannot be read")
    return np.ascontiguousarray(image[:, :, ::-1])


def triplets(folder: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The first frame, the true one and the second of every sequence below a folder. Ends the program where there is none."""
    if not folder.is_dir():
        raise SystemExit(f"{folder}: is no folder")
    images = sorted(p for p in folder.rglob("*") if p.suffix in (".png", ".webp") and p.is_file())
    files: dict[Path, dict[str, Path]] = {}
    for path in images:
        files.setdefault(path.parent, {})[path.stem] = path
    found = 0
    for first, middle, second in LAYOUTS:
        truths = {place.name: names[middle] for place, names in files.items() if middle in names}
        for place, names in files.items():
            if first not in names or second not in names:
                continue
            name = place.relative_to(folder).as_posix()
            truth = names.get(middle, truths.get(place.name))
            if truth is None:
                print(f"{place}: lacks {middle}, passed over", file=sys.stderr)
                continue
            frames = [read(path) for path in (names[first], truth, names[second])]
            if len({frame.shape for frame in frames}) > 1:
                raise SystemExit(f"{place}: the frames differ in size")
            found += 1
            yield name, frames
    if not found:
        raise SystemExit(f"{folder}: holds no sequence of the known layouts: {', '.join('NAME/' + ' '.join(n) for n in LAYOUTS)}")


def load(net: DAIN, path: Path) -> None:
    """As `load_weights`, but ends the program with a line where the file is not there or is no weights."""
    try:
        load_weights(net, path)
    except Exception as error:  # what a broken file makes of the readers of two formats is without end
        reason = str(error).partition("\n")[0]
        raise SystemExit(f"{path}: cannot be loaded as weights ({type(error).__name__}: {reason})") from error


class full_precision:
    """No TF32 while it lasts."""

    def __enter__(self):
        self.before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    def __exit__(self, *_):
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = self.before


@torch.inference_mode()
def interpolate(net: DAIN, frame0: np.ndarray, frame1: np.ndarray, plain: bool) -> dict[str, np.ndarray]:
    device = next(net.parameters()).device
    padding = Padding.of(*frame0.shape[:2])
    images = [padding.add(torch.from_numpy(f).to(device).permute(2, 0, 1)[None].float() / 255) for f in (frame0, frame1)]
    first, second = net.frame(images[0]), net.frame(images[1])
    result = net.between(first, second, net.pair(first, second), 0.5, plain)

    def as_bytes(image: torch.Tensor) -> np.ndarray:
        image = padding.crop(image)[0].clamp(0, 1).permute(1, 2, 0)
        return (image * 255).round().cpu().numpy()

    return {"blend": as_bytes(result.blend), "output": as_bytes(result.output)}


def average(frame0: np.ndarray, frame1: np.ndarray) -> np.ndarray:
    return np.round((frame0.astype(np.float64) + frame1) / 2)


def evaluate(net: DAIN, sequences, plain: bool = False) -> dict[str, dict[str, Score]]:
    """For every sequence the scores of plain averaging, the blend and the output."""
    results = {}
    with full_precision():
        for name, (frame0, truth, frame1) in sequences:
            images = interpolate(net, frame0, frame1, plain)
            images["average"] = average(frame0, frame1)
            results[name] = {kind: Score.of(image, truth) for kind, image in images.items()}
    return results


def mean(results: dict[str, dict[str, Score]], kind: str) -> Score:
    scores = [r[kind] for r in results.values()]
    return Score(float(np.mean([s.ie for s in scores])), float(np.mean([s.psnr for s in scores])))


def summary(results: dict[str, dict[str, Score]]) -> str:
    return ", ".join(f"{k} {mean(results, k).ie:.3f} / {mean(results, k).psnr:.3f} dB" for k in ("average", "blend", "output"))


@torch.inference_mode()
def live_units(net: DAIN, frame0: np.ndarray, frame1: np.ndarray) -> dict[str, float]:
    """By ReLU layer of the rectify and context nets: the share of units that are positive on some pixel in a thousand."""
    shares: dict[str, float] = {}

    def watch(name: str):
        def hook(_module, _inputs, output):
            active = (output > 0).float().mean((0, 2, 3))
            shares[name] = min(shares.get(name, 1.0), (active > 1e-3).float().mean().item())

        return hook

    handles = []
    for part in ("rectifyNet", "ctxNet"):
        for name, module in getattr(net, part).named_modules():
            # conv1 is followed by its ReLU in place; a block's output is one.
            if name.endswith("conv1") or (name.startswith("block") and "." not in name and not name.endswith("5")):
                handles.append(module.register_forward_hook(watch(f"{part}.{name}")))
    interpolate(net, frame0, frame1, plain=False)
    for handle in handles:
        handle.remove()
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("datasets", type=Path, nargs="+")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    net = DAIN().eval()
    load(net, arguments.weights)
    if arguments.half:
        for tensor in net.state_dict().values():
            if tensor.is_floating_point() and tensor.dim() >= 2:
                tensor.copy_(tensor.half().float())
    net = net.to("cuda" if torch.cuda.is_available() else "cpu")
    record = {}
    for dataset in arguments.datasets:
        sequences = list(triplets(dataset))
        results = evaluate(net, sequences, arguments.plain)
        print(f"{dataset.name}, {len(results)} sequences: {summary(results)}")
        if len(results) <= 12:
            for name, scores in results.items():
                print(f"  {name:14}", *(f"{k} {s.ie:.3f} / {s.psnr:.2f} " for k, s in sorted(scores.items())))
        live = live_units(net, sequences[0][1][0], sequences[0][1][2])
        print("  live units:", ", ".join(f"{k} {v:.2f}" for k, v in live.items()))
        record[dataset.name] = {n: {k: vars(s) for k, s in r.items()} for n, r in results.items()}
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
