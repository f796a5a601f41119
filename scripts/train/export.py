"""Writes weights as they are distributed: matrices and kernels in fp16, biases and norm statistics in fp32.

    python export.py CHECKPOINT OUT.safetensors [--raw]     (the moving average, or the last weights themselves)
"""
import argparse
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
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--raw", action="store_true")
    arguments = parser.parse_args()
    checkpoint = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
    export(checkpoint["network" if arguments.raw else "average"], arguments.out)


if __name__ == "__main__":
    main()
