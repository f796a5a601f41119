"""Writes synthetic triplets in which things cover each other, to measure what depth is for.

    python occlusion.py PHOTOS OUT [--count 48] [--least 0.04] [--seed 1]

Textures are the photographs that training leaves out (`footage.held_out` of the file's name). Only scenes are kept of
which at least the share `--least` of the first frame's pixels is hidden in the second. `OUT/N/im1.png im2.png im3.png`
is read by `evaluate.py` and by `dain evaluate`; compare its default with `--plain` (`--projection plain`). The same
photographs and seed give the same triplets: everything is drawn on the CPU.
"""
import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from footage import held_out
from scenes import Scene, SceneGenerator

TEXTURE = 640, 360


def textures(folder: Path) -> torch.Tensor:
    bank = []
    for path in sorted(p for p in folder.iterdir() if held_out(p.name)):
        image = cv2.imread(str(path))
        if image is not None:
            image = cv2.resize(image, TEXTURE, interpolation=cv2.INTER_AREA)
            bank.append(torch.from_numpy(np.ascontiguousarray(image[:, :, ::-1])))
    if not bank:
        raise SystemExit(f"occlusion.py: {folder}: no photograph is held out")
    return torch.stack(bank)


def hidden_share(scene: Scene, pixels: torch.Tensor) -> torch.Tensor:
    """Share of the first frame's pixels that lie behind something nearer in the second."""
    size = pixels.shape[-1]
    there = pixels + scene.flow01
    grid = (there / (size - 1) * 2 - 1).permute(0, 2, 3, 1)
    # What leaves the picture reads as 0 there, the background, and does not count.
    order = F.grid_sample(scene.order1, grid, mode="nearest", align_corners=True)
    return (order > scene.order0 + 0.5).float().mean((1, 2, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--least", type=float, default=0.04)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    generator, written, shares = SceneGenerator(textures(arguments.photos), arguments.size), 0, []
    while written < arguments.count:
        scene = generator.generate(8)
        for index, share in enumerate(hidden_share(scene, generator.pixels).tolist()):
            if share < arguments.least or written == arguments.count:
                continue
            folder = arguments.out / f"{written:03}"
            folder.mkdir(parents=True)
            for time, frame in enumerate(scene.frames, 1):
                image = (frame[index].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
                cv2.imwrite(str(folder / f"im{time}.png"), image[:, :, ::-1])
            written += 1
            shares.append(share)
    print(f"{arguments.out}: {written} triplets, {np.mean(shares):.1%} of the first frame's pixels hidden in the second")


if __name__ == "__main__":
    main()
