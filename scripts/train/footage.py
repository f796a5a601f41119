"""Real triplets from a shard: videos beside JSON lists of segments `[first frame, one past last, source]`.

A shard is a folder of H.264 streams; beside each lies a JSON list of its cut-free segments. Everything is decoded once,
into the memory of the GPU; a batch is a gather.
"""
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
import json
from pathlib import Path
import random
import zlib

import cv2
import numpy as np
import torch

from degrade import augment, degrade, noisy, resample

STRIDES = (1, 2, 3)
# Most that the outer frames may differ, in mean code values, by stride: wider steps only where motion is slow.
LARGEST_DIFFERENCE = (45.0, 24.0, 15.0)
STRIDE_WEIGHTS = (1.0, 0.6, 0.4)
# Least that the outer frames must differ; old codecs have made some of what moves stand still, and that is to be learned.
LEAST_DIFFERENCE, LEAST_DIFFERENCE_AGED = 1.0, 0.3
# Crops are this much longer and wider than what is trained on, and scaled down to it; each side by itself, as a
# third of all footage has had its pixels' shape changed. One means as they are.
LARGEST_REDUCTION = 1.4
# Share of the crops whose window moves between the frames, as a camera that pans, and how far it does at most, in pixels. Nothing
# is resampled, so that the wanted frame stays exact. Not in old video: what its codec left does not move with the picture.
PANNED, LARGEST_PAN = 0.4, 10
# Crops of frames that are smaller than what is trained on have at least this share of each side.
LEAST_SHARE = 0.75


def decode(path: Path, limit: int | None = None) -> np.ndarray:
    video, frames = cv2.VideoCapture(str(path)), []
    while limit is None or len(frames) < limit:
        good, frame = video.read()
        if not good:
            break
        frames.append(frame[:, :, ::-1])
    return np.stack(frames)


def held_out(source: str) -> bool:
    """One source in twelve is for validation; all its segments are, whatever the shard."""
    return zlib.crc32(source.encode()) % 12 == 0


