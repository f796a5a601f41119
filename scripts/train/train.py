"""Trains DAIN for a given time, from weights or from a checkpoint.

    python train.py --shard DIR --photos DIR --init WEIGHTS --out DIR --seconds 1200 [--benchmark DIR ...]

Two phases. Blend: flow and kernels (plain projection), and every so many steps (`--depth-every`, for each phase) depth
through the projection and by the known order of synthetic layers. Joint: everything; the rectified frame is compared
too, depth is frozen except in every so many steps. `--blend-share` of the time goes to the first. The clock counts
training alone.

The out folder gets `weights.safetensors` (the moving average, fp16) every `--export-every` seconds and at the end,
`checkpoint.pt` (training goes on from it when the command is given again, with the same `--init`) and `log.jsonl`. With
several GPUs start it under torchrun: each process draws its own batches and gradients are averaged.
"""
import argparse
import copy
import json
import math
import os
from pathlib import Path
import random
import sys
import time

import cv2
import numpy as np
import torch
import torch.distributed as dist

import paths  # noqa: F401
from dain import DAIN
from evaluate import evaluate, live_units, load, summary, triplets
from export import export
from fast_network import predict
from footage import Footage, held_out
from kernels import library
from losses import charbonnier, flow_loss, logarithmic, ranking_loss, scatter_loss
from rectify import FIRST_LAYER_RATE, NormalisedRectifyNet, start_afresh
from scenes import SceneGenerator
from steps import ClippedAdamW, SharedClock, Step, average

AVERAGE_DECAY = 0.9985
# Joint steps after which the rectify net's input statistics are taken up again.
RENORMALISE_AT = (50, 200, 600, 1500, 3000)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Formatter)
    parser.add_argument("--shard", type=Path, required=True, help="of prepare.py")
    parser.add_argument("--aged", type=Path, help="a shard of old web video (age.py); half of the real crops are from it")
    parser.add_argument("--photos", type=Path, required=True, help="pictures for the synthetic scenes")
    parser.add_argument("--init", type=Path, required=True, help="weights to start from")
    parser.add_argument("--fresh-rectify", action="store_true", help="start rectify and context nets anew")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--benchmark", type=Path, action="append", default=[], help="triplets to score at the end")
    parser.add_argument("--seconds", type=float, required=True, help="of training")
    parser.add_argument("--blend-share", type=float, default=0.25, help="of the time, for the blend phase")
    parser.add_argument("--depth-every", type=int, nargs=2, default=(8, 8), metavar=("BLEND", "JOINT"), help="steps")
    parser.add_argument("--size", type=int, default=256, help="of crops; a multiple of 64")
    parser.add_argument("--blend-batch", type=int, nargs=2, default=(12, 4), metavar=("REAL", "SYNTHETIC"), help="crops a step")
    parser.add_argument("--joint-batch", type=int, nargs=2, default=(9, 3), metavar=("REAL", "SYNTHETIC"), help="crops a step")
    parser.add_argument("--rate", type=float, default=1e-4, help="learning rate of flow; the others follow from it")
    parser.add_argument("--rectify-rate", type=float, default=2e-4, help="that of context and rectify nets")
    parser.add_argument("--blend-weight", type=float, default=0.5, help="of the blend's loss in the joint phase")
    parser.add_argument("--log-weight", type=float, default=0.004, help="of the logarithm of the squared error")
    parser.add_argument("--order-weight", type=float, default=0.0015, help="of the order of layers, for depth")
    parser.add_argument("--scatter-weight", type=float, default=0.002, help="of flow that jumps from cell to cell, on footage")
    parser.add_argument("--export-every", type=float, default=240, help="seconds")
    parser.add_argument("--eager", action="store_true", help="no CUDA graphs")
    parser.add_argument("--dry-run", action="store_true", help="few textures and frames, four steps a phase, two of them with depth")
    options = parser.parse_args()
    if options.size < 64 or options.size % 64:
        parser.error(f"--size {options.size} is no multiple of 64")
    if options.dry_run:
        options.depth_every = 2, 2
    return options


class Formatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the description's lines, and prints defaults."""


