"""Training the contour modification network: plain stochastic gradient descent on equation 5 of the paper.

`train` yields a checkpoint after every epoch, so that a caller can show the loss curve, stop when told to,
keep what it has and go on later: an interrupted training that is resumed ends with the very same weights.

About a quarter of random beginnings are dead: the output ReLU is zero everywhere, so is its gradient, and no
training wakes it. Such a beginning is found, replaced by another seed and recorded in the checkpoint.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from anonymizer.gait import network_loops
from anonymizer.gait.contours import CROP_SIDE, Vectors
from anonymizer.gait.network import Weights, checked_vectors, chosen_device, initial_weights
from anonymizer.gait.network_loops import AllSums, Arrays

_MOST_STARTS = 50
_PROBE_FRAMES = 64  # enough to see whether any output lives


class TrainingDivergedError(ValueError):
    """The loss or the weights are no longer numbers."""


@dataclass(frozen=True)
class Settings:
    """How to train. The paper says 100 epochs of stochastic gradient descent; the rest is what works."""

    epochs: int = 100  # counted from the very first, also when resumed
    learning_rate: float = 0.04
    batch: int = 1  # frames a step; more suit a GPU and need more epochs
    seed: int = 0
    branches: int = 1  # 2: a first layer for each input
    device: str = "auto"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ValueError(f"learning_rate must be above 0, not {self.learning_rate}")
        if self.epochs < 1 or self.batch < 1:
            raise ValueError(f"epochs and batch must be at least 1, not {self.epochs} and {self.batch}")


@dataclass(frozen=True)
class Checkpoint:
    """A network as it stands after some epochs, with all that is needed to use it and to train it on."""

    method: str
    parameters: Mapping[str, Any]  # the method's, which the weights depend on
    weights: Weights
    epoch: int = 0
    losses: tuple[float, ...] = ()  # mean loss of each epoch, square pixels of the crop
    dead_starts: tuple[int, ...] = ()  # seeds whose weights were or fell dead
    training: Mapping[str, float] = field(default_factory=dict)  # the settings that shaped it
    device: str = "auto"  # where to run it; not stored


@dataclass(frozen=True)
class Step:
    """What one batch says: gradients like `Weights.arrays`, the mean loss, and how many outputs are not
    zero.
    """

    gradients: Arrays
    loss: float  # square of crop sides, as the network sees coordinates
    living: int


def train(
    x1: Vectors,
    x2: Vectors,
    *,
    method: str,
    parameters: Mapping[str, Any],
    settings: Settings | None = None,
    resume: Checkpoint | None = None,
) -> Iterator[Checkpoint]:
    """Yield a checkpoint after each epoch.

    `x1`, `x2` are (frames, 4000): originals and their noise in crop pixels; `parameters["alpha"]` is the
    loss's α. Raises ValueError for vectors, settings or a checkpoint that don't fit;
    TrainingDivergedError on NaN.
    """
    settings = settings or Settings()
    x1, x2 = (each / np.float32(CROP_SIDE) for each in checked_vectors(x1, x2))
    if len(x1) == 0:
        raise ValueError("there are no frames to train on")
    if resume is None:
        state = _started(x1, x2, method, parameters, settings, ())
    else:
        state = _resumed(resume, method, parameters, settings)
    while state.epoch < settings.epochs:
        trained = _one_epoch(state, x1, x2, settings)
        if trained is None:
            died = _start_seed(settings.seed, len(state.dead_starts))
            state = _started(x1, x2, method, parameters, settings, (*state.dead_starts, died))
        else:
            state = trained
            yield state


def _resumed(
    checkpoint: Checkpoint, method: str, parameters: Mapping[str, Any], settings: Settings
) -> Checkpoint:
    """The checkpoint, or ValueError where going on would not give what an unbroken training gives."""
    wanted = {"method": method, **parameters, **_recorded(settings)}
    found = {"method": checkpoint.method, **checkpoint.parameters, **checkpoint.training}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise ValueError(
                f"the checkpoint was trained with {name} = {found.get(name)!r} and can't be trained on with "
                f"{wanted.get(name)!r}"
            )
    return replace(checkpoint, device=settings.device)


def _recorded(settings: Settings) -> dict[str, float]:
    names = ("seed", "learning_rate", "batch", "branches")
    return {name: getattr(settings, name) for name in names}


def _started(
    x1: Vectors,
    x2: Vectors,
    method: str,
    parameters: Mapping[str, Any],
    settings: Settings,
    dead_starts: tuple[int, ...],
) -> Checkpoint:
    """Epoch 0, with the first living weights of the seeds that come after those known to be dead."""
    for start in range(len(dead_starts), _MOST_STARTS):
        own_seed = _start_seed(settings.seed, start)
        weights = initial_weights(own_seed, settings.branches)
        if not is_dead(weights, x1[:_PROBE_FRAMES], x2[:_PROBE_FRAMES], settings.device):
            fresh = Checkpoint(method, dict(parameters), weights, dead_starts=dead_starts)
            return replace(fresh, training=_recorded(settings), device=settings.device)
        dead_starts = (*dead_starts, own_seed)
    raise ValueError(f"{_MOST_STARTS} beginnings were dead: check the contour vectors or the learning rate")


def _start_seed(seed: int, start: int) -> int:
    return int(np.random.SeedSequence([seed, start]).generate_state(1)[0])


def is_dead(weights: Weights, x1: Vectors, x2: Vectors, device: str = "auto") -> bool:
    """Whether the output is zero everywhere or nothing would change it, for coordinates divided by 240."""
    step = gradients(weights.arrays(), x1, x2, 1.0, device)
    return step.living == 0 or not any(np.any(each) for each in step.gradients)


def _one_epoch(state: Checkpoint, x1: Vectors, x2: Vectors, settings: Settings) -> Checkpoint | None:
    """All frames once, in an order that follows from seed and epoch; None where the network died on the
    way.
    """
    order = np.random.default_rng([settings.seed, state.epoch]).permutation(len(x1))
    rate, alpha = np.float32(settings.learning_rate), float(state.parameters["alpha"])
    arrays, total, living = state.weights.arrays(), 0.0, 0
    for start in range(0, len(order), settings.batch):
        frames = order[start : start + settings.batch]
        step = gradients(arrays, x1[frames], x2[frames], alpha, settings.device)
        if not np.isfinite(step.loss):
            raise TrainingDivergedError(_diverged(state.epoch + 1, settings.learning_rate))
        arrays = cast(Arrays, tuple(a - rate * g for a, g in zip(arrays, step.gradients, strict=True)))
        total, living = total + step.loss * len(frames), step.living
    if not all(np.isfinite(each).all() for each in arrays):
        raise TrainingDivergedError(_diverged(state.epoch + 1, settings.learning_rate))
    if living == 0:
        return None
    losses = (*state.losses, total / len(order) * CROP_SIDE**2)
    return replace(state, weights=Weights(*arrays), epoch=state.epoch + 1, losses=losses)


def _diverged(epoch: int, learning_rate: float) -> str:
    return f"the loss is not a number in epoch {epoch}; lower the learning rate (it is {learning_rate:g})"


def gradients(arrays: Arrays, x1: Vectors, x2: Vectors, alpha: float, device: str = "auto") -> Step:
    """Gradients of the mean loss over a batch (frames, 4000) of coordinates that were divided by 240."""
    if chosen_device(device) == "cuda":
        from anonymizer.gait import network_on_torch

        return network_on_torch.gradients(arrays, x1, x2, alpha, "cuda")
    sums = cast(AllSums, tuple(np.zeros(each.shape) for each in arrays))
    total, living = network_loops.add_gradients(arrays, x1, x2, np.float32(alpha), sums)
    means = cast(Arrays, tuple((each / len(x1)).astype(np.float32) for each in sums))
    return Step(means, total / len(x1), living)
