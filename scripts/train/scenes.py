"""Synthetic triplets with everything known: the middle frame, the flows both ways and the order in depth.

A scene is a textured background and up to four textured layers in front, each moved by an affine plus a smooth random
field. Its canonical frame is t = 0.5: a point x of a layer lies at x + (t - 0.5)·m(x) at time t. All random numbers
and all sampling happen on the GPU, without a look back at the host, so a CUDA graph can hold it.
"""
from dataclasses import dataclass
import math

import torch
import torch.nn.functional as F

# Probability that the layer at each height exists.
LAYERS = (0.95, 0.8, 0.6, 0.4)
# Share of the shapes that are thin.
THIN = 0.25
# Share of the scenes in which all moves by a few pixels at most.
CREEPING = 0.15
FIELD_NODES = 48


@dataclass
class Scene:
    frames: tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # t = 0, 0.5, 1: [N, 3, S, S]
    flow01: torch.Tensor  # [N, 2, S, S], pixels
    flow10: torch.Tensor
    order0: torch.Tensor  # [N, 1, S, S]: 0 is the background, larger is nearer
    order1: torch.Tensor


@dataclass
class Texture:
    image: torch.Tensor
    centre: torch.Tensor
    matrix: torch.Tensor


@dataclass
class Shape:
    """A noisy ellipse or box."""

    centre: torch.Tensor
    half_length: torch.Tensor
    half_width: torch.Tensor
    angle: torch.Tensor
    noise: torch.Tensor
    roughness: torch.Tensor
    box: torch.Tensor


def per_pixel(values: torch.Tensor) -> torch.Tensor:
    return values[:, None, None]


