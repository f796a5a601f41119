"""Prepares a data shard of a given size from a folder of videos, frames and photographs.

    python prepare.py FOLDER OUT --megabytes 32 [--size 640x360] [--quality 20]

FOLDER is searched with all its folders. Videos, and folders of numbered images that show motion, become `OUT/shard`: streams
of one size (scaled and cropped) with short segments that hold neither a cut nor a repeated frame, as `footage.py` reads
them. All other images become `OUT/photos`, textures for synthetic scenes; without any, frames of the footage do.

Every source has an equal share of the size, and what one does not need goes to the others; within a source, segments with
motion are preferred. The same folder gives the same shard. Needs the ffmpeg tool with libx264.
"""
import argparse
from collections.abc import Iterator
from dataclasses import dataclass
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
import zlib

import cv2
import numpy as np

from footage import held_out

VIDEOS = {".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".y4m"}
IMAGES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}
# Frames of a segment: the fewest are three steps of 3, the widest that training makes.
SEGMENT, SHORTEST = 12, 7
# Sources are told apart by so many frames, so that some of one long video can be held out.
SECTION = 240
# Sizes of what is looked at for motion, and mean differences there, in code values.
SMALL = (96, 54)
STILL, CUT = 0.5, 12.0
# Frames that differ by more are of no use, and pictures that all do are no frames.
LARGEST = 20.0
# A cut stands out from the motion around it by this factor; a repeated frame falls as far below it.
OUTSTANDING = 3.0
LARGEST_ENLARGEMENT = 1.25
LONGEST_PHOTO_SIDE = 1280
PART_BYTES = 8_000_000


@dataclass
class Source:
    """A video, or the images of a sequence in their order."""

    name: str
    files: list[Path]

    def frames(self) -> Iterator[np.ndarray]:
        """BGR, as far as it decodes."""
        if len(self.files) > 1:
            for path in self.files:
                image = cv2.imread(str(path))
                if image is not None:
                    yield image
            return
        video = cv2.VideoCapture(str(self.files[0]))
        while True:
            good, frame = video.read()
            if not good:
                return
            yield frame


@dataclass
class Segment:
    first: int
    end: int
    motion: float


def numbered(path: Path) -> tuple[str, int] | None:
    match = re.fullmatch(r"(.*?)(\d+)", path.stem)
    return (match[1], int(match[2])) if match else None


def find(folder: Path) -> tuple[list[Source], list[list[Path]], list[Path]]:
    """Videos, runs of numbered images that may be frames, and other images."""
    videos, runs, photos = [], {}, []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        if path.suffix.lower() in VIDEOS:
            videos.append(Source(path.relative_to(folder).as_posix(), [path]))
        elif path.suffix.lower() in IMAGES:
            number = numbered(path)
            if number is None:
                photos.append(path)
            else:
                runs.setdefault((path.parent, number[0], path.suffix), []).append((number[1], path))
    ordered = [[path for _, path in sorted(run)] for run in runs.values()]
    return videos, [run for run in ordered if len(run) >= SHORTEST], photos + [
        path for run in ordered if len(run) < SHORTEST for path in run
    ]


def small(frame: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)


def differences(frames: Iterator[np.ndarray]) -> tuple[np.ndarray, tuple[int, int] | None]:
    """Mean difference of each frame from the one before it, and the size; a change of size counts as a cut."""
    values, before, size = [], None, None
    for frame in frames:
        now = small(frame)
        if before is not None:
            same = frame.shape[:2] == size
            values.append(float(np.abs(now - before).mean()) if same else np.inf)
        before, size = now, size or frame.shape[:2]
        if frame.shape[:2] != size:
            break
    return np.array(values, dtype=np.float64), size and (size[1], size[0])


def segments(difference: np.ndarray) -> list[Segment]:
    """Segments without a cut or a still, in order. `difference[i]` lies between the frames i and i + 1."""
    good = []
    for i, value in enumerate(difference):
        around = np.concatenate((difference[max(0, i - 4) : i], difference[i + 1 : i + 5]))
        usual = float(np.median(around)) if len(around) else value
        is_cut = value > LARGEST or (value > CUT and value > OUTSTANDING * usual)
        is_still = value < STILL or OUTSTANDING * value < usual
        good.append(not is_cut and not is_still)
    found, start = [], 0
    for i in range(len(good) + 1):
        if i < len(good) and good[i]:
            continue
        # Frames start ... i belong together.
        for first in range(start, i + 1, SEGMENT):
            end = min(first + SEGMENT, i + 1)
            if end - first >= SHORTEST:
                found.append(Segment(first, end, float(difference[first : end - 1].mean())))
        start = i + 1
    return found


