"""Draws hard cases: what weights make of held-out frames of a clip, beside the truth and beside other weights.

    python strips.py CLIP OUT.jpg --frames 401 648 --weights OLD.safetensors NEW.safetensors [--stride 2]

For each frame a row: the frame a stride before, the true frame, and what each weights make of the frames a stride before
and after. Of the picture, the window is shown in which these two differ most; PSNR is that of the whole frame.
"""
import argparse
from pathlib import Path

import cv2
import numpy as np

import paths  # noqa: F401
from dain import DAIN
from evaluate import Score, interpolate, load

WINDOW = 320, 200
QUALITY = 88


def read(clip: Path, wanted: set[int]) -> dict[int, np.ndarray]:
    video, frames, index = cv2.VideoCapture(str(clip)), {}, 0
    while index <= max(wanted):
        good, frame = video.read()
        if not good:
            raise SystemExit(f"strips.py: {clip} has only {index} frames")
        if index in wanted:
            frames[index] = np.ascontiguousarray(frame[:, :, ::-1])
        index += 1
    return frames


def busiest(first: np.ndarray, second: np.ndarray) -> tuple[slice, slice]:
    """The window in which two frames differ most."""
    difference = np.abs(first.astype(np.float32) - second).mean(2)
    width, height = min(WINDOW[0], first.shape[1]), min(WINDOW[1], first.shape[0])
    means = cv2.boxFilter(difference, -1, (width, height), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    means = means[: first.shape[0] - height + 1, : first.shape[1] - width + 1]
    top, left = np.unravel_index(means.argmax(), means.shape)
    return slice(top, top + height), slice(left, left + width)


def labelled(picture: np.ndarray, text: str) -> np.ndarray:
    picture = picture.astype(np.uint8).copy()
    picture[:22] //= 2
    cv2.putText(picture, text, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, nargs="+", required=True)
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--stride", type=int, default=2)
    arguments = parser.parse_args()
    nets = []
    for path in arguments.weights:
        net = DAIN().eval()
        load(net, path)
        nets.append((path.name.removesuffix(".safetensors").removesuffix("-fp16"), net))
    frames = read(arguments.clip, {f + d for f in arguments.frames for d in (-arguments.stride, 0, arguments.stride)})
    rows = []
    for frame in arguments.frames:
        before, truth, after = (frames[frame + d] for d in (-arguments.stride, 0, arguments.stride))
        window = busiest(before, after)
        row = [labelled(before[window], f"frame {frame - arguments.stride}"), labelled(truth[window], f"true frame {frame}")]
        for name, net in nets:
            output = interpolate(net, before, after, plain=False)["output"]
            psnr = Score.of(output, truth).psnr
            print(f"frame {frame}, {name}: {psnr:.2f} dB", flush=True)
            row.append(labelled(output[window], f"{name} {psnr:.2f} dB"))
        rows.append(np.concatenate(row, 1))
    picture = np.concatenate(rows)
    cv2.imwrite(str(arguments.out), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


if __name__ == "__main__":
    main()
