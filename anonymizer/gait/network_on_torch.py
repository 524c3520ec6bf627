"""The contour network in PyTorch: what a GPU runs, and what the compiled loops are held against.

Loaded only where it is needed, since PyTorch takes seconds and 200 MB of every process that loads it.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch.nn import functional

from anonymizer.gait.contours import CROP_SIDE, Vectors
from anonymizer.gait.network import Weights
from anonymizer.gait.network_loops import Arrays
from anonymizer.gait.training import Step


def modified(weights: Weights, x1: Vectors, x2: Vectors, device: str, batch: int) -> Vectors:
    """Φ2(X1, X2) of vectors (frames, 4000) in crop pixels, some frames at a time."""
    result = np.empty_like(x1)
    layers = [torch.from_numpy(array).to(device) for array in weights.arrays()]
    with torch.inference_mode():
        for start in range(0, len(x1), batch):
            pair = [torch.from_numpy(x[start : start + batch]).to(device) / CROP_SIDE for x in (x1, x2)]
            result[start : start + batch] = (phi2(layers, *pair) * CROP_SIDE).cpu().numpy()
    return result


def phi2(layers: Sequence[torch.Tensor], x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """Equations 2 to 4 of the paper, (frames, 4000) in and out, coordinates already divided by 240."""
    first, first_bias, second, second_bias = layers  # as in Weights
    branches = zip((first[0], first[-1]), (first_bias[0], first_bias[-1]), (x1, x2), strict=True)
    features = [
        functional.relu(functional.conv1d(x[:, None], layer[:, None], bias, padding=1))
        for layer, bias, x in branches
    ]
    merged = functional.conv1d(features[0] + features[1], second[None], second_bias, padding=1)
    return functional.relu(merged)[:, 0]


def gradients(arrays: Arrays, x1: Vectors, x2: Vectors, alpha: float, device: str) -> Step:
    """As `training.gradients`, by automatic differentiation."""
    layers = [torch.from_numpy(each).to(device).requires_grad_() for each in arrays]
    own, noise = (torch.from_numpy(each).to(device) for each in (x1, x2))
    y = phi2(layers, own, noise)
    value = (y - own).square().mean() + alpha * (y - noise).square().mean()
    found = torch.autograd.grad(value, layers)
    grads = cast(Arrays, tuple(each.cpu().numpy() for each in found))
    return Step(grads, float(value.detach()), int(torch.count_nonzero(y)))