def by_preference(found: list[Segment], name: str) -> list[Segment]:
    """A random order in which those that move come early more often."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    keys = [random.random() ** (1 / np.sqrt(np.clip(s.motion, 1, 16))) for s in found]
    return [s for _, s in sorted(zip(keys, found), key=lambda pair: -pair[0])]


def fit(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scaled to cover the size, and its middle."""
    (height, width), (columns, rows) = frame.shape[:2], size
    scale = max(columns / width, rows / height)
    scaled = max(columns, round(width * scale)), max(rows, round(height * scale))
    frame = cv2.resize(frame, scaled, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (scaled[1] - rows) // 2, (scaled[0] - columns) // 2
    return np.ascontiguousarray(frame[top : top + rows, left : left + columns])


def ffmpeg(arguments: list[str], stdin: bytes) -> bytes:
    command = ["ffmpeg", "-v", "error", "-y", *arguments]
    result = subprocess.run(command, input=stdin, capture_output=True)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.decode(errors="replace").strip() or "ffmpeg failed")
    return result.stdout


def encode(frames: list[np.ndarray], quality: float) -> bytes:
    """An H.264 stream that can be joined to others: it begins with its own headers, and is in the order of display."""
    height, width = frames[0].shape[:2]
    source = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", "25", "-i", "-"]
    codec = ["-c:v", "libx264", "-crf", str(quality), "-preset", "medium", "-bf", "0", "-pix_fmt", "yuv420p", "-f", "h264", "-"]
    return ffmpeg(source + codec, b"".join(f.tobytes() for f in frames))


class Shard:
    """Streams of several megabytes, each with its list of segments."""

    def __init__(self, folder: Path):
        self.folder, self.parts, self.bytes = folder, 0, 0
        self.counts = {"training": 0, "held out": 0}
        self.streams: list[bytes] = []
        self.list: list[tuple[int, int, str]] = []
        folder.mkdir(parents=True)

    def add(self, stream: bytes, count: int, source: str) -> None:
        start = self.list[-1][1] if self.list else 0
        self.streams.append(stream)
        self.list.append((start, start + count, source))
        self.counts["held out" if held_out(source) else "training"] += 1
        if sum(map(len, self.streams)) >= PART_BYTES:
            self.finish()

    def finish(self) -> None:
        if not self.streams:
            return
        path = self.folder / f"part{self.parts:03}.mp4"
        ffmpeg(["-f", "h264", "-framerate", "25", "-i", "-", "-c", "copy", str(path)], b"".join(self.streams))
        path.with_suffix(".mp4.json").write_text(json.dumps(self.list))
        self.parts, self.bytes = self.parts + 1, self.bytes + path.stat().st_size
        self.streams, self.list = [], []


def encoded_share(
    source: Source, found: list[Segment], share: float, usual: float, size: tuple[int, int], quality: float
) -> tuple[list[tuple[Segment, bytes]], float]:
    """Streams of a source's segments up to its share in bytes, in order; and the bytes that a segment usually takes,
    of which `usual` is a first guess."""
    ranked = by_preference(found, source.name)[: max(1, int(1.3 * share / usual))]
    rank = {segment.first: position for position, segment in enumerate(ranked)}
    encoded, pending, frames = [], sorted(ranked, key=lambda s: s.first), []
    for number, frame in enumerate(source.frames()):
        if not pending:
            break
        if number >= pending[0].first:
            frames.append(fit(frame, size))
        if number == pending[0].end - 1:
            encoded.append((pending.pop(0), encode(frames, quality)))
            frames = []
    kept, total = set(), 0
    for segment, stream in sorted(encoded, key=lambda pair: rank[pair[0].first]):
        if total + len(stream) > share:
            break
        kept.add(segment.first)
        total += len(stream)
    if encoded:
        usual = sum(len(stream) for _, stream in encoded) / len(encoded)
    return [(segment, stream) for segment, stream in encoded if segment.first in kept], usual


