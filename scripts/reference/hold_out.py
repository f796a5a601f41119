"""Measures new frames against true ones: drops every other frame of a clip, interpolates the rest, compares.

    python hold_out.py CLIP [--dain PATH] [--strip PICTURE.png]

Prints the PSNR of the interpolated frames and, beside it, that of the plain average of the two neighbours, on 8-bit RGB.
`--strip` writes a picture of the frame where both differ most: neighbour, average, interpolated, truth, neighbour.
Needs the ffmpeg tool, NumPy and Pillow.
"""
import argparse
from pathlib import Path
import subprocess
import tempfile

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent


def frames(clip: str, folder: Path) -> list[np.ndarray]:
    command = ["ffmpeg", "-v", "error", "-i", clip, "-vsync", "passthrough", "-pix_fmt", "rgb24", folder / "%06d.png"]
    subprocess.run(command, check=True)
    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.glob("*.png"))]


def psnr(image: np.ndarray, truth: np.ndarray) -> float:
    error = np.mean((image.astype(np.float64) - truth) ** 2)
    return 10 * np.log10(255**2 / max(error, 1e-12))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("--dain", default=ROOT / ".build/release/dain")
    parser.add_argument("--strip", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        every, kept, doubled = (Path(name) / part for part in ("every", "kept", "doubled"))
        every.mkdir()
        kept.mkdir()
        truth = frames(args.clip, every)
        for index in range(0, len(truth), 2):
            Image.fromarray(truth[index]).save(kept / f"{index:06d}.png")
        command = [args.dain, "interpolate", kept, "--factor", "2", "-o", f"{doubled}/", "--quiet"]
        # The numbers have gaps on purpose; dain says so.
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        made = [np.asarray(Image.open(path)) for path in sorted(doubled.glob("*.png"))]
    rows = []
    for index in range(1, len(truth) - 1, 2):
        average = (truth[index - 1].astype(np.uint16) + truth[index + 1] + 1) // 2
        rows.append((index, psnr(made[index], truth[index]), psnr(average, truth[index])))
    print("frame  interpolated  average of the neighbours (PSNR, dB)")
    for index, ours, average in rows:
        print(f"{index:5}  {ours:12.2f}  {average:7.2f}")
    mean = [float(np.mean([row[column] for row in rows])) for column in (1, 2)]
    print(f" mean  {mean[0]:12.2f}  {mean[1]:7.2f}")
    if args.strip:
        index = max(rows, key=lambda row: row[1] - row[2])[0]
        before, after = truth[index - 1], truth[index + 1]
        average = ((before.astype(np.uint16) + after + 1) // 2).astype(np.uint8)
        Image.fromarray(np.hstack([before, average, made[index], truth[index], after])).save(args.strip)


if __name__ == "__main__":
    main()
