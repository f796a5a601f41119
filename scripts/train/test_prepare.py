"""Checks the preparation of a shard: cuts and stills, sizes, and that training can read what comes of it.

    python test_prepare.py          (needs the ffmpeg tool; no GPU)
"""
import contextlib
import io
import json
from pathlib import Path
import sys
import tempfile

import cv2
import numpy as np
import torch

from age import age_shard
from evaluate import triplets
from footage import LARGEST_PAN, Footage, decode
from kinds import kind
from overlap import SAME, benchmark_frames, nearest
from prepare import ffmpeg, find, fit, prepare, segments

WIDTH, HEIGHT = 320, 192


def report(name: str, good: bool, fact: object = "") -> bool:
    print(f"{'ok  ' if good else 'FAIL'} {name:56} {fact}", flush=True)
    return good


def texture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random((12, 32, 3)).astype(np.float32)
    return cv2.resize(noise, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).clip(0, 1)


def scene(seed: int, count: int, speed: int = 4) -> list[np.ndarray]:
    """A texture that moves to the left."""
    wide = (texture(seed) * 255).round().astype(np.uint8)
    return [np.ascontiguousarray(wide[:, i * speed : i * speed + WIDTH]) for i in range(count)]


def write_video(path: Path, frames: list[np.ndarray]) -> None:
    source = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "-"]
    path.parent.mkdir(parents=True, exist_ok=True)
    ffmpeg(source + ["-c:v", "libx264", "-crf", "4", "-pix_fmt", "yuv444p", str(path)], b"".join(f.tobytes() for f in frames))


def spans(difference: list[float]) -> list[tuple[int, int]]:
    return [(s.first, s.end) for s in segments(np.array(difference, dtype=np.float64))]


def check_segments() -> bool:
    cut = [4.0] * 19 + [40.0] + [4.0] * 9
    still = [4.0] * 9 + [0.1] + [4.0] * 9
    return all([
        report("30 frames without a cut", spans([4.0] * 29) == [(0, 12), (12, 24)], spans([4.0] * 29)),
        report("a cut after the 20th frame", spans(cut) == [(0, 12), (12, 20), (20, 30)], spans(cut)),
        report("a repeated frame is left out", spans(still) == [(0, 10), (10, 20)], spans(still)),
        report("fast motion is no cut", spans([18.0] * 12) == [(0, 12)], spans([18.0] * 12)),
        report("photographs are no frames", spans([45.0, 60.0, 38.0] * 5) == []),
        report("a repeat of every other frame leaves nothing", spans([6.0, 0.3] * 15) == [], spans([6.0, 0.3] * 15)),
        report("a still scene leaves nothing", spans([0.2] * 40) == [], spans([0.2] * 40)),
        report("a change of size ends a segment", spans([4.0] * 11 + [np.inf]) == [(0, 12)]),
        report("one frame, or none", spans([]) == []),
    ])  # fmt: skip


def check_fit() -> bool:
    image = np.zeros((100, 400, 3), np.uint8)
    image[:, 150:250] = 200
    fitted = fit(image, (100, 100))
    return report("the middle is kept", fitted.shape == (100, 100, 3) and bool((fitted == 200).all()))


def write_material(folder: Path) -> None:
    """A video of two scenes with a held frame, a folder of frames, a still video, photographs, and what is none of these."""
    first, second = scene(1, 30), scene(2, 40)
    write_video(folder / "clips/two scenes.mkv", first + second[:20] + [second[19]] * 3 + second[20:])
    write_video(folder / "still.mp4", scene(3, 1) * 30)
    (folder / "frames").mkdir()
    for number, frame in enumerate(scene(4, 14)):
        cv2.imwrite(str(folder / f"frames/shot{number}.png"), frame)
    (folder / "holiday").mkdir()
    for number in range(8):
        cv2.imwrite(str(folder / f"holiday/IMG_{number:04}.jpg"), scene(10 + number, 1)[0])
    cv2.imwrite(str(folder / "tree.png"), cv2.resize(scene(5, 1)[0], (2000, 1200)))
    (folder / "notes.txt").write_text("no picture")
    (folder / "broken.mp4").write_text("no video")


def pans(footage: Footage) -> bool:
    """On frames that all are the same, so that nothing else moves: the three crops of a triplet are shifted evenly."""
    footage.frames = footage.frames[:1].expand(len(footage.frames), -1, -1, -1)
    crops = (footage.crops(64, 128, 192) * 255).round().long()
    steps = range(-LARGEST_PAN, LARGEST_PAN + 1)

    def fits(first: torch.Tensor, second: torch.Tensor, down: int, right: int) -> bool:
        a = first[:, max(down, 0) : 128 + min(down, 0), max(right, 0) : 192 + min(right, 0)]
        b = second[:, max(-down, 0) : 128 - max(down, 0), max(-right, 0) : 192 - max(right, 0)]
        return torch.equal(a, b)

    found = []
    for before, middle, after in crops:
        found.append([(y, x) for y in steps for x in steps if fits(before, middle, y, x) and fits(middle, after, y, x)])
    still = sum((0, 0) in each for each in found)
    return all(found) and 20 < still < 60