class SceneGenerator:
    def __init__(self, textures: torch.Tensor, size: int):
        """`textures`: [K, H, W, 3] bytes on the device that scenes are wanted on."""
        self.textures, self.size, self.device = textures, size, textures.device
        height, width = textures.shape[1:3]
        # Made here, because a graph cannot hold a copy from the host.
        self.extent = torch.tensor((width, height), device=self.device, dtype=torch.float32)
        self.pixels = self.lattice(torch.arange(size, device=self.device, dtype=torch.float32))
        # Motion fields reach beyond the frame, for what enters it.
        self.low, self.high = -0.35 * size, 1.35 * size
        self.nodes = self.lattice(torch.linspace(self.low, self.high, FIELD_NODES, device=self.device))

    @staticmethod
    def lattice(axis: torch.Tensor) -> torch.Tensor:
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        return torch.stack((x, y))[None]

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return torch.rand(shape, device=self.device) * (high - low) + low

    def chance(self, n: int, probability: float) -> torch.Tensor:
        return self.uniform(n, 1, 1, 1) < probability

    def motion(self, n: int, speed: float, exponent: float, bend: float, spin: float = 0.1) -> torch.Tensor:
        """A field on the nodes: translation up to `speed` pixels (rarely, for a high exponent), a small affine part
        with a rotation of the order of `spin` radians, and in six of ten a smooth bend."""
        scale = self.size / 256
        angle, length = self.uniform(n) * 2 * math.pi, speed * self.uniform(n) ** exponent * scale
        shift = torch.stack((length * angle.cos(), length * angle.sin()), 1)[:, :, None, None]

        def rare(spread: float) -> torch.Tensor:
            return per_pixel(torch.randn(n, device=self.device) * spread * self.uniform(n))

        turn, zoom, shear_x, shear_y = rare(spin), rare(0.08), rare(0.05), rare(0.05)
        q = self.nodes - self.uniform(n, 2, 1, 1) * self.size
        affine = torch.stack(
            ((zoom + shear_x) * q[:, 0] + (shear_y - turn) * q[:, 1], (shear_y + turn) * q[:, 0] + (zoom - shear_x) * q[:, 1]),
            1,
        )
        waves = torch.randn(n, 2, 7, 7, device=self.device)
        waves = F.interpolate(waves, (FIELD_NODES, FIELD_NODES), mode="bicubic", align_corners=True)
        strength = bend * self.uniform(n, 1, 1, 1) ** 2 * self.chance(n, 0.6) * scale
        return affine + shift + waves * strength

    def sample_motion(self, field: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        grid = ((x - self.low) / (self.high - self.low) * 2 - 1).permute(0, 2, 3, 1)
        return F.grid_sample(field, grid, padding_mode="border", align_corners=True)

    def canonical(self, field: torch.Tensor, t: float) -> torch.Tensor:
        """Where in the canonical frame each pixel of time t comes from (fixed-point iteration)."""
        pixels = self.pixels.expand(field.shape[0], -1, -1, -1)
        x = pixels
        if t != 0.5:
            for _ in range(4):
                x = pixels - (t - 0.5) * self.sample_motion(field, x)
        return x

    def texture(self, n: int) -> Texture:
        image = self.textures[torch.randint(len(self.textures), (n,), device=self.device)]
        image = image.permute(0, 3, 1, 2).float() / 255
        angle, scale = self.uniform(n, low=-0.6, high=0.6), self.uniform(n, low=0.6, high=1.15)
        mirror = torch.where(self.uniform(n) < 0.5, -1.0, 1.0)
        cos, sin = angle.cos() * scale, angle.sin() * scale
        matrix = torch.stack((torch.stack((cos * mirror, -sin), 1), torch.stack((sin * mirror, cos), 1)), 1)
        return Texture(image, self.uniform(n, 2, low=0.25, high=0.75) * self.extent, matrix)

    def paint(self, texture: Texture, x: torch.Tensor) -> torch.Tensor:
        source = torch.einsum("nij,njyx->nyxi", texture.matrix, x - self.size / 2) + texture.centre[:, None, None]
        return F.grid_sample(
            texture.image, source / (self.extent - 1) * 2 - 1, mode="bicubic", padding_mode="reflection", align_corners=True
        )

    def shape(self, n: int) -> Shape:
        radius = torch.exp(self.uniform(n, low=math.log(0.05), high=math.log(0.42))) * self.size
        aspect = torch.exp(self.uniform(n) ** 2 * math.log(10))
        # Thin things are the hard ones: limbs, poles, wires.
        thin = self.uniform(n) < THIN
        width = torch.exp(self.uniform(n, low=math.log(0.006), high=math.log(0.035))) * self.size
        return Shape(
            centre=self.uniform(n, 2, 1, 1, low=-0.05, high=1.05) * self.size,
            half_length=torch.where(thin, self.uniform(n, low=0.06, high=0.45) * self.size, radius * aspect.sqrt()),
            half_width=torch.where(thin, width, radius / aspect.sqrt()),
            angle=self.uniform(n) * math.pi,
            noise=torch.randn(n, 1, 9, 9, device=self.device),
            roughness=self.uniform(n) * 0.45,
            box=self.uniform(n) < 0.35,
        )

    def coverage(self, shape: Shape, x: torch.Tensor) -> torch.Tensor:
        """[N, S, S] in [0, 1], soft over about a pixel."""
        q = x - shape.centre
        cos, sin = per_pixel(shape.angle.cos()), per_pixel(shape.angle.sin())
        u = (cos * q[:, 0] + sin * q[:, 1]) / per_pixel(shape.half_length)
        v = (cos * q[:, 1] - sin * q[:, 0]) / per_pixel(shape.half_width)
        grid = torch.stack((u / 2, v / 2), 3)
        noise = F.grid_sample(shape.noise, grid, mode="bicubic", padding_mode="border", align_corners=True)[:, 0]
        distance = torch.where(per_pixel(shape.box), torch.maximum(u.abs(), v.abs()), (u * u + v * v + 1e-9).sqrt())
        inside = 1 - distance + noise * per_pixel(shape.roughness)
        return (inside * per_pixel(torch.minimum(shape.half_length, shape.half_width)) * 0.9 + 0.5).clamp(0, 1)

    @torch.no_grad()
    def generate(self, n: int) -> Scene:
        # Some scenes creep: less than a pixel is motion too.
        pace = self.uniform(n, 1, 1, 1) * torch.where(self.chance(n, CREEPING), 0.06, 1.0)
        still = self.chance(n, 0.35)
        background = torch.where(still, 0.0, self.motion(n, 48, 2.7, 4.0) * pace)
        background_texture, layers = self.texture(n), []
        for height, probability in enumerate(LAYERS):
            speed, exponent = (80, 2.4) if height < 3 else (24, 1.9)
            own = self.motion(n, speed, exponent, 3.0, spin=0.2) * pace
            with_background = background * self.uniform(n, 1, 1, 1, low=0.3, high=1.2)
            field = torch.where(self.chance(n, 0.12), background, with_background + own)
            layers.append((self.chance(n, probability), field, self.texture(n), self.shape(n)))

        rendered = [self.render(background, background_texture, layers, t) for t in (0.0, 0.5, 1.0)]
        gain, offset = self.uniform(n, 1, 1, 1, low=0.8, high=1.2), self.uniform(n, 3, 1, 1, low=-0.08, high=0.08)
        grain = self.chance(n, 0.5) * self.uniform(n, 1, 1, 1) * 0.012
        frames = tuple((image * gain + offset + torch.randn_like(image) * grain).clamp(0, 1) for image, _, _ in rendered)
        return Scene(frames, rendered[0][1], -rendered[2][1], rendered[0][2], rendered[2][2])

    def render(self, background, background_texture, layers, t: float):
        x = self.canonical(background, t)
        image, flow = self.paint(background_texture, x), self.sample_motion(background, x)
        order = torch.zeros_like(image[:, :1])
        for height, (exists, field, texture, shape) in enumerate(layers, 1):
            x = self.canonical(field, t)
            alpha = self.coverage(shape, x)[:, None] * exists
            image = image * (1 - alpha) + self.paint(texture, x) * alpha
            covers = alpha > 0.5
            flow = torch.where(covers, self.sample_motion(field, x), flow)
            order = torch.where(covers, float(height), order)
        return image, flow, order
