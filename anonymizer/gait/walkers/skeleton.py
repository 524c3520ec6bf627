"""The 26 rigid segments of a walker, how they hang together, and where each one goes while walking.

Axes, as everywhere in this package: x = the walker's left, y = backward (walking goes along -y), z = up;
metres. A segment's posed rotation is R @ A: A takes the rest pose to the canonical one (standing, facing -y,
arms and legs hanging straight, feet pointing ahead), R is what `gait_kinematics.json` gives, relative to
canonical.
"""

import itertools
import math

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# (name, parent, bone of the body model whose head is the segment's joint). The first 22 are the kinematic
# model's, in its order; shoulders follow clavicle and upper arm; what hangs from a hand stays upright.
_TREE = (
    ("pelvis", "", "root"),
    ("lowerback", "pelvis", "spine05"),
    ("spine", "lowerback", "spine03"),
    ("chest", "spine", "spine02"),
    ("neck", "chest", "neck01"),
    ("head", "neck", "head"),
    ("clavicle.L", "chest", "clavicle.L"),
    ("upperarm.L", "shoulder.L", "upperarm01.L"),
    ("forearm.L", "upperarm.L", "lowerarm01.L"),
    ("hand.L", "forearm.L", "wrist.L"),
    ("clavicle.R", "chest", "clavicle.R"),
    ("upperarm.R", "shoulder.R", "upperarm01.R"),
    ("forearm.R", "upperarm.R", "lowerarm01.R"),
    ("hand.R", "forearm.R", "wrist.R"),
    ("thigh.L", "pelvis", "upperleg01.L"),
    ("shank.L", "thigh.L", "lowerleg01.L"),
    ("foot.L", "shank.L", "foot.L"),
    ("toe.L", "foot.L", "toe3-1.L"),
    ("thigh.R", "pelvis", "upperleg01.R"),
    ("shank.R", "thigh.R", "lowerleg01.R"),
    ("foot.R", "shank.R", "foot.R"),
    ("toe.R", "foot.R", "toe3-1.R"),
    ("shoulder.L", "clavicle.L", "shoulder01.L"),
    ("shoulder.R", "clavicle.R", "shoulder01.R"),
    ("hanging.L", "hand.L", "finger3-1.L"),
    ("hanging.R", "hand.R", "finger3-1.R"),
)
SEGMENTS = tuple(name for name, _, _ in _TREE)
JOINT_BONES = tuple(bone for _, _, bone in _TREE)
SEGMENT = {name: index for index, name in enumerate(SEGMENTS)}
DRIVEN = 22  # segments whose rotation the kinematic model gives

_PARENTS = np.array([SEGMENT.get(parent, -1) for _, parent, _ in _TREE], np.int64)
_SHOULDER_SHARE = 0.4  # of the way from the clavicle's to the upper arm's orientation


def _parents_first() -> NDArray[np.int64]:
    order: list[int] = []
    while len(order) < len(_TREE):
        order += [
            index
            for index, parent in enumerate(_PARENTS)
            if index not in order and (parent < 0 or parent in order)
        ]
    return np.array(order, np.int64)


_ORDER = _parents_first()


def between_vectors(source: Floats, target: Floats) -> Floats:
    """The smallest rotation (3, 3) that turns the direction of `source` into that of `target`."""
    a = source / np.linalg.norm(source)
    b = target / np.linalg.norm(target)
    axis = np.array(  # np.cross takes ten times as long
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], a.dtype
    )
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        return np.eye(3, dtype=np.float32)
    angle = math.atan2(sine, float((a * b).sum()))
    turned: Floats = rotation_matrices((axis / sine * angle).astype(np.float32)[None])[0]
    return turned


def alignments(joints: Floats) -> Floats:
    """A of every segment, (26, 3, 3), from the joints at rest (26, 3)."""
    down = np.array([0, 0, -1], np.float32)
    aligned = np.tile(np.eye(3, dtype=np.float32), (len(SEGMENTS), 1, 1))
    for side in "LR":
        for chain in (("thigh", "shank", "foot"), ("upperarm", "forearm", "hand", "hanging")):
            above = np.eye(3, dtype=np.float32)
            for upper, lower in itertools.pairwise(chain):
                bone = joints[SEGMENT[f"{lower}.{side}"]] - joints[SEGMENT[f"{upper}.{side}"]]
                above = _product(between_vectors(_product(above, bone[:, None])[:, 0], down), above)
                aligned[SEGMENT[f"{upper}.{side}"]] = above
        foot = joints[SEGMENT[f"toe.{side}"]] - joints[SEGMENT[f"foot.{side}"]]
        foot[2] = 0
        ahead = between_vectors(foot, np.array([0, -1, 0], np.float32))
        aligned[[SEGMENT[f"foot.{side}"], SEGMENT[f"toe.{side}"]]] = ahead
    return aligned