def check_shard() -> bool:
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()) as printed:
        folder = Path(name)
        write_material(folder / "in")
        videos, runs, photos = find(folder / "in")
        found = report("what is what", (len(videos), len(runs), len(photos)) == (3, 2, 1))
        shard = prepare(folder / "in", folder / "out", 10_000_000, (WIDTH, HEIGHT), 16)
        small = prepare(folder / "in", folder / "small", shard.bytes // 2, (WIDTH, HEIGHT), 16)
        (path,) = (folder / "out/shard").glob("*.mp4")
        frames, listed = decode(path), json.loads(path.with_suffix(".mp4.json").read_text())
        footage = Footage(folder / "out/shard", torch.device("cpu"))
        pictures = [cv2.imread(str(p)) for p in sorted((folder / "out/photos").iterdir())]
        textures = list((folder / "small/photos").iterdir())
        half = Footage(folder / "small/shard", torch.device("cpu"))
        age_shard(folder / "out/shard", folder / "aged", (128, 96), 1, 0)
        aged = Footage(folder / "aged", torch.device("cpu"), aged=True)
        old = aged.batch(3, 128)
    # What each segment should show: 4 pixels to the left with every frame, and no jump.
    moves = []
    for first, end, _ in listed:
        for i in range(first, end - 1):
            a, b = frames[i].astype(np.float32), frames[i + 1].astype(np.float32)
            moves.append(float(np.abs(a[:, 4:] - b[:, :-4]).mean()))
    text = printed.getvalue()
    return all([
        found and report("files are sorted into videos, frames, photographs", True),
        report("all frames are listed, one behind the other", listed[-1][1] == len(frames)
               and all(a[1] == b[0] for a, b in zip(listed, listed[1:])), [e - f for f, e, _ in listed]),
        report("segments cross neither cut nor still", max(moves) < 4, f"{max(moves):.2f} code values"),
        report("both sources are there", {s.split("@")[0] for *_, s in listed} == {"clips/two scenes.mkv", "frames/shot0.png"}),
        report("training finds triplets", len(footage.triplets) + len(footage.validation) > 40,
               f"{len(footage.triplets)} + {len(footage.validation)}"),
        report("photographs are textures, large ones reduced", len(pictures) == 9
               and max(max(p.shape) for p in pictures) == 1280 and len(textures) == 9),
        report("a smaller size is kept, and used", 0.25 * shard.bytes < small.bytes <= shard.bytes // 2
               and len(half.frames) < len(frames), f"{small.bytes} of {shard.bytes // 2} bytes"),
        report("old video has all segments, small, and is trained on scaled", len(aged.segments) == len(listed)
               and tuple(aged.frames.shape[1:]) == (96, 128, 3) and tuple(old.shape) == (3, 3, 3, 128, 128)
               and [s[2] for s in aged.segments] == [s[2] for s in listed]),
        report("a window that pans shows the same picture, shifted", pans(footage)),
        report("what is left out is named", "still.mp4: 30 frames without" in text and "broken.mp4: nothing decodes" in text),
    ])  # fmt: skip


def check_overlap() -> bool:
    """A benchmark's frame is found again in a clip, whole and squeezed, and cropped as a shard crops it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = scene(6, 9)
        (folder / "bench/1").mkdir(parents=True)
        for stem, frame in zip(("im1", "im2", "im3"), frames[3:6]):
            cv2.imwrite(str(folder / f"bench/1/{stem}.png"), cv2.resize(frame, (96, 128), interpolation=cv2.INTER_AREA))
        write_video(folder / "same.mp4", frames)
        margin = HEIGHT // 8
        write_video(folder / "cropped.mp4", [cv2.resize(f[margin : HEIGHT - margin], (WIDTH, HEIGHT)) for f in frames])
        write_video(folder / "other.mp4", scene(7, 9))
        wanted = benchmark_frames([folder / "bench"])
        same, cropped, other = (nearest(folder / f"{clip}.mp4", *wanted) for clip in ("same", "cropped", "other"))
    found = [(round(r.signs), r.frame) for r in (same, cropped, other)]
    return report("footage that a benchmark shows is found", same.signs < 8 and cropped.signs < SAME < other.signs
                  and all(3 <= r.frame < 6 and r.benchmark == f"bench 1, frame {r.frame - 3}" for r in (same, cropped)), found)  # fmt: skip


def check_triplets() -> bool:
    """Benchmarks as they are distributed: in folders of folders, and the truth in a second tree."""
    picture = scene(9, 1)[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("other-data/A/frame10", "other-data/A/frame11", "other-gt/A/frame10i11", "other-data/B/frame10",
                     "other-data/B/frame11", "sequences/1/2/im1", "sequences/1/2/im2", "sequences/1/2/im3"):  # fmt: skip
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{file}.png"), picture)
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            found = [name for name, frames in triplets(folder) if len(frames) == 3]
        try:
            list(triplets(folder / "other-gt"))
            refusal = ""
        except SystemExit as error:
            refusal = str(error)
    good = found == ["other-data/A", "sequences/1/2"] and "other-data/B: lacks frame10i11" in errors.getvalue()
    return report("benchmarks in trees; what is incomplete is named", good and "holds no sequence" in refusal, found)


def check_kinds() -> bool:
    first, truth, second = scene(8, 3)
    still = np.clip(first.astype(np.int16) + 1, 0, 255).astype(np.uint8)
    nearly = np.clip(second.astype(np.int16) + 1, 0, 255).astype(np.uint8)
    found = [kind(*frames)[0] for frames in ((first, truth, second), (first, nearly, second), (first, still, first))]
    return report("a triplet's kind", found == ["moving", "repeated", "still"], found)


if __name__ == "__main__":
    results = [check_segments(), check_fit(), check_shard(), check_overlap(), check_triplets(), check_kinds()]
    sys.exit(0 if all(results) else 1)
