"""The recognizer of Zheng et al. (ICIP 2011): GEI, PLS by view angle, view transformation, L1.

"Robust view transformation model for gait recognition". A gait energy image is projected by the PLS of
its view angle (`pls`), a probe's features are carried into the gallery's view angle (`vtm`), and the nearest
gallery gait by the sum of absolute differences gives the name. The seed paper reports
"89 % at best" for it; no number of the primary text is claimed here.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from anonymizer.gait import plain_arrays
from recognition.identify import gei, pls, vtm
from recognition.identify.cityblock import cityblock
from recognition.identify.gaits import Inputs, some_of
from recognition.identify.recognizer import GEIS, features_of

FORMAT = "gaitmos-zheng-1"
PROJECTIONS = ("pls", "joint-pls", "none")
TRANSFORMS = ("vtm", "none")
COLUMNS = ("subject", "sequence")
MOST = 100_000  # components or rank asked for: training gaits cap both far below
LARGEST = 256  # pixels a side: larger images hold no more of a silhouette, and cost memory


@dataclass(frozen=True)
class Parameters:
    """How the recognizer is built; the defaults are the paper's reading, the rest are ablations."""

    size: tuple[int, int] = gei.SIZE  # of the gait energy images: height, width in pixels
    projection: str = "pls"  # by view angle; joint-pls: one for all view angles; none: the pixels themselves
    components: int = pls.COMPONENTS  # PLS components, capped at training gaits of the view angle - 1
    transform: str = "vtm"  # none: features of different view angles are compared as they are
    columns: str = "subject"  # of what is factorised: each subject's mean, or each of the sequences by itself
    rank: int | None = None  # singular values kept by the view transformation; None: all
    ridge: float = vtm.RIDGE  # of its guarded inverse, relative to the mean squared singular value
    robust: bool = False  # robust PCA before the factorisation

    def __post_init__(self) -> None:
        if self.projection not in PROJECTIONS:
            raise ValueError(f"Projection {self.projection!r} is unknown. Use {', '.join(PROJECTIONS)}.")
        if self.transform not in TRANSFORMS:
            raise ValueError(f"Transform {self.transform!r} is unknown. Use {', '.join(TRANSFORMS)}.")
        if self.columns not in COLUMNS:
            raise ValueError(f"Columns {self.columns!r} are unknown. Use {', '.join(COLUMNS)}.")
        if len(self.size) != 2 or min(self.size) < 1:
            raise ValueError(f"Size {self.size} is no height and width in pixels. Use 64, 48.")
        if max(self.size) > LARGEST:
            raise ValueError(f"Size {self.size} is too large. Use at most {LARGEST} pixels a side.")
        if self.rank is not None and not 1 <= self.rank <= MOST:
            raise ValueError(f"The view transformation's rank must be from 1 to {MOST}, not {self.rank}.")
        if not (math.isfinite(self.ridge) and self.ridge >= 0):
            raise ValueError(f"The view transformation's ridge must be 0 or more, not {self.ridge}.")
        if not 1 <= self.components <= MOST:
            raise ValueError(f"PLS takes from 1 to {MOST} components, not {self.components}.")


