"""What training minimises."""
import torch
import torch.nn.functional as F

from dain.pwc_net import FLOW_UNIT

# A flow error counts at every level that the net predicts, the finest most.
LEVEL_WEIGHTS = {2: 1.0, 3: 0.35, 4: 0.2, 5: 0.1, 6: 0.08}
RANKED_PAIRS = 4096
# Half a code value, squared: errors below are not worth telling apart.
FINEST_SQUARE = 4e-6
# Pixels that flow may change by from one cell of a quarter's size to the next without being charged for it.
FREE_STEP = 2.0


def charbonnier(difference: torch.Tensor) -> torch.Tensor:
    return (difference.square() + 1e-8).sqrt().mean()


def logarithmic(difference: torch.Tensor) -> torch.Tensor:
    """Of each sample the logarithm of the mean squared error, as PSNR counts it. Where hardly anything moves, errors are
    small and the absolute loss does not feel them; viewers do, beside frames that are exact."""
    return (difference.square().mean((1, 2, 3)) + FINEST_SQUARE).log().mean()


def flow_loss(flows: dict[int, torch.Tensor], truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Multi-scale end-point error against full-size flow, and the plain error at a quarter size, in pixels."""
    loss, finest = 0, None
    for level, weight in LEVEL_WEIGHTS.items():
        target = F.avg_pool2d(truth, 2**level)
        error = ((flows[level] * FLOW_UNIT - target).square().sum(1) + 1e-4).sqrt()
        loss = loss + weight * (error + 0.01).pow(0.85).mean()
        finest = error.mean().detach() if level == 2 else finest
    return loss, finest


def scatter_loss(flow: torch.Tensor) -> torch.Tensor:
    """Mean of what flow (in the net's unit) steps by from cell to cell beyond `FREE_STEP`, in pixels. The images alone do not
    charge it: where nothing corresponds, neighbours that each fetch another pixel are as near to the truth as a blur, on average.
    An outline pays for its own cells only, scattered flow for all."""
    across, down = ((FLOW_UNIT * flow).diff(dim=axis).abs().sum(1) for axis in (3, 2))
    return F.relu(across - FREE_STEP).mean() + F.relu(down - FREE_STEP).mean()


def ranking_loss(log_depth: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """Of random pairs of pixels on different layers, the nearer shall have the smaller log-depth; log 2 is chance."""
    log_depth, order = log_depth.flatten(1), order.flatten(1)
    first, second = torch.randint(order.shape[1], (2, RANKED_PAIRS), device=order.device)
    sign = torch.sign(order[:, first] - order[:, second])
    loss = F.softplus(-sign * (log_depth[:, second] - log_depth[:, first])) * sign.abs()
    return loss.sum() / sign.abs().sum().clamp(min=1)
