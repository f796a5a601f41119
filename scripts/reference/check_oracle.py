"""Compares this definition with recorded outputs of the published one.

    python check_oracle.py ORACLE_DIR

Every safetensors file of the folder holds two frames, the formula weights' seed (in its metadata) and what the
published definition computed from them; `state_dict.tsv` lists the published keys and shapes. Exits with 1 where a key
or shape differs, or an entry has less than 99.5 % of its elements within 1e-3.
"""
import argparse
from pathlib import Path
import sys

import torch
from safetensors import safe_open

from dain import DAIN
from formula_weights import fill

TOLERANCE, REQUIRED_SHARE = 1e-3, 0.995


def published_shapes(table: Path) -> dict[str, tuple[int, ...]]:
    rows = (line.split("\t") for line in table.read_text().splitlines())
    return {key: tuple(int(n) for n in shape.split("x") if n) for key, shape in rows}


def computed_entries(net: DAIN, image0: torch.Tensor, image1: torch.Tensor, times: list[str]):
    first, second = net.frame(image0), net.frame(image1)
    pair = net.pair(first, second)
    entries = {
        "log_depth0": first.log_depth,
        "log_depth1": second.log_depth,
        "kernel0": pair.kernel0,
        "kernel1": pair.kernel1,
        "flow01_quarter": pair.flow01,
        "flow10_quarter": pair.flow10,
        "context0_block3_first8": first.context[:, 131:139],
    }
    for time in times:
        result = net.between(first, second, pair, float(time))
        entries[f"warped_t{time}"] = result.blend
        entries[f"output_t{time}"] = result.output
        entries["projected_flow0"], entries["projected_flow1"] = result.projected0, result.projected1
    return {name: entry[0] for name, entry in entries.items()}


def check_file(net: DAIN, path: Path) -> bool:
    with safe_open(path, "pt") as file:
        expected = {name: file.get_tensor(name) for name in file.keys()}
        fill(net, int(file.metadata()["seed"]))
    times = sorted(name.removeprefix("output_t") for name in expected if name.startswith("output_t"))
    image0, image1 = expected.pop("frame0")[None], expected.pop("frame1")[None]
    computed = computed_entries(net, image0, image1, times)
    print(f"{path.name}\n  {'entry':24} {'worst':>10} {'within 1e-3':>12} {'PSNR':>8}")
    good = True
    for name, reference in sorted(expected.items()):
        difference = (computed[name] - reference).abs()
        share = (difference <= TOLERANCE).double().mean().item()
        span = (reference.max() - reference.min()).item()
        error = difference.double().square().mean().item()
        psnr = 10 * torch.log10(torch.tensor(span**2 / error)).item() if error else float("inf")
        print(f"  {name:24} {difference.max().item():10.2e} {share:12.4%} {psnr:8.1f}")
        good &= share >= REQUIRED_SHARE
    return good


@torch.inference_mode()
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("oracle", type=Path)
    folder = parser.parse_args().oracle
    net = DAIN().eval()
    shapes = {key: tuple(tensor.shape) for key, tensor in net.state_dict().items()}
    expected = published_shapes(folder / "state_dict.tsv")
    good = shapes == expected
    print(f"{len(shapes)} entries, {sum(p.numel() for p in net.parameters())} parameters, keys and shapes",
          "agree" if good else f"differ: {sorted(shapes.items() ^ expected.items())[:6]}")  # fmt: skip
    for path in sorted(folder.glob("*.safetensors")):
        good &= check_file(net, path)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
