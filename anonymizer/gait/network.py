"""The paper's contour modification network (Tieu et al. 2017, section III-C, equations 2 to 5).

    Φ1(X) = ReLU(W1 * X + b1)                            16 filters of size 3
    Φ2(X1, X2) = ReLU(W2 * (Φ1(X1) + Φ1(X2)) + b2)       1 filter of size 3
    loss = (‖Φ2 - X1‖² + α‖Φ2 - X2‖²) / 4000

Because both branches share W1 and their features are summed, Φ2(a, b) = Φ2(b, a): the network cannot tell
the original from the noise, so it cannot reach the loss's own minimum (X1 + αX2)/(1 + α), see
`closed_form`, unless α = 1; trained, it stays near (X1 + X2)/2. With `branches=2` the two first layers
have weights of their own, and α acts.

Vectors are in crop pixels; inside, coordinates are divided by 240, without which training dies at the
output ReLU. On a CPU the network runs as the compiled loops of `network_loops`, on a GPU as
`network_on_torch`. Both give the same numbers to float precision.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait import network_loops
from anonymizer.gait.contours import CROP_SIDE, VECTOR_LENGTH, Vectors
from anonymizer.gait.network_loops import Array, Arrays

CHANNELS = 16
KERNEL = 3
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Weights:
    """W1, b1, W2, b2; `branches` is 1 where X1 and X2 share the first layer, as in the paper, else 2."""

    first: Array  # (branches, 16, 3)
    first_bias: Array  # (branches, 16)
    second: Array  # (16, 3)
    second_bias: Array  # (1,)

    def __post_init__(self) -> None:
        branches = len(self.first)
        shapes = {
            "first": (branches, CHANNELS, KERNEL),
            "first_bias": (branches, CHANNELS),
            "second": (CHANNELS, KERNEL),
            "second_bias": (1,),
        }
        for name, shape in shapes.items():
            self._check(name, shape)
        if branches not in (1, 2):
            raise ValueError(f"the network has 1 or 2 first layers, not {branches}")

    def _check(self, name: str, shape: tuple[int, ...]) -> None:
        array = getattr(self, name)
        if array.shape != shape or array.dtype != np.float32:
            raise ValueError(
                f"weights {name!r} are {array.dtype} {array.shape} and should be float32 {shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError(
                f"weights {name!r} hold NaN or infinite values; train with a lower learning rate"
            )

    def arrays(self) -> Arrays:
        return self.first, self.first_bias, self.second, self.second_bias


def initial_weights(seed: int, branches: int = 1) -> Weights:
    """Uniform within ±1/√(inputs of a filter), as PyTorch begins a convolution. About a quarter are dead."""
    rng = np.random.default_rng(seed)

    def drawn(inputs: int, *shape: int) -> Array:
        limit = inputs**-0.5
        return rng.uniform(-limit, limit, shape).astype(np.float32)

    return Weights(
        drawn(KERNEL, branches, CHANNELS, KERNEL),
        drawn(KERNEL, branches, CHANNELS),
        drawn(CHANNELS * KERNEL, CHANNELS, KERNEL),
        drawn(CHANNELS * KERNEL, 1),
    )


def chosen_device(device: str) -> str:
    """`cpu` or `cuda`; `auto` takes a GPU where there is one."""
    if device not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, not {device!r}")
    if device == "cpu":
        return "cpu"
    import torch  # takes seconds: only where there may be a GPU to find

    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise ValueError("device is 'cuda', but PyTorch finds no GPU here; choose 'cpu' or 'auto'")
    return "cuda" if available else "cpu"


def checked_vectors(*several: NDArray[Any]) -> list[Vectors]:
    """The same vectors as float32 in memory order; ValueError unless all are (frames, 4000) and alike."""
    shape = several[0].shape
    for vectors in several:
        if vectors.ndim != 2 or vectors.shape[1] != VECTOR_LENGTH or vectors.shape != shape:
            shapes = " and ".join(str(each.shape) for each in several)
            raise ValueError(f"contour vectors must all be (frames, {VECTOR_LENGTH}), not {shapes}")
    return [np.ascontiguousarray(vectors, np.float32) for vectors in several]


def modified(weights: Weights, x1: Vectors, x2: Vectors, device: str = "auto", batch: int = 4096) -> Vectors:
    """Φ2(X1, X2) of vectors (frames, 4000) in crop pixels, in the same unit."""
    x1, x2 = checked_vectors(x1, x2)
    if chosen_device(device) == "cuda":
        from anonymizer.gait import network_on_torch

        return network_on_torch.modified(weights, x1, x2, "cuda", batch)
    return np.asarray(network_loops.forward(weights.arrays(), x1, x2, np.float32(CROP_SIDE)))


def loss(y: Vectors, x1: Vectors, x2: Vectors, alpha: float) -> float:
    """Equation 5, the mean over the frames, in square pixels of the crop."""
    kept = np.mean(np.square(y - x1, dtype=np.float64))
    mixed = np.mean(np.square(y - x2, dtype=np.float64))
    return float(kept + alpha * mixed)


def closed_form(x1: Vectors, x2: Vectors, alpha: float) -> Vectors:
    """(X1 + αX2)/(1 + α): where the loss of equation 5 is least, for every coordinate by itself."""
    return np.asarray((x1 + np.float32(alpha) * x2) / np.float32(1 + alpha), np.float32)
