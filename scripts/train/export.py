"""Writes weights as they are distributed: matrices and kernels in fp16, biases and norm statistics in fp32.

    python export.py CHECKPOINT OUT.safetensors [--raw]     (the moving average, or the last weights themselves)
"""
import argparse
import os
from pathlib import Path

import torch
from safetensors.torch import save_file


def export(state: dict[str, torch.Tensor], path: Path) -> None:
    tensors = {}
    for key, value in state.items():
        value = value.detach().cpu()
        if value.is_floating_point() and value.dim() >= 2:
            value = value.half()
        tensors[key] = value.contiguous()
    partial = path.with_suffix(".partial")
    save_file(tensors, partial)
    # It comes readable for its owner alone; as other programs write files, whoever may read what they write may read it.
    mask = os.umask(0)
    os.umask(mask)
    partial.chmod(0o666 & ~mask)
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--raw", action="store_true")
    arguments = parser.parse_args()
    try:
        checkpoint = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
        state = checkpoint["network" if arguments.raw else "average"]
    except OSError as error:
        raise SystemExit(f"{arguments.checkpoint}: {error.strerror}") from error
    except Exception as error:  # what a file of another kind makes of the unpickler is without end
        raise SystemExit(f"{arguments.checkpoint}: is no checkpoint.pt of train.py") from error
    export(state, arguments.out)


if __name__ == "__main__":
    main()
