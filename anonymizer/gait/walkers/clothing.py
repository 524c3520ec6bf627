"""What walkers wear and carry: clothes inflate the body along its normals, everything loose (skirts, coats'
hems, bags, long hair) is a convex hull of points that ride on the segments.
"""

from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.walkers.body_space import Body, BodySpace
from anonymizer.gait.walkers.skeleton import SEGMENT, SEGMENTS

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_TORSO = ("pelvis", "lowerback", "spine", "chest", "clavicle.L", "clavicle.R", "shoulder.L", "shoulder.R")


@dataclass(frozen=True)
class Outfit:
    """Thickness of the clothes in metres, and what hangs loose; lengths of hems as a share of the thigh."""

    torso: float
    upper_arm: float
    forearm: float
    thigh: float
    shank: float
    foot: float
    hair: float
    long_hair: float  # 0 none, else how far it hangs, as a share of the upper body
    hem: float  # 0 none
    flare: float  # m at the hem

    def sitting(self, rng: np.random.Generator, share: float) -> "Outfit":
        """The same clothes as they sit another time: thicknesses changed by this share."""
        names = ("torso", "upper_arm", "forearm", "thigh", "shank", "hair")
        change = np.exp(share * rng.standard_normal(len(names)).clip(-2, 2))
        return replace(self, **{n: getattr(self, n) * float(c) for n, c in zip(names, change, strict=True)})


@dataclass(frozen=True)
class Bag:
    """A backpack, or a hand or shoulder bag on one side."""

    kind: str
    side: str
    size: float


@dataclass(frozen=True)
class Figure:
    """A dressed person: the body's last points are not the mesh's but the `hulls`', (n, 2) first and end."""

    body: Body
    hulls: NDArray[np.int32]


def everyday(rng: np.random.Generator, female: bool) -> Outfit:
    """Somebody's own clothes."""
    skirt = female and rng.random() < 0.25
    long_hair = rng.random() < (0.6 if female else 0.04)
    ranges = ((0.004, 0.022), (0.002, 0.014), (0, 0.01), (0.002, 0.016), (0.002, 0.026), (0.004, 0.014))
    torso, upper_arm, forearm, thigh, shank, foot = (rng.uniform(*between) for between in ranges)
    hair, hang = rng.uniform(0.004, 0.03), rng.uniform(0.35, 0.8)
    hem, flare = rng.uniform(0.6, 1.15), rng.uniform(0.01, 0.05)
    return Outfit(
        torso,
        upper_arm,
        forearm,
        thigh,
        shank * (0.3 if skirt else 1),
        foot,
        hair,
        hang if long_hair else 0.0,
        hem if skirt else 0.0,
        flare,
    )


def coat_over(outfit: Outfit, rng: np.random.Generator) -> Outfit:
    """The outfit under a coat that was never seen before."""
    thick = rng.uniform(0.018, 0.05)
    return replace(
        outfit,
        torso=outfit.torso + thick,
        upper_arm=outfit.upper_arm + 0.7 * thick,
        forearm=outfit.forearm + 0.6 * thick,
        thigh=outfit.thigh + 0.6 * thick,
        hem=max(outfit.hem, rng.uniform(0.35, 0.95)),
        flare=rng.uniform(0.01, 0.05),
    )


def some_bag(rng: np.random.Generator) -> Bag:
    """One of the three kinds of bag, on one side."""
    kind = ("backpack", "hand", "shoulder")[int(rng.integers(3))]
    return Bag(kind, "LR"[int(rng.integers(2))], rng.uniform(0.8, 1.15))


def dressed(space: BodySpace, body: Body, outfit: Outfit, bag: Bag | None) -> Figure:
    """The body in its outfit, with the bag if any."""
    normals = _normals(body.points, space.faces)
    points = body.points + normals * _thickness(space, body, outfit)[:, None]
    clothed = replace(body, points=points)
    loose = []
    if outfit.hem > 0:
        loose.append(_skirt(clothed, normals, outfit))
    if outfit.long_hair > 0:
        loose.append(_long_hair(clothed, outfit))
    if bag is not None:
        loose.append(_bag(clothed, bag))
    return _with_loose_parts(clothed, loose)


def _thickness(space: BodySpace, body: Body, outfit: Outfit) -> Floats:
    """Metres of cloth or hair on every point, (points,)."""
    amount = np.zeros(len(SEGMENTS), np.float32)
    amount[[SEGMENT[name] for name in _TORSO]] = outfit.torso
    for part, thick in (
        ("upperarm", outfit.upper_arm),
        ("forearm", outfit.forearm),
        ("thigh", outfit.thigh),
        ("shank", outfit.shank),
        ("foot", outfit.foot),
        ("toe", outfit.foot),
    ):
        amount[[SEGMENT[f"{part}.L"], SEGMENT[f"{part}.R"]]] = thick
    worn: Floats = (amount[body.segments] * body.weights).sum(axis=1) + space.hair * np.float32(outfit.hair)
    return worn


@numba.njit(cache=True)
def _normals(points, faces):  # type: ignore[no-untyped-def]
    """Outward unit normals (points, 3), weighted by the faces' areas."""
    out = np.zeros_like(points)
    for f in range(len(faces)):
        a, b, c = points[faces[f, 0]], points[faces[f, 1]], points[faces[f, 2]]
        normal = np.cross(b - a, c - a)
        for corner in faces[f]:
            out[corner] += normal
    for i in range(len(out)):
        out[i] /= max(np.float32(1e-12), np.sqrt((out[i] ** 2).sum()))
    return out


LoosePart = tuple[Floats, NDArray[np.uint8], Floats]  # points (n, 3), segments (n, 4), weights (n, 4)


