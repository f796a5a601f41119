"""A training step that is recorded once as a CUDA graph and then replayed."""
from collections.abc import Callable
import time

import torch
from torch import nn
import torch.distributed as dist


class Step:
    """`function` computes a loss, runs backward and returns metrics as a dict of scalars; gradients stay with `Step`."""

    def __init__(self, function: Callable[[], dict[str, torch.Tensor]], parameters: list[nn.Parameter]):
        self.function, self.parameters = function, parameters
        self.graph: torch.cuda.CUDAGraph | None = None

    def record(self, everything: list[nn.Parameter], pool=None) -> str:
        """Captures the step. All of the network's gradients must be unset while it lasts."""
        start = time.time()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                clear(everything)
                self.function()
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        clear(everything)
        torch.cuda.empty_cache()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            self.metrics = self.function()
        self.gradients = [p.grad for p in self.parameters]
        if any(g is None for g in self.gradients):
            raise RuntimeError("a parameter of this step has no gradient")
        self.graph = graph
        graph.replay()
        torch.cuda.synchronize()
        captured, start = time.time() - start, time.time()
        for _ in range(3):
            graph.replay()
        torch.cuda.synchronize()
        return (f"{(time.time() - start) / 3 * 1e3:.1f} ms, captured in {captured:.1f} s, "
                f"peak {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")  # fmt: skip

    def run(self) -> tuple[dict[str, torch.Tensor], list[torch.Tensor]]:
        if self.graph is not None:
            self.graph.replay()
        else:
            clear(self.parameters)
            self.metrics = self.function()
            self.gradients = [p.grad for p in self.parameters]
        average(self.gradients)
        return self.metrics, self.gradients


def clear(parameters: list[nn.Parameter]) -> None:
    for parameter in parameters:
        parameter.grad = None


def average(tensors: list[torch.Tensor]) -> None:
    """Over all processes, as one message."""
    if not dist.is_initialized():
        return
    flat = torch.cat([t.flatten() for t in tensors])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    torch._foreach_copy_(tensors, [part.view_as(t) for part, t in zip(flat.split([t.numel() for t in tensors]), tensors)])


class SharedClock:
    """The time of the first process, for all: they must agree on the step after which a phase ends."""

    def __init__(self):
        # Through the host: the GPU's queue stays as it is.
        self.group = dist.new_group(backend="gloo") if dist.is_initialized() else None

    def first(self, seconds: float) -> float:
        if self.group is None:
            return seconds
        value = torch.tensor((seconds,), dtype=torch.float64)
        dist.broadcast(value, 0, group=self.group)
        return value.item()


class ClippedAdamW:
    """AdamW over groups, with clipping and the skipping of broken gradients decided on the GPU, without waiting."""

    LIMIT = 1.0

    def __init__(self, groups: dict[str, list[nn.Parameter]], decay: dict[str, float]):
        self.fused = torch.cuda.is_available()
        listed = [{"params": params, "name": name, "weight_decay": decay.get(name, 1e-5)} for name, params in groups.items()]
        self.adam = torch.optim.AdamW(listed, lr=0.0, betas=(0.9, 0.999), fused=self.fused)
        self.everything = [p for params in groups.values() for p in params]

    def step(self, step: Step, gradients: list[torch.Tensor], rates: dict[str, float]) -> torch.Tensor:
        """Returns the norm of the gradients."""
        clear(self.everything)
        for parameter, gradient in zip(step.parameters, gradients):
            parameter.grad = gradient
        for group in self.adam.param_groups:
            group["lr"] = rates[group["name"]]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        scale = (norm / self.LIMIT).clamp(min=1.0).nan_to_num(1.0, 1.0, 1.0)
        if self.fused:
            self.adam.grad_scale, self.adam.found_inf = scale, (~torch.isfinite(norm)).float()
            self.adam.step()
        elif bool(torch.isfinite(norm)):
            torch._foreach_div_(gradients, scale.item())
            self.adam.step()
        return norm
