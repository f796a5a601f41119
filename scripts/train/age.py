"""Writes a shard once more as old web video: small frames, compressed twice, the second time as MPEG-4 Part 2 with B-frames.

    python age.py SHARD OUT [--size 320x240] [--every 1] [--seed 0]

What a codec does to a frame depends on the frames around it: a block is copied along the motion, a B-frame is the mean of
two and coarser than both. Rounding each frame by itself, as `degrade.py` does, shows none of that. Segments and the names
of their sources stay as they are, so what is held out stays held out. Needs the ffmpeg tool with libxvid and libx264.
"""
import argparse
import json
from pathlib import Path
import random
import sys

import numpy as np

from prepare import Source, dimensions, ffmpeg, fit

# Frames that share a quantiser and a first generation.
FRAMES = 240
# Of the second generation; drawn more often at the finer end.
FINEST_QUANTISER, COARSEST_QUANTISER = 2.0, 9.0
# x264's CRF of the first generation, which half of the frames have.
FIRST_CRF = 20, 34


def age(frames: list[np.ndarray], path: Path, draw: random.Random) -> None:
    height, width = frames[0].shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", "25", "-i", "-"]
    # libxvid keeps its last frames where it may reorder them: they shall be ones that nobody misses.
    pixels = b"".join(frame.tobytes() for frame in frames + frames[-1:] * 4)
    if draw.random() < 0.5:
        crf = draw.uniform(*FIRST_CRF)
        first = ffmpeg([*raw, "-c:v", "libx264", "-crf", f"{crf:.1f}", "-pix_fmt", "yuv420p", "-f", "matroska", "-"], pixels)
        raw, pixels = ["-f", "matroska", "-i", "-"], first
    quantiser = FINEST_QUANTISER + (COARSEST_QUANTISER - FINEST_QUANTISER) * draw.random() ** 1.5
    codec = ["-c:v", "libxvid", "-q:v", f"{quantiser:.1f}", "-bf", str(draw.choice((0, 1, 2, 2))), "-g", "250"]
    ffmpeg([*raw, *codec, "-pix_fmt", "yuv420p", str(path)], pixels)


def age_shard(shard: Path, out: Path, size: tuple[int, int], every: int, seed: int) -> None:
    draw, part, total = random.Random(seed), 0, 0
    out.mkdir(parents=True)
    frames: list[np.ndarray] = []
    listed: list[tuple[int, int, str]] = []

    def finish() -> None:
        nonlocal part, total, frames, listed
        if frames:
            path = out / f"{part:04}.mp4"
            age(frames, path, draw)
            path.with_suffix(".mp4.json").write_text(json.dumps(listed))
            part, total, frames, listed = part + 1, total + path.stat().st_size, [], []

    for video in sorted(shard.glob("*.mp4")):
        segments = json.loads(video.with_suffix(".mp4.json").read_text())[::every]
        pending: list[np.ndarray] = []
        for number, frame in enumerate(Source(video.name, [video]).frames()):
            if not segments:
                break
            first, end, source = segments[0]
            if number >= first:
                pending.append(fit(frame, size))
            if number == end - 1:
                segments.pop(0)
                listed.append((len(frames), len(frames) + len(pending), source))
                frames, pending = frames + pending, []
                if len(frames) >= FRAMES:
                    finish()
        finish()
    print(f"{out}: {part} streams, {total / 1e6:.1f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shard", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=dimensions, default=(320, 240))
    parser.add_argument("--every", type=int, default=1, help="take only every so many segments")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not list(arguments.shard.glob("*.mp4")):
        parser.error(f"{arguments.shard} is no shard: it holds no .mp4")
    if arguments.out.exists():
        parser.error(f"{arguments.out} exists already")
    if arguments.every < 1:
        parser.error("--every is at least 1")
    try:
        age_shard(arguments.shard, arguments.out, arguments.size, arguments.every, arguments.seed)
    except (OSError, RuntimeError) as error:
        print(f"age.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
