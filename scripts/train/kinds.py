"""Where a mean over a benchmark comes from: PSNR by kind of triplet, of results that `dain evaluate --json` wrote.

    dain evaluate DATASET --json > output.json; dain evaluate DATASET --fast --json > blend.json
    python kinds.py DATASET blend.json output.json

*Repeated*: the true frame all but repeats a neighbour; it differs from it by less than a quarter of what the neighbours differ
by, as where frames were repeated to raise the rate of a video. Nothing in the neighbours tells it. *Still*: the mean of the
neighbours is above 40 dB already, and it is not repeated. *Moving*: all others.
"""
import argparse
import json
from pathlib import Path

import numpy as np

from evaluate import Score, average, triplets

KINDS = ("repeated", "still", "moving")


def kind(first: np.ndarray, truth: np.ndarray, second: np.ndarray) -> tuple[str, float]:
    """The kind of a triplet, and the PSNR of its neighbours' mean."""
    mean = Score.of(average(first, second), truth).psnr
    if min(Score.of(first, truth).ie, Score.of(second, truth).ie) < Score.of(first, second).ie / 4:
        return "repeated", mean
    return ("still" if mean > 40 else "moving"), mean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("results", type=Path, nargs="*")
    arguments = parser.parse_args()
    kinds = {name: kind(*frames) for name, frames in triplets(arguments.dataset)}
    columns = {"mean of the neighbours": {name: psnr for name, (_, psnr) in kinds.items()}}
    for path in arguments.results:
        columns[path.name] = {s["name"]: s["psnr"] for s in json.loads(path.read_text())["sequences"]}
    for wanted in (*KINDS, "all"):
        names = [name for name, (found, _) in kinds.items() if wanted in (found, "all")]
        means = [f"{title} {np.mean([psnr[name] for name in names]):.2f}" for title, psnr in columns.items() if names]
        print(f"{wanted}, {len(names)}: {', '.join(means)}")


if __name__ == "__main__":
    main()