@dataclass
class Zheng:
    """A recognizer (`recognition.identify.recognizer`); train it with `fit` before anything else."""

    settings: Parameters = Parameters()
    projections: dict[int, pls.Projection] = field(default_factory=dict)
    transformation: vtm.ViewTransformation | None = None
    view_angles: tuple[int, ...] = ()
    name: str = "zheng"
    reads: str = GEIS

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.settings.size
        return height, width

    def untrained(self) -> "Zheng":
        return Zheng(self.settings)

    @property
    def parameters(self) -> Mapping[str, Any]:
        return asdict(self.settings) | {"size": list(self.settings.size)}

    def fit(
        self,
        inputs: Inputs,  # gait energy images (gaits, height, width)
        subjects: NDArray[np.str_],  # (gaits,)
        view_angles: NDArray[np.int64],  # (gaits,)
    ) -> Self:
        """Learn the projections and the view transformation from the gaits of D1."""
        if not len(inputs) == len(subjects) == len(view_angles) or len(inputs) == 0:
            raise ValueError(
                f"Training takes one subject and view angle a gait: {len(inputs)} gaits, "
                f"{len(subjects)} subjects, {len(view_angles)} view angles."
            )
        self.view_angles = tuple(np.unique(view_angles).tolist())
        with threadpool_limits(1, "blas"):  # thousands of small products, where threads only wait
            self.projections = self._fitted_projections(inputs, subjects, view_angles)
            self.transformation = self._fitted_transformation(inputs, subjects, view_angles)
        return self

    def features(self, inputs: NDArray[np.float32], view_angle: int) -> NDArray[np.float32]:
        """(gaits, height, width) images of one view angle -> (gaits, features)."""
        self._check_trained(view_angle)
        pixels = self._pixels(inputs)
        return self.projections[view_angle].project(pixels) if self.projections else pixels

    def distances(
        self,
        probe_features: NDArray[np.float32],  # (probes, features)
        probe_view_angle: int,
        gallery_features: NDArray[np.float32],  # (gallery, features)
        gallery_view_angle: int,
    ) -> NDArray[np.float32]:
        """(probes, gallery) sums of absolute differences in the gallery's view angle."""
        for view_angle in (probe_view_angle, gallery_view_angle):
            self._check_trained(view_angle)
        if self.transformation is not None:
            probe_features = self.transformation.transform(
                probe_features, probe_view_angle, gallery_view_angle
            )
        return cityblock(probe_features, gallery_features)

    def _pixels(self, geis: NDArray[np.float32]) -> NDArray[np.float32]:  # (gaits, height · width)
        if geis.shape[1:] != tuple(self.settings.size):
            raise ValueError(
                f"This recognizer takes images of {self.settings.size}, not an array of shape {geis.shape}."
            )
        return np.asarray(geis, np.float32).reshape(len(geis), -1)

    def _check_trained(self, view_angle: int) -> None:
        if not self.view_angles:
            raise ValueError("The recognizer is not trained yet. Call fit first.")
        if view_angle not in self.view_angles:
            known = ", ".join(map(str, self.view_angles))
            raise ValueError(
                f"The recognizer knows no view angle {view_angle}; it was trained on {known}. Train one on "
                "subjects who were seen at it, or leave it out."
            )

    def _fitted_projections(
        self, inputs: Inputs, subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
    ) -> dict[int, pls.Projection]:
        if self.settings.projection == "none":
            return {}
        if self.settings.projection == "joint-pls":
            pixels = self._pixels(inputs[np.arange(len(inputs))])
            joint = pls.fit(pixels, subjects, self.settings.components)
            return dict.fromkeys(self.view_angles, joint)
        return self._equally_wide(inputs, subjects, view_angles)

    def _equally_wide(
        self, inputs: Inputs, subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
    ) -> dict[int, pls.Projection]:
        """One PLS a view angle, all with the components that the poorest view angle allows."""
        poorest = min(int(np.count_nonzero(view_angles == v)) for v in self.view_angles)
        components = max(1, min(self.settings.components, poorest - 1))
        projections = {}
        for v in self.view_angles:
            at = np.flatnonzero(view_angles == v)  # one view angle in memory at a time
            try:
                projections[v] = pls.fit(self._pixels(inputs[at]), subjects[at], components)
            except ValueError as error:
                raise ValueError(f"View angle {v}: {error}") from error
        return projections

    def _fitted_transformation(
        self, inputs: Inputs, subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
    ) -> vtm.ViewTransformation | None:
        if self.settings.transform == "none":
            return None
        order = [np.flatnonzero(view_angles == v) for v in self.view_angles]
        seen = [
            features_of(self, some_of(inputs, rows), v)
            for rows, v in zip(order, self.view_angles, strict=True)
        ]
        features, rows = np.concatenate(seen), np.concatenate(order)
        s = self.settings
        return vtm.fit(
            features, subjects[rows], view_angles[rows],
            rank=s.rank, ridge=s.ridge, robust=s.robust, by_sequence=s.columns == "sequence",
        )  # fmt: skip

    def save(self, file: BinaryIO) -> None:
        """Write a compressed .npz without pickles, read by `load`."""
        self._check_trained(self.view_angles[0] if self.view_angles else 0)
        header = {"format": FORMAT, "parameters": self.parameters, "view_angles": self.view_angles}
        arrays = {"header": np.array(json.dumps(header))}
        for v, projection in self.projections.items():
            arrays |= {f"mean_{v}": projection.mean, f"rotations_{v}": projection.rotations}
        if self.transformation is not None:
            arrays |= {f"projection_{v}": p for v, p in self.transformation.projections.items()}
            arrays |= {f"inverse_{v}": p for v, p in self.transformation.inverses.items()}
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def checked(given: Mapping[str, Any]) -> Parameters:
    """Parameters as JSON holds them, and the defaults; ValueError for what is unknown or out of range."""
    size = {"size": tuple(given["size"])} if "size" in given else {}
    try:
        return Parameters(**{**given, **size})
    except TypeError as error:
        raise ValueError(str(error)) from error


def made(given: Mapping[str, Any]) -> Zheng:
    """An untrained one; ValueError as `checked`."""
    return Zheng(checked(given))


def load(file: BinaryIO) -> Zheng:
    """Read what `Zheng.save` wrote; ValueError where it is something else or damaged."""
    try:
        arrays = plain_arrays.read(file)
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}, where {FORMAT} is needed")
        return _assembled(header, arrays)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"This file does not hold a trained recognizer: {error}") from error


def _assembled(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Zheng:
    settings = Parameters(**header["parameters"] | {"size": tuple(header["parameters"]["size"])})
    view_angles = tuple(int(v) for v in header["view_angles"])
    if not view_angles:
        raise ValueError("it is not trained")
    pixels = settings.size[0] * settings.size[1]
    projections: dict[int, pls.Projection] = {}
    if settings.projection != "none":
        width = arrays[f"rotations_{view_angles[0]}"].shape[-1]
        for v in view_angles:
            mean = _checked(arrays, f"mean_{v}", (pixels,))
            projections[v] = pls.Projection(mean, _checked(arrays, f"rotations_{v}", (pixels, width)))
    else:
        width = pixels
    transformation = None
    if settings.transform == "vtm":
        rank = arrays[f"projection_{view_angles[0]}"].shape[-1]
        transformation = vtm.ViewTransformation(
            {v: _checked(arrays, f"projection_{v}", (width, rank)) for v in view_angles},
            {v: _checked(arrays, f"inverse_{v}", (rank, width)) for v in view_angles},
        )
    return Zheng(settings, projections, transformation, view_angles)


def _checked(arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = arrays[name]
    if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
        raise ValueError(f"{name} is not {shape} finite numbers")
    return array
