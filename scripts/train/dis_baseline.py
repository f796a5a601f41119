"""A classical baseline: OpenCV's DIS flow both ways, projected to the middle, bilinear warp, blend.

    python dis_baseline.py DATASET... [--each]

Prints the mean IE and PSNR of the 8-bit RGB frames at t = 0.5 (see `evaluate.py` for the layouts), with `--each` of every sequence.
"""
import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from evaluate import Score, triplets
from dain.operators import adaptive_warp, project_flow

# The taps of bilinear sampling: the four in the middle of 4x4.
BILINEAR = [5, 6, 9, 10]


def tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float()


def interpolate(method: cv2.DISOpticalFlow, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (first, second)]
    taps = torch.zeros(1, 16, *first.shape[:2])
    taps[:, BILINEAR] = 1
    warped = [
        adaptive_warp(tensor(image), project_flow(tensor(method.calc(own, other, None)) * 0.5, None), taps)
        for image, own, other in ((first, *grey), (second, *reversed(grey)))
    ]
    blend = (warped[0] + warped[1]) / 2
    return blend[0].permute(1, 2, 0).clamp(0, 255).round().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path, nargs="+")
    parser.add_argument("--each", action="store_true", help="print every sequence, too")
    arguments = parser.parse_args()
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    for dataset in arguments.datasets:
        scores = []
        for name, (first, truth, second) in triplets(dataset):
            scores.append(Score.of(interpolate(method, first, second), truth))
            if arguments.each:
                print(f"  {name}: {scores[-1].ie:.3f} / {scores[-1].psnr:.2f} dB")
        ie, psnr = np.mean([s.ie for s in scores]), np.mean([s.psnr for s in scores])
        print(f"{dataset.name}, {len(scores)} sequences: {ie:.3f} / {psnr:.2f} dB")


if __name__ == "__main__":
    main()
