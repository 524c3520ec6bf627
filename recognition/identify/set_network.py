"""A recognizer of another family: a small network that looks at a walk as a set of silhouettes.

After the idea of GaitSet (Chao et al., AAAI 2019): features of every frame by convolution, their maximum over the
set, so that order and number of frames don't matter; the rows of that map pooled in horizontal strips, coarse to
fine; a linear map a strip; trained so that in every strip two walks of one subject lie nearer than walks of two
subjects, by a margin (triplets over a batch). It sees all view angles in training and has no separate view
transformation. It is far smaller than the published network, so that it trains on two cores; no figure of the
paper is claimed for it. Training and use need no more memory than the training walks as small packed frames.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, BinaryIO, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from torch import Tensor, nn

from anonymizer.gait import bodies, plain_arrays
from anonymizer.gait.network import chosen_device
from recognition.identify import gei
from recognition.identify.gaits import Inputs
from recognition.identify.set_network_settings import NAME, Parameters, checked

FORMAT = "gaitmos-set-network-1"
STEPS_TOLD = 10  # training steps between two words on how far it is
_READ_AT_ONCE = 32  # walks


class _Network(nn.Module):
    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        first, second, third = parameters.channels
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, first, 5, padding=2), nn.LeakyReLU(), nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1), nn.LeakyReLU(), nn.MaxPool2d((2, 1)),
            nn.Conv2d(second, third, 3, padding=1), nn.LeakyReLU(),
        )  # fmt: skip
        self.strips = parameters.strips
        weights = torch.empty(sum(parameters.strips), third, parameters.strip_features)
        self.maps = nn.Parameter(nn.init.xavier_uniform_(weights))

    def forward(self, frames: Tensor) -> Tensor:
        """(walks, frames, height, width) -> (walks, strips, features of a strip)."""
        walks, count, height, width = frames.shape
        seen = self.convolutions(frames.reshape(walks * count, 1, height, width))
        over_set = seen.reshape(walks, count, *seen.shape[1:]).amax(dim=1)  # (walks, channels, rows, columns)
        pooled = torch.cat([_pooled(over_set, strips) for strips in self.strips], dim=2)
        return torch.einsum("wcs,scf->wsf", pooled, self.maps)


def _pooled(over_set: Tensor, strips: int) -> Tensor:
    """(walks, channels, strips): mean plus maximum of each horizontal strip."""
    cut = over_set.reshape(*over_set.shape[:2], strips, -1)
    return cut.mean(dim=3) + cut.amax(dim=3)


def triplet_loss(features: Tensor, subjects: Tensor, margin: float) -> Tensor:
    """Mean over strips of the mean over all triplets that still violate the margin; 0 where none does.

    `features` (walks, strips, features), `subjects` (walks,).
    """
    by_strip = features.transpose(0, 1)
    distances = torch.cdist(by_strip, by_strip)  # (strips, walks, walks)
    same = subjects[:, None] == subjects[None]
    pairs = same & ~torch.eye(len(subjects), dtype=torch.bool, device=features.device)
    excess = margin + distances[:, :, :, None] - distances[:, :, None, :]  # anchor, positive, negative
    counted = (pairs[:, :, None] & ~same[:, None, :])[None] & (excess > 0)
    violations = counted.sum(dim=(1, 2, 3)).clamp(min=1)
    return ((excess * counted).sum(dim=(1, 2, 3)) / violations).mean()


class SetNetwork:
    """A recognizer (`recognition.identify.recognizer`) that reads packed silhouettes."""

    name = NAME
    reads = "silhouettes"
    size = gei.SIZE  # of the gait energy images that attackers use beside it

    def __init__(self, settings: Parameters | None = None, device: str = "cpu") -> None:
        self.settings = settings or Parameters()
        self.device = torch.device(chosen_device(device))
        self.losses: list[float] = []  # one a training step
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed)
            self.network = _Network(self.settings).to(self.device)
        self._optimizer = torch.optim.Adam(self.network.parameters(), lr=self.settings.learning_rate)

    @property
    def parameters(self) -> Mapping[str, Any]:
        told = asdict(self.settings)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}

    def untrained(self) -> "SetNetwork":
        return SetNetwork(self.settings, str(self.device))

    # --- Training ---------------------------------------------------------------------------------
    def fit(self, inputs: Inputs, subjects: NDArray[np.str_], view_angles: NDArray[np.int64]) -> Self:
        """Learn from packed silhouettes of (gaits,); ValueError where they don't suffice."""
        for _ in self.learn(inputs, subjects, view_angles):
            pass
        return self

    def learn(
        self, inputs: Inputs, subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
    ) -> Iterator[tuple[int, int]]:
        """As `fit`, some steps at a time: yields (steps done, steps in all), also right at the beginning.

        Goes on where `resume` put it. The draws depend on the seed and the step alone.
        """
        del view_angles  # it learns to look through them
        walks, people = self._small_walks(inputs), _people(subjects)
        done = len(self.losses)
        yield done, self.settings.steps
        self.network.train()
        for step in range(done, self.settings.steps):
            self._step(step, walks, people)
            if (step + 1) % STEPS_TOLD == 0 or step + 1 == self.settings.steps:
                yield step + 1, self.settings.steps

    def _small_walks(self, inputs: Inputs) -> list[NDArray[np.uint8]]:
        """Each walk as packed bits of small frames, (frames, bytes)."""
        walks = []
        for start in range(0, len(inputs), _READ_AT_ONCE):
            for data in inputs[np.arange(start, min(start + _READ_AT_ONCE, len(inputs)))]:
                small = self._small(data)
                walks.append(np.packbits(small.reshape(len(small), -1), axis=1))
        return walks

    def _small(self, data: bytes) -> NDArray[np.bool_]:
        """(frames, height, width) without blank frames; one blank frame where nothing is shown."""
        frames = bodies.of_packed(data, *self.settings.frame)
        shown = frames.boxes[:, 2] > 0
        return frames.scaled[shown] if shown.any() else frames.scaled[:1]

    def _step(self, step: int, walks: list[NDArray[np.uint8]], people: list[NDArray[np.intp]]) -> None:
        rng = np.random.default_rng([self.settings.seed, step])
        who = rng.choice(len(people), min(self.settings.subjects, len(people)), replace=False)
        rows = [
            rng.choice(people[w], self.settings.gaits, replace=len(people[w]) < self.settings.gaits)
            for w in who
        ]
        frames = np.stack([self._drawn(walks[row], rng) for row in np.concatenate(rows)])
        labels = torch.tensor(np.repeat(np.arange(len(who)), self.settings.gaits), device=self.device)
        loss = triplet_loss(self.network(self._tensor(frames)), labels, self.settings.margin)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self.losses.append(float(loss.detach()))
        if not np.isfinite(self.losses[-1]):
            raise ValueError("Training ran away: the loss is no number. Use a smaller learning rate.")

    def _drawn(self, walk: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
        """(frames, height, width) of one walk, drawn for one training step."""
        height, width = self.settings.frame
        chosen = rng.choice(len(walk), self.settings.frames, replace=len(walk) < self.settings.frames)
        bits = np.unpackbits(walk[chosen], axis=1, count=height * width)
        return bits.reshape(len(chosen), height, width).astype(np.bool_)

    def _tensor(self, frames: NDArray[np.bool_]) -> Tensor:
        return torch.from_numpy(frames.astype(np.float32)).to(self.device)

    # --- Use --------------------------------------------------------------------------------------
    @torch.no_grad()
    def features(self, inputs: Any, view_angle: int) -> NDArray[np.float32]:
        """Packed silhouettes -> (gaits, strips · features of a strip)."""
        del view_angle  # the network looks through it
        self._check_trained()
        self.network.eval()
        found = [self.network(self._tensor(self._small(data)[None])).flatten() for data in inputs]
        width = sum(self.settings.strips) * self.settings.strip_features
        features = torch.stack(found).cpu().numpy() if found else np.empty((0, width), np.float32)
        return np.asarray(features, np.float32)

    def distances(
        self,
        probe_features: NDArray[np.float32],
        probe_view_angle: int,
        gallery_features: NDArray[np.float32],
        gallery_view_angle: int,
    ) -> NDArray[np.float32]:
        """(probes, gallery): Euclidean distances, summed over the strips."""
        wide = self.settings.strip_features
        total = np.zeros((len(probe_features), len(gallery_features)))
        for start in range(0, probe_features.shape[1], wide):
            strip = slice(start, start + wide)
            total += cdist(probe_features[:, strip], gallery_features[:, strip])
        return np.asarray(total, np.float32)

    def _check_trained(self) -> None:
        if len(self.losses) < self.settings.steps:
            raise ValueError("The recognizer is not trained yet. Call fit first.")

    # --- Files ------------------------------------------------------------------------------------
    def save(self, file: BinaryIO) -> None:
        """Write a .npz without pickles, read by `load`."""
        self._check_trained()
        self._write(file, self.network.state_dict())

    def kept(self) -> bytes:
        """All that `resume` needs to go on with an unfinished training."""
        moments = {
            f"{slot}.{number}": value
            for number, state in self._optimizer.state_dict()["state"].items()
            for slot, value in state.items()
        }
        file = io.BytesIO()
        self._write(
            file, {**self.network.state_dict(), **{f"adam.{key}": value for key, value in moments.items()}}
        )
        return file.getvalue()

    def resume(self, kept: bytes) -> None:
        """Go on where `kept` was written; ValueError where it is of another network."""
        header, arrays = _read(io.BytesIO(kept))
        if header["parameters"] != self.parameters:
            raise ValueError("The unfinished training is of a network with other parameters.")
        self._take(arrays)
        self.losses = arrays["losses"].tolist()
        optimizer = self._optimizer.state_dict()
        for key in (name for name in arrays if name.startswith("adam.")):
            _, slot, number = key.split(".")
            optimizer["state"].setdefault(int(number), {})[slot] = torch.from_numpy(arrays[key])
        self._optimizer.load_state_dict(optimizer)

    def _write(self, file: BinaryIO, tensors: Mapping[str, Tensor]) -> None:
        header = json.dumps({"format": FORMAT, "parameters": self.parameters})
        arrays = {name: value.detach().cpu().numpy() for name, value in tensors.items()}
        np.savez(file, header=np.array(header), losses=np.array(self.losses), **arrays)  # type: ignore[arg-type]

    def _take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        wanted = self.network.state_dict()
        for name, tensor in wanted.items():
            found = arrays.get(name)
            if found is None or found.shape != tuple(tensor.shape):
                raise ValueError("its weights don't fit the network")
            if not np.isfinite(found).all():
                raise ValueError("its weights are not all numbers")
        self.network.load_state_dict({name: torch.from_numpy(arrays[name]) for name in wanted})


def _people(subjects: NDArray[np.str_]) -> list[NDArray[np.intp]]:
    """Rows of each subject."""
    people = [np.flatnonzero(subjects == subject) for subject in np.unique(subjects)]
    if len(people) < 2 or max(map(len, people)) < 2:
        raise ValueError(
            "The set network learns to tell subjects apart: it needs the gaits of at least 2 subjects, and several "
            "of one of them."
        )
    return people


def _read(file: BinaryIO) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What `_write` wrote beside the arrays, and the arrays; ValueError where it is something else."""
    arrays = plain_arrays.read(file)
    try:
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}, where {FORMAT} is needed")
    except (LookupError, TypeError) as error:
        raise ValueError("it does not say what network it is") from error
    return header, arrays


def made(given: Mapping[str, Any], device: str = "cpu") -> SetNetwork:
    """An untrained one; ValueError where a parameter is unknown or out of range."""
    return SetNetwork(checked(given), device)


def load(file: BinaryIO, device: str = "cpu") -> SetNetwork:
    """Read what `save` wrote; ValueError where it is something else or damaged."""
    try:
        header, arrays = _read(file)
        trained = made(header["parameters"], device)
        trained._take(arrays)
        trained.losses = arrays["losses"].tolist()
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"This file does not hold a set network: {error}") from error
    return trained