class Footage:
    def __init__(self, folder: Path, device: torch.device, limit: int | None = None, aged: bool = False):
        """`limit`: frames of each video, for a dry run. `aged`: a codec has been at these frames, see `age.py`."""
        self.aged = aged
        paths = sorted(folder.glob("*.mp4"))
        if not paths:
            raise FileNotFoundError(f"no .mp4 in {folder}")
        with ThreadPoolExecutor(16) as pool:
            videos = list(pool.map(lambda p: decode(p, limit), paths))
        # One tensor holds all frames: videos of another size than most are left out.
        total = Counter()
        for video in videos:
            total[video.shape[1:3]] += len(video)
        size = total.most_common(1)[0][0]
        self.left_out = [path.name for path, video in zip(paths, videos) if video.shape[1:3] != size]
        kept = [(path, video) for path, video in zip(paths, videos) if video.shape[1:3] == size]
        self.device, self.segments, start = device, [], 0
        for path, video in kept:
            for first, end, source in json.loads(path.with_suffix(".mp4.json").read_text()):
                if end <= len(video):
                    self.segments.append((start + first, start + end, source))
            start += len(video)
        # Filled in place: all frames once more beside themselves would not fit into the memory of a GPU.
        self.frames = torch.empty(start, *size, 3, dtype=torch.uint8, device=device)
        for part, (_, video) in zip(self.frames.split([len(video) for _, video in kept]), kept):
            part.copy_(torch.from_numpy(video))
        self.triplets, self.weights = self.choose([s for s in self.segments if not held_out(s[2])])
        self.validation, _ = self.choose([s for s in self.segments if held_out(s[2])])

    def choose(self, segments) -> tuple[torch.Tensor, torch.Tensor]:
        """Triplets (first frame, stride) with neither a still nor a cut in them, and how often to draw each."""
        rows = [
            (frame, stride)
            for stride in STRIDES
            for first, end, _ in segments
            for frame in range(first, end - 2 * stride)
        ]
        if not rows:
            return torch.empty(0, 2, dtype=torch.long, device=self.device), torch.empty(0, device=self.device)
        start, stride = torch.tensor(rows, device=self.device).unbind(1)
        small = self.frames[:, 4::8, 4::8].float().mean(3)

        def difference(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            chunks = zip(a.split(4096), b.split(4096))
            return torch.cat([(small[p] - small[q]).abs().mean((1, 2)) for p, q in chunks])

        outer = difference(start, start + 2 * stride)
        halves = difference(start, start + stride), difference(start + stride, start + 2 * stride)
        largest = torch.tensor(LARGEST_DIFFERENCE, device=self.device)[stride - 1]
        # A cut or a repeated frame makes one half far larger than the other.
        steady = torch.minimum(*halves) > 0.35 * torch.maximum(*halves)
        least = LEAST_DIFFERENCE_AGED if self.aged else LEAST_DIFFERENCE
        chosen = (outer > least) & (outer < largest) & steady
        weights = outer.clamp(2, 12) ** 0.8 * torch.tensor(STRIDE_WEIGHTS, device=self.device)[stride - 1]
        return torch.stack((start, stride), 1)[chosen], weights[chosen]

    def batch(self, n: int, size: int) -> torch.Tensor:
        """[N, 3 times, 3, size, size] in [0, 1]. Half of the crops are as the frames are, half scaled down; old video, which
        is small, is scaled to that size, as whoever keeps it does."""
        if self.aged:
            height, width = (int(side * random.uniform(LEAST_SHARE, 1)) for side in self.frames.shape[1:3])
            scaled = resample(augment(self.crops(n, height, width)), size)
            return noisy((scaled * 255).round() / 255)
        as_they_are = self.crops(n - n // 2, size, size)
        if n < 2:
            return degrade(augment(as_they_are))
        limit = [min(LARGEST_REDUCTION, side / size) for side in self.frames.shape[1:3]]
        # Drawn on the host: a shape cannot wait on the GPU.
        height, width = (int(size * random.uniform(1, most)) for most in limit)
        reduced = resample(degrade(augment(self.crops(n // 2, height, width))), size)
        return torch.cat((degrade(augment(as_they_are)), reduced))

    def crops(self, n: int, rows: int, columns: int) -> torch.Tensor:
        """[N, 3 times, 3, rows, columns] in [0, 1]: of two crops of a triplet, more often the one with more motion."""
        picked = self.triplets[torch.multinomial(self.weights, n, replacement=True)]
        height, width = self.frames.shape[1:3]
        top = torch.randint(height - rows + 1, (2, n), device=self.device)
        left = torch.randint(width - columns + 1, (2, n), device=self.device)
        shape = rows, columns
        sparse = [
            (self.crop(picked[:, 0], t, l, shape, 8) - self.crop(picked[:, 0] + 2 * picked[:, 1], t, l, shape, 8)).abs()
            for t, l in zip(top, left)
        ]
        moves = [d.mean((1, 2, 3)) for d in sparse]
        # A still background is common in what people film, so that some crops shall have it.
        other = (moves[1] > moves[0]) & (torch.rand(n, device=self.device) < 0.6)
        top, left = torch.where(other, top[1], top[0]), torch.where(other, left[1], left[0])
        down, right = torch.zeros_like(top), torch.zeros_like(left)
        if not self.aged:
            panned = torch.rand(n, device=self.device) < PANNED
            top, down = self.pan(top, panned, height - rows)
            left, right = self.pan(left, panned, width - columns)
        times = [
            self.crop(picked[:, 0] + k * picked[:, 1], top + (k - 1) * down, left + (k - 1) * right, shape) for k in range(3)
        ]
        return torch.stack(times, 1).permute(0, 1, 4, 2, 3) / 255

    def pan(self, place: torch.Tensor, panned: torch.Tensor, room: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Where the middle window begins in one direction, and its step from frame to frame; more often a small one."""
        most = min(LARGEST_PAN, room // 2)
        drawn = torch.rand(len(place), device=self.device) * 2 - 1
        step = torch.where(panned, (drawn * drawn.abs() * most).round().long(), 0)
        return torch.where(panned, place.clamp(most, max(most, room - most)), place), step

    def crop(self, index, top, left, shape: tuple[int, int], step: int = 1) -> torch.Tensor:
        rows = top[:, None] + torch.arange(0, shape[0], step, device=self.device)
        columns = left[:, None] + torch.arange(0, shape[1], step, device=self.device)
        return self.frames[index[:, None, None], rows[:, :, None], columns[:, None, :]].float()

    def hardest_validation(self, count: int) -> list[list[torch.Tensor]]:
        """Up to `count` whole triplets of held-out sources, those that move most, spread over the sources."""
        small = self.frames[:, 4::8, 4::8].float().mean(3)
        moves = (small[self.validation[:, 0]] - small[self.validation.sum(1) + self.validation[:, 1]]).abs().mean((1, 2))
        chosen, used = [], set()
        for row in moves.argsort(descending=True).tolist():
            first, stride = self.validation[row].tolist()
            segment = next(i for i, s in enumerate(self.segments) if s[0] <= first < s[1])
            if segment not in used:
                used.add(segment)
                chosen.append([self.frames[first + k * stride] for k in range(3)])
            if len(chosen) == count:
                break
        return chosen