class Trainer:
    def __init__(self, options: argparse.Namespace):
        self.options, self.birth = options, time.time()
        self.rank, self.world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.on_gpu = torch.cuda.is_available()
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if self.on_gpu else torch.device("cpu")
        if self.on_gpu:
            torch.cuda.set_device(self.device)
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
        if not (self.on_gpu or options.dry_run):
            print("train.py: no GPU is there: a step may take minutes", file=sys.stderr)
        if self.world > 1:
            dist.init_process_group("nccl" if self.on_gpu else "gloo")
        self.clock = SharedClock()
        options.out.mkdir(parents=True, exist_ok=True)
        library()

        self.net = DAIN().eval()
        load(self.net, options.init)
        torch.manual_seed(7)
        if options.fresh_rectify:
            start_afresh(self.net)
        self.net = self.net.to(self.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        self.rectify = NormalisedRectifyNet(self.net.rectifyNet).to(self.device).train()
        self.groups = self.parameter_groups()
        self.optimiser = ClippedAdamW(self.groups, {"rectify": 1e-4, "context": 1e-4})
        self.elapsed, self.counts, self.renormalised = 0.0, {}, 0
        if (options.out / "checkpoint.pt").exists():
            self.resume()
        seed = 1000 + self.rank + 17 * sum(self.counts.values())
        torch.manual_seed(seed)
        random.seed(seed)

        self.footage = Footage(options.shard, self.device, limit=48 if options.dry_run else None)
        self.aged = None
        if options.aged:
            self.aged = Footage(options.aged, self.device, limit=48 if options.dry_run else None, aged=True)
        self.check(options.shard, self.footage, options.size)
        self.check(options.aged, self.aged, 1)
        self.scenes = SceneGenerator(self.texture_bank(), options.size)
        self.benchmarks = {path.name: list(triplets(path)) for path in options.benchmark}
        for name, footage in ("validation", self.footage), ("aged validation", self.aged):
            if footage and len(footage.validation):
                frames = footage.hardest_validation(2 if options.dry_run else 24)
                self.benchmarks[name] = [(str(i), [f.cpu().numpy() for f in t]) for i, t in enumerate(frames)]
        self.log(f"{len(self.footage.frames)} frames, {len(self.footage.segments)} segments, "
                 f"{len(self.footage.triplets)} triplets, {len(self.footage.validation)} held out"
                 + "".join(f", {name} left out (size)" for name in self.footage.left_out)
                 + (f"; aged: {len(self.aged.frames)} frames, {len(self.aged.triplets)} triplets" if self.aged else ""))  # fmt: skip

    @staticmethod
    def check(shard: Path | None, footage: Footage | None, least: int) -> None:
        if footage is None:
            return
        height, width = footage.frames.shape[1:3]
        if min(height, width) < least:
            raise SystemExit(f"{shard}: its frames of {width}x{height} are smaller than crops of --size {least}")
        if not len(footage.triplets):
            raise SystemExit(f"{shard}: holds no triplet to train on")

    def log(self, text: str, **record) -> None:
        if self.rank:
            return
        print(f"[{time.time() - self.birth:7.1f}] {text}", flush=True)
        with open(self.options.out / "log.jsonl", "a") as file:
            file.write(json.dumps({"seconds": round(self.elapsed, 1), "text": text} | record) + "\n")

    def parameter_groups(self) -> dict[str, list[torch.nn.Parameter]]:
        named = dict(self.net.named_parameters())

        def of(*prefixes: str) -> list[torch.nn.Parameter]:
            return [p for key, p in named.items() if key.startswith(prefixes) and not key.startswith("flownets.deconv2")]

        replaced = self.rectify.deployed()
        rectify = [p for key, p in named.items() if key.startswith("rectifyNet") and key[11:] not in replaced]
        return {
            "flow": of("flownets"),
            "kernel": of("initScaleNets"),
            "depth": of("depthNet"),
            "context": of("ctxNet"),
            "rectify_first": [self.rectify.weight],
            "rectify": [self.rectify.bias, self.rectify.last_weight, self.rectify.last_bias, *rectify],
        }

    def texture_bank(self) -> torch.Tensor:
        """Photographs and frames of the footage, as bytes of one size."""
        height, width = self.footage.frames.shape[1:3]
        bank = []
        for path in sorted(self.options.photos.iterdir())[: 4 if self.options.dry_run else None]:
            if held_out(path.name) and not self.options.dry_run:
                continue
            photo = cv2.imread(str(path))
            if photo is None:
                continue
            scale = max(width / photo.shape[1], height / photo.shape[0])
            size = max(width, round(photo.shape[1] * scale)), max(height, round(photo.shape[0] * scale))
            photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)[:height, :width, ::-1]
            bank.append(torch.from_numpy(np.ascontiguousarray(photo)))
        if not bank:
            raise SystemExit(f"{self.options.photos}: holds no picture that can be read and is not held out")
        photos = torch.stack(bank).to(self.device)
        count = 4 if self.options.dry_run else 1200
        frames = self.footage.frames[torch.randint(len(self.footage.frames), (count,), device=self.device)]
        return torch.cat((photos.repeat(max(1, count // (2 * len(photos))), 1, 1, 1), frames))

    # --- Steps ---

    def start_phase(self, phase: str) -> None:
        self.phase = phase
        self.real_count, self.synthetic_count = getattr(self.options, f"{phase}_batch")
        size = self.options.size
        self.real = torch.zeros(self.real_count, 3, 3, size, size, device=self.device)
        self.load_real()
        if phase == "joint" and self.joint_steps() == 0:
            self.measure_rectify_input()
        shared = ("flow", "kernel") if phase == "blend" else ("flow", "kernel", "context", "rectify_first", "rectify")
        self.steps = {
            "plain": self.make_step("none" if phase == "blend" else "frozen", shared),
            "depth": self.make_step("learn", (*shared, "depth")),
        }

    def make_step(self, depth: str, groups: tuple[str, ...]) -> Step:
        step = Step(lambda: self.compute(depth), [p for name in groups for p in self.groups[name]])
        if self.on_gpu and not self.options.eager:
            everything = self.optimiser.everything + list(self.net.parameters())
            self.log(f"{self.phase}, depth {depth}: {step.record(everything)}")
        return step

    @torch.no_grad()
    def measure_rectify_input(self) -> None:
        """The first statistics, before the rectify net's first step."""
        for _ in range(2 if self.options.dry_run else 16):
            self.load_real()
            scene = self.scenes.generate(self.synthetic_count)
            image0, image1 = (torch.cat((self.real[:, k], scene.frames[k])) for k in (0, 2))
            predict(self.net, image0, image1, "frozen", self.rectify)
        self.renormalise(keep_function=not self.options.fresh_rectify)

    def renormalise(self, keep_function: bool = True) -> None:
        """With the same statistics in all processes: they hold the same weights in the same coordinates."""
        average([self.rectify.seen_mean, self.rectify.seen_square])
        self.rectify.renormalise(keep_function)

    def load_real(self) -> None:
        aged = self.real_count // 2 if self.aged else 0
        size = self.options.size
        self.real[: self.real_count - aged].copy_(self.footage.batch(self.real_count - aged, size))
        if aged:
            self.real[self.real_count - aged :].copy_(self.aged.batch(aged, size))

    def compute(self, depth: str) -> dict[str, torch.Tensor]:
        real, joint = self.real_count, self.phase == "joint"
        scene = self.scenes.generate(self.synthetic_count)
        image0, middle, image1 = (torch.cat((self.real[:, k], scene.frames[k])) for k in range(3))
        result = predict(self.net, image0, image1, depth, self.rectify if joint else None)
        n = image0.shape[0]

        def synthetic(x: torch.Tensor) -> torch.Tensor:
            return torch.cat((x[real:n], x[n + real :]))

        def footage(x: torch.Tensor) -> torch.Tensor:
            return torch.cat((x[:real], x[n : n + real]))

        blend = charbonnier(result.blend - middle)
        level = logarithmic(result.blend - middle)
        flow, endpoint = flow_loss(
            {level: synthetic(f) for level, f in result.flows.items()}, torch.cat((scene.flow01, scene.flow10))
        )
        weight = self.options.blend_weight if joint else 1.0
        scatter = scatter_loss(footage(result.flows[2]))
        loss = weight * (blend + self.options.log_weight * level) + 0.004 * flow + self.options.scatter_weight * scatter
        metrics = {"blend": blend, "level": level, "endpoint": endpoint, "scatter": scatter,
                   "blend_real": charbonnier(result.blend[:real] - middle[:real])}  # fmt: skip
        if joint:
            output = charbonnier(result.output - middle)
            loss = loss + output + self.options.log_weight * logarithmic(result.output - middle)
            metrics |= {"output": output, "output_real": charbonnier(result.output[:real] - middle[:real]),
                        "live": self.rectify.live, "active": self.rectify.active}  # fmt: skip
        if depth == "learn":
            order = ranking_loss(synthetic(result.log_depth), torch.cat((scene.order0, scene.order1)))
            loss = loss + self.options.order_weight * order + 1e-6 * result.log_depth.square().mean()
            metrics["order"] = order
        loss.backward()
        return {name: value.detach() for name, value in metrics.items()}

    def rates(self) -> dict[str, float]:
        """Warm-up, then a cosine to a hundredth, over the whole time; the rectify net's over its own part."""

        def cosine(part: float) -> float:
            return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, part))))

        progress, share = self.elapsed / self.options.seconds, self.options.blend_share
        base = self.options.rate * cosine(progress) * min(1.0, (sum(self.counts.values()) + 1) / 300)
        own = (progress - share) / max(1 - share, 1e-6)
        rectify = self.options.rectify_rate * cosine(own) * min(1.0, (self.joint_steps() + 1) / 800)
        return {"flow": base, "kernel": 2 * base, "depth": base, "context": rectify, "rectify": rectify,
                "rectify_first": rectify * FIRST_LAYER_RATE}  # fmt: skip

    def joint_steps(self) -> int:
        return sum(count for kind, count in self.counts.items() if kind.startswith("joint"))

    # --- The loop ---

    def train(self) -> None:
        options = self.options
        if self.elapsed == 0 and not options.dry_run:
            self.report("start")
        exported = time.time()
        while self.elapsed < options.seconds:
            phase = "blend" if self.elapsed < options.blend_share * options.seconds else "joint"
            self.steps = None
            if self.on_gpu:
                torch.cuda.empty_cache()
            self.start_phase(phase)
            end = options.blend_share * options.seconds if phase == "blend" else options.seconds
            depth_every = options.depth_every[phase == "joint"]
            gathered: dict[str, list[torch.Tensor]] = {}
            pending, last, done = [], time.time(), 0
            while self.elapsed < end:
                kind = "depth" if done % depth_every == depth_every - 1 else "plain"
                step = self.steps[kind]
                metrics, gradients = step.run()
                norm = self.optimiser.step(step, gradients, self.rates())
                self.load_real()
                done += 1
                self.counts[f"{phase} {kind}"] = self.counts.get(f"{phase} {kind}", 0) + 1
                self.update_average()
                if phase == "joint" and self.renormalised < len(RENORMALISE_AT):
                    if self.joint_steps() >= RENORMALISE_AT[self.renormalised]:
                        self.renormalise()
                        self.renormalised += 1
                for name, value in (metrics | {"norm": norm}).items():
                    gathered.setdefault(name, []).append(value.clone())
                if self.on_gpu:  # stay at most three steps ahead of the GPU
                    event = torch.cuda.Event()
                    event.record()
                    pending.append(event)
                    if len(pending) > 3:
                        pending.pop(0).synchronize()
                now = time.time()
                if not options.dry_run:  # its steps are counted, whatever time they take
                    self.elapsed = self.clock.first(self.elapsed + now - last)
                last = now
                if done % (2 if options.dry_run else 100) == 0:
                    self.log_progress(phase, gathered)
                    gathered = {}
                if now - exported > options.export_every:
                    self.save(f"{phase}")
                    exported = last = time.time()
                if options.dry_run and done >= 4:
                    self.elapsed = end
            if phase == "blend":
                self.report("blend")
                self.save("blend")
                exported = time.time()
        self.save("end")
        self.report("end")
        self.log("done")

    def log_progress(self, phase: str, gathered: dict[str, list[torch.Tensor]]) -> None:
        values = {name: torch.stack(v).float().mean().item() for name, v in gathered.items()}
        count = sum(self.counts.values())
        text = " ".join(f"{name} {value:.5f}" for name, value in values.items())
        self.log(f"{phase} {count}: {text}", step=count, **values)

    @torch.no_grad()
    def update_average(self) -> None:
        """Of the weights as they are deployed: the rectify net's first layer with its normalisation folded in."""
        if not hasattr(self, "averaged"):
            mine, theirs = dict(self.net.named_parameters()), dict(self.average.named_parameters())
            keys = [k for k in mine if k.removeprefix("rectifyNet.") not in self.rectify.deployed()]
            self.averaged = [theirs[k] for k in keys], [mine[k].detach() for k in keys]
        count = sum(self.counts.values())
        rate = 1 - min(AVERAGE_DECAY, (1 + count) / (10 + count))
        torch._foreach_lerp_(*self.averaged, rate)
        if self.phase == "joint":
            # The first joint step sets them: before, the average knows nothing of these layers.
            rate = max(rate, 1 / max(1, self.joint_steps()))
            for key, value in self.rectify.deployed().items():
                self.average.rectifyNet.get_parameter(key).lerp_(value, rate)

    def deploy(self) -> None:
        for key, value in self.rectify.deployed().items():
            self.net.rectifyNet.get_parameter(key).data.copy_(value)

    def report(self, moment: str) -> None:
        """Scores of the averaged weights, and the live units of the nets that can die; benchmarks only at the end."""
        if self.rank:
            return
        for name, sequences in self.benchmarks.items():
            if not name.endswith("validation") and moment != "end":
                continue
            start = time.time()
            results = evaluate(self.average, sequences)
            self.log(f"{moment} {name}: {summary(results)} ({time.time() - start:.1f} s)")
            if len(results) <= 12:
                self.log("  " + ", ".join(f"{n} {r['blend'].psnr:.2f} {r['output'].psnr:.2f}" for n, r in results.items()))
        if self.benchmarks:
            frame0, _, frame1 = next(iter(self.benchmarks.values()))[0][1]
            live = live_units(self.average, frame0, frame1)
            self.log("  live units: " + ", ".join(f"{k} {v:.2f}" for k, v in live.items()), live=live)
        if self.on_gpu:
            torch.cuda.empty_cache()

    def save(self, moment: str) -> None:
        if self.rank:
            return
        self.deploy()
        state = {
            "network": self.net.state_dict(), "average": self.average.state_dict(), "rectify": self.rectify.state_dict(),
            "optimiser": self.optimiser.adam.state_dict(), "elapsed": self.elapsed, "counts": self.counts,
            "renormalised": self.renormalised, "init": self.options.init.name, "dry_run": self.options.dry_run,
        }  # fmt: skip
        partial = self.options.out / "checkpoint.partial"
        torch.save(state, partial)
        partial.replace(self.options.out / "checkpoint.pt")
        export(self.average.state_dict(), self.options.out / "weights.safetensors")
        self.log(f"saved at {moment}: steps {self.counts}")

    def resume(self) -> None:
        path = self.options.out / "checkpoint.pt"
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state.get("dry_run", False):
            self.log("begins anew: what lies there is of a dry run")
            return
        if self.options.dry_run:
            raise SystemExit(f"{path}: is of a real run; give a dry run another --out")
        if state.get("init", self.options.init.name) != self.options.init.name:
            raise SystemExit(f"{path}: is of a run from {state['init']}; give a run from {self.options.init.name} another --out")
        self.net.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.rectify.load_state_dict(state["rectify"])
        self.optimiser.adam.load_state_dict(state["optimiser"])
        self.elapsed, self.counts, self.renormalised = state["elapsed"], state["counts"], state["renormalised"]
        self.log(f"goes on after {self.elapsed:.0f} s, steps {self.counts}"
                 + ("" if self.elapsed < self.options.seconds else "; --seconds asks for no more"))  # fmt: skip


if __name__ == "__main__":
    Trainer(parse_arguments()).train()