def write_photos(paths: list[Path], shard: Path, folder: Path) -> int:
    folder.mkdir(parents=True)
    written = 0
    for path in paths:
        image = cv2.imread(str(path))
        if image is None:
            print(f"{path}: cannot be read, left out")
            continue
        scale = min(1.0, LONGEST_PHOTO_SIDE / max(image.shape[:2]))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{written:04}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
        written += 1
    if written:
        return written
    # Synthetic scenes need textures: a frame of some of the segments.
    for part in sorted(shard.glob("*.mp4")):
        starts = [first for first, _, _ in json.loads(part.with_suffix(".mp4.json").read_text())]
        wanted = set(starts[:: max(1, len(starts) // 16)])
        for number, frame in enumerate(Source(part.name, [part]).frames()):
            if number in wanted:
                cv2.imwrite(str(folder / f"{written:04}.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 92])
                written += 1
    return written


def prepare(folder: Path, out: Path, size_bytes: int, size: tuple[int, int], quality: float) -> Shard:
    videos, runs, photos = find(folder)
    candidates: list[tuple[Source, list[Segment]]] = []
    sources = videos + [Source(run[0].relative_to(folder).as_posix(), run) for run in runs]
    for source in sources:
        difference, own_size = differences(source.frames())
        found = segments(difference)
        if not found and len(source.files) > 1:
            photos += source.files  # numbered, but not of one scene: photographs
        elif own_size is None:
            print(f"{source.name}: nothing decodes, left out")
        elif max(size[0] / own_size[0], size[1] / own_size[1]) > LARGEST_ENLARGEMENT:
            print(f"{source.name}: {own_size[0]}x{own_size[1]} is too small, left out")
        elif found:
            candidates.append((source, found))
        else:
            print(f"{source.name}: {len(difference) + 1} frames without a usable segment, left out")
    if not candidates:
        raise ValueError(f"{folder}: no video or folder of frames has a usable segment")
    # A container's tables take a little of the size, too.
    left, usual = 0.985 * size_bytes, 0.01 * size[0] * size[1] * SEGMENT
    shard = Shard(out / "shard")
    # Those that offer least come first: what they leave is shared by the others.
    candidates.sort(key=lambda pair: sum(s.end - s.first for s in pair[1]))
    for position, (source, found) in enumerate(candidates):
        share = left / (len(candidates) - position)
        kept, usual = encoded_share(source, found, share, usual, size, quality)
        for segment, stream in kept:
            shard.add(stream, segment.end - segment.first, f"{source.name}@{segment.first // SECTION}")
            left -= len(stream)
        print(f"{source.name}: {len(kept)} of {len(found)} segments", flush=True)
    shard.finish()
    count = write_photos(photos, shard.folder, out / "photos")
    print(f"{out}: {shard.bytes / 1e6:.1f} MB, {shard.counts['training']} segments for training, "
          f"{shard.counts['held out']} held out, {count} textures")  # fmt: skip
    return shard


def dimensions(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match or int(match[1]) % 2 or int(match[2]) % 2 or min(int(match[1]), int(match[2])) < 64:
        raise argparse.ArgumentTypeError("two even numbers of at least 64, such as 640x360")
    return int(match[1]), int(match[2])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--megabytes", type=float, required=True, help="of the shard, at most (1 MB is 10^6 bytes)")
    parser.add_argument("--size", type=dimensions, default=(640, 360), help="of its frames; larger than training's crops")
    parser.add_argument("--quality", type=float, default=20, help="x264's CRF")
    arguments = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        parser.error("the ffmpeg tool is not installed")
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is no folder")
    for part in ("shard", "photos"):
        if (arguments.out / part).exists():
            parser.error(f"{arguments.out / part} exists already")
    try:
        shard = prepare(
            arguments.folder, arguments.out, int(1e6 * arguments.megabytes), arguments.size, arguments.quality
        )
    except (ValueError, RuntimeError) as error:
        print(f"prepare.py: {error}", file=sys.stderr)
        return 1
    if not shard.counts["training"]:
        for part in ("shard", "photos"):
            shutil.rmtree(arguments.out / part)
        print("prepare.py: nothing to train on: give a larger size, or more footage", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
