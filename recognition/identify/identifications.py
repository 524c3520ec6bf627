"""What a recognizer answered: for every probe and gallery view angle, how near every enrolled subject is.

The scores are all that is kept; who was named, the true subject's rank and every rate derive from them.
Ties go to the subject who comes first (by numeric id), so equal scores give equal answers everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait import plain_arrays
from recognition.identify.gaits import GaitKey

NOBODY = -1


class Identification(NamedTuple):
    """One answer that counts."""

    probe: GaitKey
    gallery_view_angle: int
    predicted: str
    true_rank: int
    distance: float


@dataclass(frozen=True, eq=False)
class Identifications:
    """`scores[g, n, s]` = distance from probe n to the nearest gallery gait of subject s at view angle g.

    Infinite where s has no gallery gait at g. `tried[g, n]` is false where the attacker did not answer at all,
    such as at view angles that it left out: nothing is said about these.
    """

    probes: tuple[GaitKey, ...]
    view_angles: tuple[int, ...]  # of gallery and probes, ascending: both axes of every matrix of rates
    subjects: tuple[str, ...]  # enrolled, by numeric id
    scores: NDArray[np.float32]  # (view angles, probes, subjects)
    tried: NDArray[np.bool_] = field(default_factory=lambda: np.ones((), np.bool_))  # (view angles, probes)

    def __post_init__(self) -> None:
        expected = (len(self.view_angles), len(self.probes), len(self.subjects))
        if self.scores.shape != expected:
            raise ValueError(f"Scores have shape {self.scores.shape}, where {expected} is needed.")
        object.__setattr__(self, "tried", np.broadcast_to(self.tried, expected[:2]))
        if np.isnan(self.scores).any():
            raise ValueError("The recognizer gave a distance that is no number. Train it again.")
        strangers = {key.view_angle for key in self.probes} - set(self.view_angles)
        if strangers:
            raise ValueError(f"Probes have view angle {min(strangers)}, which the scores do not know.")

    @cached_property
    def true_subject(self) -> NDArray[np.intp]:  # (probes,)
        """Each probe's own column of the scores, NOBODY where the subject is not enrolled at all."""
        column = {subject: i for i, subject in enumerate(self.subjects)}
        return np.array([column.get(key.subject, NOBODY) for key in self.probes], np.intp)

    @cached_property
    def own_distance(self) -> NDArray[np.float32]:  # (view angles, probes)
        own = self.scores[:, np.arange(len(self.probes)), self.true_subject]
        return np.where(self.true_subject == NOBODY, np.float32(np.inf), own)

    @cached_property
    def counted(self) -> NDArray[np.bool_]:  # (view angles, probes)
        """Whether the probe was tried and its subject has a gallery gait at this view angle."""
        return np.isfinite(self.own_distance) & self.tried

    @cached_property
    def predicted(self) -> NDArray[np.intp]:  # (view angles, probes)
        """The named subject's column, NOBODY where the gallery has nobody at this view angle."""
        return np.where(np.isfinite(self.distance), self.scores.argmin(axis=2), NOBODY)

    @cached_property
    def distance(self) -> NDArray[np.float32]:  # (view angles, probes)
        """How far the named subject is; infinite where there is none."""
        nearest: NDArray[np.float32] = self.scores.min(axis=2)
        return nearest

    @cached_property
    def true_rank(self) -> NDArray[np.int64]:  # (view angles, probes)
        """1 where the probe is identified, 2 where one other is nearer, …; 0 where it doesn't count."""
        own = self.own_distance[:, :, None]
        earlier = np.arange(len(self.subjects)) < self.true_subject[:, None]  # (probes, subjects)
        nearer = (self.scores < own) | ((self.scores == own) & earlier)
        return np.where(self.counted, 1 + np.count_nonzero(nearer, axis=2), 0)

    @cached_property
    def identified(self) -> NDArray[np.bool_]:  # (view angles, probes)
        return np.equal(self.true_rank, 1)

    @cached_property
    def probe_view_angle(self) -> NDArray[np.intp]:  # (probes,)
        """Where each probe's view angle stands in `view_angles`."""
        return np.searchsorted(self.view_angles, [key.view_angle for key in self.probes])

    def rows(self) -> Iterator[Identification]:
        """Every answer that counts, a probe at a time."""
        for n, key in enumerate(self.probes):
            for g in np.flatnonzero(self.counted[:, n]).tolist():
                named = self.subjects[self.predicted[g, n]]
                rank, distance = int(self.true_rank[g, n]), float(self.distance[g, n])
                yield Identification(key, self.view_angles[g], named, rank, distance)

    def in_order_of(self, keys: tuple[GaitKey, ...]) -> "Identifications":
        """The same answers with the probes ordered as `keys`; ValueError unless they are the same gaits."""
        if keys == self.probes:
            return self
        position = {key: n for n, key in enumerate(self.probes)}
        strangers = set(keys) ^ set(position)
        if strangers or len(keys) != len(position):
            named = min(strangers, default=keys[0])
            raise ValueError(
                f"Originals and anonymized gaits are not the same probes: {named} is on one side alone."
            )
        order = [position[key] for key in keys]
        return replace(self, probes=keys, scores=self.scores[:, order], tried=self.tried[:, order])

    def among(self, keys: tuple[GaitKey, ...], view_angles: tuple[int, ...]) -> "Identifications":
        """These answers among more probes, of which only those at `view_angles` were tried."""
        angles = tuple(sorted({*self.view_angles, *(key.view_angle for key in keys)}))
        position = {key: n for n, key in enumerate(keys)}
        places = np.array([position[key] for key in self.probes], np.intp)
        scores = np.full((len(angles), len(keys), len(self.subjects)), np.inf, np.float32)
        rows = np.searchsorted(angles, self.view_angles)
        scores[rows[:, None], places] = self.scores
        tried = np.zeros(scores.shape[:2], np.bool_)
        tried[rows[:, None], places] = self.tried
        tried &= np.isin(angles, view_angles)[:, None]
        return Identifications(keys, angles, self.subjects, scores, tried)

    def save(self, file: BinaryIO) -> None:
        """Write a compressed .npz without pickles, read by `load`."""
        subject, condition, number, view_angle = zip(*self.probes, strict=True)
        np.savez_compressed(
            file, scores=self.scores, tried=self.tried,
            view_angles=np.array(self.view_angles), subjects=np.array(self.subjects),
            probe_subject=np.array(subject), probe_condition=np.array(condition),
            probe_number=np.array(number), probe_view_angle=np.array(view_angle),
        )  # fmt: skip


def load(file: BinaryIO) -> Identifications:
    """Read what `save` wrote; ValueError where it is something else."""
    try:
        stored = plain_arrays.read(file)
        keys = zip(
            stored["probe_subject"].tolist(), stored["probe_condition"].tolist(),
            stored["probe_number"].tolist(), stored["probe_view_angle"].tolist(), strict=True,
        )  # fmt: skip
        probes = tuple(GaitKey(*key) for key in keys)
        angles, subjects = stored["view_angles"].tolist(), stored["subjects"].tolist()
        tried = stored.get("tried", np.ones((), np.bool_))  # files of earlier versions have none
        return Identifications(probes, tuple(angles), tuple(subjects), stored["scores"], tried)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"This file does not hold identifications: {error}") from error
