"""Border replication to the sizes that the network can take."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F

SCHEMES = ("centred-64", "demo-128")


@dataclass(frozen=True)
class Padding:
    """Columns and rows added on each side."""

    left: int
    right: int
    top: int
    bottom: int

    @classmethod
    def of(cls, height: int, width: int, scheme: str = "centred-64") -> "Padding":
        """`centred-64`: to the next multiple of 64, half on each side.

        `demo-128`: as the published demo does, to the next multiple of 128, and by 32 a side where it already is one.
        """
        if scheme == "centred-64":
            horizontal, vertical = ((-n % 64 // 2, -n % 64 - -n % 64 // 2) for n in (width, height))
        elif scheme == "demo-128":
            horizontal, vertical = (
                (-n % 128 // 2, -n % 128 - -n % 128 // 2) if n % 128 else (32, 32) for n in (width, height)
            )
        else:
            raise ValueError(f"unknown padding scheme {scheme!r}: expected one of {', '.join(SCHEMES)}")
        return cls(*horizontal, *vertical)

    def add(self, image: torch.Tensor) -> torch.Tensor:
        if not any((self.left, self.right, self.top, self.bottom)):
            return image
        return F.pad(image, (self.left, self.right, self.top, self.bottom), mode="replicate")

    def crop(self, image: torch.Tensor) -> torch.Tensor:
        height, width = image.shape[-2:]
        return image[..., self.top : height - self.bottom, self.left : width - self.right]
