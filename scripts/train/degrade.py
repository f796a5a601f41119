"""What happens to footage before anyone interpolates it: other colours, another size, compression, noise.

All functions take triplets `[N, 3 times, 3, H, W]` in [0, 1] and treat the three frames of a triplet alike.
"""
import functools
import math

import torch
import torch.nn.functional as F

# Shares of the triplets that are compressed, of which blocks are skipped, and whose outer frames get noise.
COMPRESSED, SKIPPED, NOISY = 0.2, 0.15, 0.2
LARGEST_NOISE = 0.02
# Share of the triplets that stand still, all but a little noise: what does not move must come out as it went in.
STILL, STILL_NOISE = 0.12, 0.006
# Steps of the quantiser at frequency 0, in code values, and how they grow towards the highest frequency.
FINEST_STEP, COARSEST_STEP, GROWTH = 3.0, 24.0, 5.0
BLOCK = 8
# A block is skipped that changes by less than this, in code values; the limit is drawn below it.
LARGEST_SKIP = 6.0


def some(triplets: torch.Tensor, probability: float) -> torch.Tensor:
    return torch.rand(triplets.shape[0], 1, 1, 1, 1, device=triplets.device) < probability


def augment(triplets: torch.Tensor) -> torch.Tensor:
    """Flips, reversal of time, standing still, colour, and transposition where the frames are square."""
    n, device = triplets.shape[0], triplets.device
    changes = [lambda v: v.flip(4), lambda v: v.flip(3), lambda v: v.flip(1)]
    if triplets.shape[3] == triplets.shape[4]:
        changes.append(lambda v: v.transpose(3, 4))
    for change in changes:
        triplets = torch.where(some(triplets, 0.5), change(triplets), triplets)
    noise = torch.randn_like(triplets) * torch.rand(n, 1, 1, 1, 1, device=device) ** 2 * STILL_NOISE
    triplets = torch.where(some(triplets, STILL), triplets[:, :1] + noise, triplets)
    triplets = torch.where(some(triplets, 0.3), triplets[:, :, torch.randperm(3, device=device)], triplets)
    gain = torch.rand(n, 1, 1, 1, 1, device=device) * 0.35 + 0.8
    offset = torch.rand(n, 1, 3, 1, 1, device=device) * 0.14 - 0.07
    return (triplets * gain + offset).clamp(0, 1)


def resample(triplets: torch.Tensor, size: int) -> torch.Tensor:
    """Scaled to a square, each side by itself, without aliasing; transposed by chance afterwards."""
    n = triplets.shape[0]
    small = F.interpolate(triplets.flatten(0, 1), (size, size), mode="bicubic", antialias=True).clamp(0, 1)
    small = small.view(n, 3, 3, size, size)
    return torch.where(some(small, 0.5), small.transpose(3, 4), small)


def degrade(triplets: torch.Tensor) -> torch.Tensor:
    """Compression of all three frames, so that the wanted one looks like its neighbours, and noise."""
    triplets = torch.where(some(triplets, COMPRESSED), compress(triplets), triplets)
    return noisy(torch.where(some(triplets, SKIPPED), skip(triplets), triplets))


def noisy(triplets: torch.Tensor) -> torch.Tensor:
    """Noise in some outer frames; nobody wants it in a new one."""
    n, device = triplets.shape[0], triplets.device
    strength = some(triplets, NOISY) * torch.rand(n, 1, 1, 1, 1, device=device) * LARGEST_NOISE
    outer = torch.tensor((1.0, 0.0, 1.0), device=device).view(1, 3, 1, 1, 1)
    return (triplets + torch.randn_like(triplets) * strength * outer).clamp(0, 1)


@functools.cache
def cosines(device: torch.device) -> torch.Tensor:
    """The orthonormal DCT-II of `BLOCK` samples; row k is frequency k."""
    k, x = torch.arange(BLOCK, device=device)[:, None], torch.arange(BLOCK, device=device)[None]
    matrix = torch.cos(math.pi / BLOCK * (x + 0.5) * k) * math.sqrt(2 / BLOCK)
    matrix[0] /= math.sqrt(2)
    return matrix


def compress(triplets: torch.Tensor) -> torch.Tensor:
    """As a block codec does: luma and halved chroma in blocks of 8x8, their cosine transform rounded to coarse steps."""
    n, device = triplets.shape[0], triplets.device
    height, width = triplets.shape[3:]
    frames = triplets.flatten(0, 1)
    frames = F.pad(frames, (0, -width % (2 * BLOCK), 0, -height % (2 * BLOCK)), mode="replicate")
    red, green, blue = frames.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = F.avg_pool2d(torch.stack(((blue - luma) * 0.564, (red - luma) * 0.713), 1), 2)
    spread = torch.rand(n, device=device) ** 1.5
    step = (FINEST_STEP * (COARSEST_STEP / FINEST_STEP) ** spread / 255).repeat_interleave(3).view(-1, 1, 1, 1)
    luma = quantised(luma[:, None], step)[:, 0]
    chroma = F.interpolate(quantised(chroma, step * 1.5), scale_factor=2, mode="bilinear", align_corners=False)
    blue, red = luma + chroma[:, 0] / 0.564, luma + chroma[:, 1] / 0.713
    frames = torch.stack((red, (luma - 0.299 * red - 0.114 * blue) / 0.587, blue), 1)
    return frames[:, :, :height, :width].clamp(0, 1).view_as(triplets)


def skip(triplets: torch.Tensor) -> torch.Tensor:
    """As a codec does that saves bits where little changes: such blocks repeat the frame before, exactly. What moves has a
    still background then that ends at blocks."""
    n, device = triplets.shape[0], triplets.device
    limit = torch.rand(n, 1, 1, 1, device=device) * LARGEST_SKIP / 255
    frames = [triplets[:, 0]]
    for frame in triplets.unbind(1)[1:]:
        change = (frame - frames[-1]).abs().mean(1, keepdim=True)
        change = F.avg_pool2d(change, 2 * BLOCK, ceil_mode=True, count_include_pad=False)
        # Not resized to the frame, which would stretch the last, partial blocks.
        change = change.repeat_interleave(2 * BLOCK, 2).repeat_interleave(2 * BLOCK, 3)
        frames.append(torch.where(change[:, :, : frame.shape[2], : frame.shape[3]] < limit, frames[-1], frame))
    return torch.stack(frames, 1)


def quantised(planes: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """`[N, C, H, W]` with sides of whole blocks; `step` belongs to frequency 0 of a block's mean."""
    n, c, height, width = planes.shape
    transform = cosines(planes.device)
    blocks = planes.view(n, c, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    coefficients = torch.einsum("ki,ncyixj,lj->ncykxl", transform, blocks, transform)
    frequency = torch.arange(BLOCK, device=planes.device) / (BLOCK - 1)
    growth = 1 + (GROWTH - 1) * (frequency[:, None, None] + frequency) / 2
    steps = step[..., None, None] * growth
    rounded = (coefficients / steps).round() * steps
    return torch.einsum("ki,ncykxl,lj->ncyixj", transform, rounded, transform).reshape(n, c, height, width)
