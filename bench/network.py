"""The paper's network, trained and applied on one core, against PyTorch's `Conv1d` as the paper writes it.

    python bench/network.py

PyTorch is timed at several batch sizes, and the fastest is the baseline. A training step is forward, backward and an
update by plain gradient descent over the same frames.
"""

import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1", MKL_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


import numpy as np
import torch
from timing import seconds
from torch import nn

from anonymizer.gait.contours import CROP_SIDE, VECTOR_LENGTH
from anonymizer.gait.network import Weights, initial_weights, modified
from anonymizer.gait.training import gradients, is_dead

FRAMES = 256
BATCHES = (1, 4, 16, 64, 256)
ALPHA, RATE = 0.3, 0.04
CHANNELS, KERNEL = 16, 3


class Written(nn.Module):
    """As in the paper's Fig. 5."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Conv1d(1, CHANNELS, KERNEL, padding=1),
            nn.Conv1d(CHANNELS, 1, KERNEL, padding=1),
        )
        with torch.no_grad():
            self.first.weight.copy_(torch.from_numpy(weights.first[0][:, None]))
            self.first.bias.copy_(torch.from_numpy(weights.first_bias[0]))
            self.second.weight.copy_(torch.from_numpy(weights.second[None]))
            self.second.bias.copy_(torch.from_numpy(weights.second_bias))

    def forward(self, x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
        features = torch.relu(self.first(x1[:, None])) + torch.relu(self.first(x2[:, None]))
        return torch.relu(self.second(features))[:, 0]


def applied(network: Written, x1: torch.Tensor, x2: torch.Tensor, batch: int) -> torch.Tensor:
    with torch.inference_mode():
        return torch.cat([network(x1[i : i + batch], x2[i : i + batch]) for i in range(0, FRAMES, batch)])


def trained(network: Written, x1: torch.Tensor, x2: torch.Tensor, batch: int) -> None:
    step = torch.optim.SGD(network.parameters(), lr=RATE)
    for i in range(0, FRAMES, batch):
        own, noise = x1[i : i + batch], x2[i : i + batch]
        step.zero_grad()
        y = network(own, noise)
        loss = ((y - own) ** 2).mean() + ALPHA * ((y - noise) ** 2).mean()
        loss.backward()
        step.step()


def trained_here(weights: Weights, x1: np.ndarray, x2: np.ndarray, batch: int) -> None:
    arrays = weights.arrays()
    for i in range(0, FRAMES, batch):
        found = gradients(arrays, x1[i : i + batch], x2[i : i + batch], ALPHA, "cpu").gradients
        arrays = tuple(a - np.float32(RATE) * g for a, g in zip(arrays, found, strict=True))


def main() -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    x1, x2 = (rng.uniform(0, CROP_SIDE, (FRAMES, VECTOR_LENGTH)).astype(np.float32) for _ in range(2))
    own, noise = x1 / CROP_SIDE, x2 / CROP_SIDE
    beginnings = (initial_weights(seed) for seed in range(50))
    weights = next(each for each in beginnings if not is_dead(each, own[:8], noise[:8], "cpu"))
    t1, t2 = torch.from_numpy(own), torch.from_numpy(noise)
    modified(weights, x1[:2], x2[:2], "cpu")
    gradients(weights.arrays(), own[:2], noise[:2], ALPHA, "cpu")  # compiles
    agree = float(
        np.abs(
            modified(weights, x1, x2, "cpu") - applied(Written(weights), t1, t2, 64).numpy() * CROP_SIDE
        ).max()
    )

    here = seconds(lambda: modified(weights, x1, x2, "cpu")) / FRAMES
    there = {b: seconds(lambda b=b: applied(Written(weights), t1, t2, b), 3) / FRAMES for b in BATCHES}
    best = min(there, key=there.__getitem__)
    copy = seconds(lambda: (x1 + x2) * np.float32(0.5)) / FRAMES
    macs = VECTOR_LENGTH * CHANNELS * KERNEL * 3
    print(
        f"inference, GaitMOS   {here * 1e6:8.1f} µs a frame, {macs / here / 1e9:.1f} billion multiply-adds a second"
    )
    print(
        "inference, PyTorch   " + ", ".join(f"{t * 1e6:.0f} µs in batches of {b}" for b, t in there.items())
    )
    print(f"ratio                {there[best] / here:8.1f}   (results differ by {agree:.2g} px at most)")
    print(f"limit: adding the two inputs and halving the sum takes {copy * 1e6:.1f} µs a frame")

    here = seconds(lambda: trained_here(weights, own, noise, 1)) / FRAMES
    there = {b: seconds(lambda b=b: trained(Written(weights), t1, t2, b), 3) / FRAMES for b in BATCHES}
    best = min(there, key=there.__getitem__)
    print(f"training, GaitMOS    {here * 1e6:8.1f} µs a frame, one frame a step")
    print(
        "training, PyTorch    " + ", ".join(f"{t * 1e6:.0f} µs in batches of {b}" for b, t in there.items())
    )
    print(f"ratio                {there[best] / here:8.1f}")


if __name__ == "__main__":
    main()
