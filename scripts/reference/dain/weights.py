"""Weights from files, under the published key names."""
from pathlib import Path

import torch
from safetensors.torch import load_file

from .network import DAIN


def load_weights(net: DAIN, path: str | Path) -> None:
    """Loads a safetensors file or a checkpoint of plain tensors (`best.pth`), in any float type."""
    path = Path(path)
    if path.suffix == ".safetensors":
        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    state = {key.removeprefix("module."): value for key, value in state.items()}
    state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    missing, unexpected = net.load_state_dict(state, strict=False)
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"{path}: {len(missing)} missing keys {missing[:3]}, {len(unexpected)} unknown {unexpected[:3]}")
