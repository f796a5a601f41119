"""Looks for frames of benchmarks in footage that is trained on.

    python overlap.py FOOTAGE... --benchmark DATASET [--benchmark DATASET ...]

FOOTAGE are videos, or folders of them such as a shard. Every frame is compared with every frame of the benchmarks (layouts as
in `evaluate.py`), whole and as `prepare.py` crops 4:3 to 16:9, by the 256 signs of how brightness changes along the rows of a
frame reduced to 17x16. The same picture, scaled, squeezed and compressed, differs in a few signs, another picture in 40 and
more. Mirrored or more tightly cropped copies are not found. Prints the nearest videos; ends with 1 where one is the same.
"""
import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import sys

import cv2
import numpy as np

from evaluate import triplets
from prepare import VIDEOS, Source

SIGNS = 17, 16
# A picture that differs in fewer signs is the same one.
SAME = 25
# Frames with less contrast, in code values, are all alike.
LEAST_CONTRAST = 8
PRINTED = 12


@dataclass
class Nearest:
    signs: float
    video: str
    frame: int
    benchmark: str


def signs(frame: np.ndarray) -> np.ndarray | None:
    """1 where the picture gets brighter to the right, otherwise -1; none for a frame that shows next to nothing."""
    grey = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), SIGNS, interpolation=cv2.INTER_AREA).astype(np.float32)
    if grey.std() < LEAST_CONTRAST:
        return None
    return np.where(grey[:, 1:] > grey[:, :-1], 1, -1).astype(np.float32).ravel()


def benchmark_frames(folders: list[Path]) -> tuple[np.ndarray, list[str]]:
    found, names = [], []
    for folder in folders:
        for sequence, frames in triplets(folder):
            for number, frame in enumerate(frames):
                margin = frame.shape[0] // 8
                for view in frame, frame[margin : frame.shape[0] - margin]:
                    own = signs(np.ascontiguousarray(view[:, :, ::-1]))
                    if own is not None:
                        found.append(own)
                        names.append(f"{folder.name} {sequence}, frame {number}")
    return np.stack(found), names


def videos(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else [path]
        yield from sorted(p for p in inside if p.is_file() and p.suffix.lower() in VIDEOS)


def nearest(video: Path, wanted: np.ndarray, names: list[str]) -> Nearest | None:
    best = None
    for number, frame in enumerate(Source(video.name, [video]).frames()):
        own = signs(frame)
        if own is None:
            continue
        different = (own.size - wanted @ own) / 2
        index = int(different.argmin())
        if best is None or different[index] < best.signs:
            best = Nearest(float(different[index]), video.name, number, names[index])
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("footage", type=Path, nargs="+")
    parser.add_argument("--benchmark", type=Path, action="append", required=True)
    arguments = parser.parse_args()
    wanted, names = benchmark_frames(arguments.benchmark)
    results = [r for r in (nearest(video, wanted, names) for video in videos(arguments.footage)) if r is not None]
    if not results:
        sys.exit("overlap.py: no video there shows anything")
    results.sort(key=lambda r: r.signs)
    same = sum(r.signs < SAME for r in results)
    print(f"{len(results)} videos, {same} of which show a benchmark's frame; signs of 256 that differ:")
    for r in results[: max(PRINTED, same)]:
        print(f"{r.signs:4.0f}  {r.video}, frame {r.frame}: {r.benchmark}")
    sys.exit(1 if same else 0)


if __name__ == "__main__":
    main()
