"""The operators of DAIN that are not convolutions, differentiable wherever training needs them to be."""
import torch
import torch.nn.functional as F

CORRELATION_RADIUS = 4


def correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean over channels of a(x, y)·b(x+dx, y+dy), zero outside: `[N, 81, H, W]`, channel (dy+4)·9 + dx+4."""
    r = CORRELATION_RADIUS
    height, width = a.shape[2:]
    padded = F.pad(b, (r, r, r, r))
    planes = [
        (a * padded[:, :, dy : dy + height, dx : dx + width]).mean(1)
        for dy in range(2 * r + 1)
        for dx in range(2 * r + 1)
    ]
    return torch.stack(planes, 1)


def pixel_grid(height: int, width: int, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """x as `[1, W]` and y as `[H, 1]`, in the type and on the device of `like`."""
    x = torch.arange(width, device=like.device, dtype=like.dtype)
    y = torch.arange(height, device=like.device, dtype=like.dtype)
    return x[None, :], y[:, None]


def backward_warp(image: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """PWC-Net's warp: bilinear at (x+u, y+v), and zero where any part of the sample lies outside the image."""
    height, width = image.shape[2:]
    x, y = pixel_grid(height, width, flow)
    grid = torch.stack(
        (
            2 * (x + flow[:, 0]) / max(width - 1, 1) - 1,
            2 * (y + flow[:, 1]) / max(height - 1, 1) - 1,
        ),
        3,
    )
    warped = F.grid_sample(image, grid, align_corners=True)
    coverage = F.grid_sample(torch.ones_like(image[:, :1]), grid, align_corners=True)
    return warped * (coverage >= 0.9999)


def project_flow(flow: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Depth-aware flow projection.

    `flow` points from its frame to the wanted time; `weight` `[N, 1, H, W]` is the inverse depth of that frame. Returns
    the flow at the wanted time back into the frame. Every pixel votes with its weight on the four pixels around its
    target; what nobody voted on takes the mean of the nearest results left, right, above and below. Without a
    weight all votes are equal (plain projection).
    """
    n, _, height, width = flow.shape
    area = height * width
    if weight is None:
        weight = torch.ones_like(flow[:, :1])

    x, y = pixel_grid(height, width, flow)
    target_x, target_y = x + flow[:, 0], y + flow[:, 1]
    inside = (target_x >= 0) & (target_y >= 0) & (target_x <= width - 1) & (target_y <= height - 1)
    left, top = target_x.detach()[inside].long(), target_y.detach()[inside].long()
    right, bottom = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    first = (torch.arange(n, device=flow.device)[:, None, None] * area).expand(n, height, width)[inside]

    # One row a pixel, (-w·u, -w·v, w): a single scatter serves the sum and the count.
    votes = torch.cat((-weight * flow, weight), 1).permute(0, 2, 3, 1)[inside]
    totals = votes.new_zeros(n * area, 3)
    for row in (top, bottom):
        for column in (left, right):
            totals = totals.index_add(0, first + row * width + column, votes)
    totals = totals.view(n, height, width, 3).permute(0, 3, 1, 2)

    total, count = totals[:, :2], totals[:, 2:]
    known = count > 0
    projected = torch.where(known, total / torch.where(known, count, 1), 0)
    return fill_holes(projected, known)


def fill_holes(flow: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Gives each unknown pixel the mean of the nearest known ones in its row and column, 0 where there are none."""
    if bool(known.all()):
        return flow
    total, found = torch.zeros_like(flow), torch.zeros_like(flow[:, :1])
    for axis in (3, 2):
        length = flow.shape[axis]
        shape = [1, 1, 1, 1]
        shape[axis] = length
        position = torch.arange(length, device=flow.device).view(shape)
        before = torch.where(known, position, -1).cummax(axis).values
        after = torch.where(known, position, length).flip(axis).cummin(axis).values.flip(axis)
        for nearest in (before, after):
            exists = (nearest >= 0) & (nearest < length)
            index = nearest.clamp(0, length - 1).expand_as(flow)
            total = total + flow.gather(axis, index) * exists
            found = found + exists
    return torch.where(known, flow, total / found.clamp(min=1))


def adaptive_warp(image: torch.Tensor, flow: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """Warps any `[N, C, H, W]` by a flow and a 4x4 kernel a pixel, `taps` `[N, 16, H, W]`.

    Each tap is multiplied by the bilinear factor of the quadrant that it lies in. A pixel whose flow leaves the image,
    or is half the image or longer, keeps its own value.
    """
    n, channels, height, width = image.shape
    x, y = pixel_grid(height, width, flow)
    u, v = flow[:, 0], flow[:, 1]
    source_x, source_y = x + u, y + v
    moves = (
        (source_x >= 0) & (source_y >= 0) & (source_x <= width - 1) & (source_y <= height - 1)
        & (u.abs() < width / 2) & (v.abs() < height / 2)
    )  # fmt: skip
    left, top = source_x.detach().floor(), source_y.detach().floor()
    alpha, beta = source_x - left, source_y - top

    factor_x = torch.stack((1 - alpha, 1 - alpha, alpha, alpha), -1)
    factor_y = torch.stack((1 - beta, 1 - beta, beta, beta), -1)
    kernel = taps.permute(0, 2, 3, 1) * (factor_y[..., :, None] * factor_x[..., None, :]).flatten(-2)

    offsets = torch.arange(-1, 3, device=image.device)
    columns = (torch.where(moves, left, 0).long()[..., None] + offsets).clamp(0, width - 1)
    rows = (torch.where(moves, top, 0).long()[..., None] + offsets).clamp(0, height - 1)
    first = (torch.arange(n, device=image.device) * (height * width))[:, None, None, None, None]
    index = (first + rows[..., :, None] * width + columns[..., None, :]).flatten(-2)

    # With channels last, the weighted sum of sixteen rows of a table: all channels in one pass, no temporaries.
    table = image.permute(0, 2, 3, 1).reshape(-1, channels)
    warped = F.embedding_bag(
        index.view(-1, 16), table, per_sample_weights=kernel.reshape(-1, 16), mode="sum"
    )
    warped = warped.view(n, height, width, channels).permute(0, 3, 1, 2)
    return torch.where(moves[:, None], warped, image)