@numba.njit(cache=True)
def _product(a, b):  # type: ignore[no-untyped-def]
    """a @ b without a linear algebra library, whose result may depend on its number of threads."""
    out = np.zeros((a.shape[0], b.shape[1]), np.float32)
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


@numba.njit(cache=True)
def _rotation(x, y, z, out):  # type: ignore[no-untyped-def]
    """Rodrigues' formula: rotation vector (radians) to matrix."""
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < 1e-8:
        s, c = 1.0, 0.5
    else:
        s, c = math.sin(angle) / angle, (1 - math.cos(angle)) / (angle * angle)
    square = x * x + y * y + z * z
    out[0, 0], out[1, 1], out[2, 2] = (
        1 - c * (square - x * x),
        1 - c * (square - y * y),
        1 - c * (square - z * z),
    )
    out[0, 1], out[1, 0] = c * x * y - s * z, c * x * y + s * z
    out[0, 2], out[2, 0] = c * x * z + s * y, c * x * z - s * y
    out[1, 2], out[2, 1] = c * y * z - s * x, c * y * z + s * x


@numba.njit(cache=True)
def rotation_matrices(vectors: Floats) -> Floats:
    """Rotation vectors (n, 3), radians, as matrices (n, 3, 3)."""
    out = np.empty((len(vectors), 3, 3), np.float32)
    for i in range(len(vectors)):
        _rotation(vectors[i, 0], vectors[i, 1], vectors[i, 2], out[i])
    return out


@numba.njit(cache=True)
def _slerp(a, b, share):  # type: ignore[no-untyped-def]
    """The rotation `share` of the way from a to b."""
    step = _product(a.T, b)
    cosine = min(1.0, max(-1.0, (step[0, 0] + step[1, 1] + step[2, 2] - 1) / 2))
    angle = math.acos(cosine)
    scale = share * (0.5 if angle < 1e-6 else angle / (2 * math.sin(angle)))
    part = np.empty((3, 3), np.float32)
    _rotation(
        scale * (step[2, 1] - step[1, 2]),
        scale * (step[0, 2] - step[2, 0]),
        scale * (step[1, 0] - step[0, 1]),
        part,
    )
    return _product(a, part)


@numba.njit(cache=True)
def _transforms(rotations, aligned, joints, parents, order):  # type: ignore[no-untyped-def]
    times, segments = len(rotations), len(aligned)
    out = np.zeros((times, segments, 3, 4), np.float32)
    for t in range(times):
        turned = np.zeros((segments, 3, 3), np.float32)
        for s in range(rotations.shape[1]):
            turned[s] = _product(rotations[t, s], aligned[s])
        turned[22] = _slerp(turned[6], turned[7], _SHOULDER_SHARE)
        turned[23] = _slerp(turned[10], turned[11], _SHOULDER_SHARE)
        turned[24] = turned[25] = np.eye(3, dtype=np.float32)
        for s in order:
            p = parents[s]
            out[t, s, :, :3] = turned[s]
            for i in range(3):
                place = joints[s, i]
                if p >= 0:
                    place = out[t, p, i, 3]
                    for j in range(3):
                        place += turned[p, i, j] * joints[s, j]
                out[t, s, i, 3] = place
            # Kept as "apply to a point at rest": posed = turned @ (point - joint) + place.
            for i in range(3):
                for j in range(3):
                    out[t, s, i, 3] -= turned[s, i, j] * joints[s, j]
    return out


def segment_transforms(rotations: Floats, joints: Floats, aligned: Floats | None = None) -> Floats:
    """Where points at rest go: (times, 26, 3, 4) from R of the driven segments (times, 22, 3, 3) and the
    joints at rest (26, 3). The pelvis's joint stays where it is at rest: root motion is `footing`'s.
    `aligned` is what `alignments` gave for the joints, where it is known."""
    aligned = alignments(joints) if aligned is None else aligned
    placed: Floats = _transforms(rotations, aligned, joints, _PARENTS, _ORDER)
    return placed


@numba.njit(cache=True)
def skin(points: Floats, segments: NDArray[np.uint8], weights: Floats, transforms: Floats) -> Floats:
    """Linear blend skinning: points at rest (n, 3), each with k segments and weights (n, k) that sum to one,
    to (times, n, 3)."""
    times, count = len(transforms), len(points)
    out = np.zeros((times, count, 3), np.float32)
    for t in range(times):
        for v in range(count):
            x, y, z = points[v]
            for k in range(segments.shape[1]):
                w = weights[v, k]
                if w == 0:
                    continue
                m = transforms[t, segments[v, k]]
                for i in range(3):
                    out[t, v, i] += w * (m[i, 0] * x + m[i, 1] * y + m[i, 2] * z + m[i, 3])
    return out