def _with_loose_parts(body: Body, parts: list[LoosePart]) -> Figure:
    ends = np.cumsum([len(body.points)] + [len(points) for points, _, _ in parts])
    stacked = [
        np.concatenate(rows)
        for rows in zip(*[(body.points, body.segments, body.weights), *parts], strict=True)
    ]
    points, segments, weights = stacked
    hulls = np.stack([ends[:-1], ends[1:]], axis=1).astype(np.int32)
    return Figure(Body(points, body.joints, segments, weights), hulls)


def _skirt(body: Body, normals: Floats, outfit: Outfit) -> LoosePart:
    """The points of hips and thighs down to the hem, drawn outward toward it. Points just below the hem are
    lifted onto it, so that its length does not depend on where the mesh has its points."""
    along = np.full(len(body.points), np.inf, np.float32)
    lift = np.zeros_like(body.points)
    for side in "LR":
        hip, knee = body.joints[SEGMENT[f"thigh.{side}"]], body.joints[SEGMENT[f"shank.{side}"]]
        bone = knee - hip
        share = ((body.points - hip) * bone).sum(axis=1) / (bone * bone).sum()
        own = _weight_of(body, f"thigh.{side}", f"shank.{side}") > 0.5
        along[own] = share[own]
        over = own & (share > outfit.hem)
        lift[over] = (outfit.hem - share[over])[:, None] * bone
    hips = (_weight_of(body, "pelvis", "lowerback") > 0.5) & (
        body.points[:, 2] < body.joints[SEGMENT["lowerback"], 2]
    )
    along[hips] = 0
    chosen = along <= outfit.hem + 0.12
    down = np.clip(along[chosen] / outfit.hem, 0, 1)[:, None]
    points = body.points[chosen] + lift[chosen] + normals[chosen] * (down * np.float32(outfit.flare))
    return points, body.segments[chosen], body.weights[chosen]


def _weight_of(body: Body, *segments: str) -> Floats:
    """How much of each point belongs to these segments, (points,)."""
    wanted = np.isin(body.segments, [SEGMENT[name] for name in segments])
    share: Floats = (body.weights * wanted).sum(axis=1)
    return share


def _long_hair(body: Body, outfit: Outfit) -> LoosePart:
    """Hair behind head and neck, down to the shoulders or the upper back."""
    head = body.points[_weight_of(body, "head") > 0.9]
    crown, back = float(head[:, 2].max()), float(head[:, 1].max())
    neck, chest = body.joints[SEGMENT["neck"]], body.joints[SEGMENT["chest"]]
    bottom = float(neck[2]) - 0.45 * outfit.long_hair * float(neck[2] - chest[2]) - 0.02
    top = crown - 0.06
    centre = np.array([0, back - 0.03, (top + bottom) / 2])
    points = _rounded_box(centre, np.array([0.08, 0.035 + 0.6 * outfit.hair, (top - bottom) / 2]))
    lower = np.clip((top - points[:, 2]) / (top - bottom), 0, 1) ** 2 * 0.5
    return points, *_riding_on(len(points), {"head": 1 - lower, "chest": lower})


def _bag(body: Body, bag: Bag) -> LoosePart:
    left = 1.0 if bag.side == "L" else -1.0
    if bag.kind == "backpack":
        return _backpack(body, bag.size)
    if bag.kind == "hand":
        grip = body.joints[SEGMENT[f"hanging.{bag.side}"]]
        half = np.array([0.06, 0.19, 0.15]) * bag.size
        points = _rounded_box(grip - np.array([0, 0, half[2] + 0.1]), half)
        return points, *_riding_on(len(points), {f"hanging.{bag.side}": np.ones(len(points))})
    hips = body.points[_weight_of(body, "pelvis", "lowerback") > 0.6]
    half = np.array([0.07, 0.17, 0.14]) * bag.size
    centre = np.array(
        [left * (float(hips[:, 0].max()) + half[0] * 0.8), 0.03, body.joints[SEGMENT["lowerback"], 2]]
    )
    points = _rounded_box(centre, half)
    share = np.full(len(points), 0.5)
    return points, *_riding_on(len(points), {"chest": share, "pelvis": share})


def _backpack(body: Body, size: float) -> LoosePart:
    chest = body.points[_weight_of(body, "chest", "spine") > 0.6]
    half = np.array([0.16, 0.1, 0.23]) * size
    shoulders = body.joints[SEGMENT["upperarm.L"], 2]
    centre = np.array([0, float(chest[:, 1].max()) + half[1] * 0.75, shoulders - half[2] + 0.02])
    points = _rounded_box(centre, half)
    return points, *_riding_on(len(points), {"chest": np.ones(len(points))})


def _rounded_box(centre: Doubles, half: Doubles) -> Floats:
    """Points (n, 3) on a superellipsoid: a box with round edges, `half` its half sizes."""
    sides, levels = 12, (-1.0, -0.85, -0.4, 0.4, 0.85, 1.0)
    turn = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    round_ = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    square = np.sign(round_) * np.abs(round_) ** 0.5
    points = [
        np.column_stack([square * (1 - 0.35 * max(0.0, abs(level) - 0.4)), np.full(sides, level)])
        for level in levels
    ]
    box: Floats = (centre + np.concatenate(points) * half).astype(np.float32)
    return box


def _riding_on(count: int, shares: dict[str, Doubles]) -> tuple[NDArray[np.uint8], Floats]:
    """Segments and weights, (count, 4) each, of points that ride on up to four segments."""
    segments, weights = np.zeros((count, 4), np.uint8), np.zeros((count, 4), np.float32)
    for column, (name, share) in enumerate(shares.items()):
        segments[:, column], weights[:, column] = SEGMENT[name], share
    return segments, weights
