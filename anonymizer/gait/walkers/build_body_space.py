"""Builds `body_space.npz` from the body model anny: `python -m anonymizer.gait.walkers.build_body_space`.

Needs the optional extra `body-space` (anny and torch), which the product itself never does: it takes a minute
or more and gigabytes of cache the first time. It draws people over anny's sliders and local changes, curls
their fingers, merges anny's 163 bones into the 26 segments of `skeleton`, and keeps mean and principal
components in half precision. At the end it prints how much of the silhouettes that costs, on people it has
not seen.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import anny
import numpy as np
import torch
from numpy.typing import NDArray

from anonymizer.gait.walkers.body_space import Body, normalised
from anonymizer.gait.walkers.cameras import HEIGHT, WIDTH, project
from anonymizer.gait.walkers.kinematics import kinematics, own_gait, unrolled
from anonymizer.gait.walkers.rasteriser import rasterise
from anonymizer.gait.walkers.skeleton import (
    JOINT_BONES,
    SEGMENT,
    SEGMENTS,
    alignments,
    rotation_matrices,
    segment_transforms,
    skin,
)

FULL, SIMPLIFIED = "anny-quads", "notoes_collapse10pc"
LOCAL_CHANGES = (
    "measure-shoulder-dist-incr",
    "torso-scale-horiz-incr",
    "torso-scale-depth-incr",
    "torso-scale-vert-incr",
    "torso-vshape-incr",
    "measure-waist-circ-incr",
    "measure-hips-circ-incr",
    "hip-scale-depth-incr",
    "buttocks-volume-incr",
    "upperlegs-height-incr",
    "lowerlegs-height-incr",
    "measure-upperarm-length-incr",
    "measure-thigh-circ-incr",
    "measure-calf-circ-incr",
    "neck-scale-vert-incr",
    "head-scale-vert-incr",
)
STOMACH = "stomach-pregnant-incr"
CURL = {1: 22.0, 2: 45.0, 3: 65.0}  # degrees, by phalanx: a relaxed hand
Array = NDArray[np.float64]


@dataclass(frozen=True)
class People:
    """Slider settings: one value each for n people, and which of them are women (n,)."""

    phenotypes: dict[str, torch.Tensor]
    local_changes: dict[str, torch.Tensor]
    female: NDArray[np.bool_]


def drawn_people(rng: np.random.Generator, count: int) -> People:
    female = rng.random(count) < 0.3
    sliders = {
        "gender": np.where(female, 1.0, 0.0) + rng.normal(0, 0.05, count) * np.where(female, -1, 1),
        "age": rng.normal(0.66, 0.03, count),
        "muscle": rng.normal(0.5, 0.13, count),
        "weight": rng.normal(0.45, 0.14, count),
        "proportions": rng.normal(0.5, 0.2, count),
        "height": np.full(count, 0.5),
    }
    changes = {name: rng.normal(0, 0.28, count).clip(-0.8, 0.8) for name in LOCAL_CHANGES}
    changes[STOMACH] = np.abs(rng.normal(0, 0.12, count))
    return People(
        {name: torch.from_numpy(np.clip(values, 0, 1)) for name, values in sliders.items()},
        {name: torch.from_numpy(values) for name, values in changes.items()},
        female,
    )


def anny_model(topology: str) -> anny.Anny:
    return anny.Anny(rig="makehuman", topology=topology, local_changes=[*LOCAL_CHANGES, STOMACH])


def rest(model: anny.Anny, people: People) -> tuple[Array, Array]:
    """Rest vertices (n, vertices, 3) and bone heads (n, bones, 3)."""
    inputs = model.get_tensor_inputs(None, people.phenotypes, people.local_changes, None)
    phenotypes, changes, actions = inputs[1:]
    coefficients = model._get_phenotype_blendshape_coefficients(phenotypes, changes, actions)
    made = model.get_rest_model(coefficients)
    return made["rest_vertices"].numpy(), made["rest_bone_heads"].numpy()


def set_statures(model: anny.Anny, people: People, wanted: Array) -> None:
    """Move the height slider by the secant rule until everyone has the wanted stature (m)."""
    slider = people.phenotypes["height"]
    last_slider, last = None, None
    for _ in range(4):
        now = np.ptp(rest(model, people)[0][:, :, 2], axis=1)
        here = slider.numpy().copy()
        slope = 0.9 if last is None else (now - last) / np.where(here == last_slider, 1, here - last_slider)
        slope = np.where(np.abs(slope) < 0.2, 0.9, slope)
        last_slider, last = here, now
        slider.copy_(torch.from_numpy(np.clip(here + (wanted - now) / slope, 0, 1)))


def segment_of_bones(model: anny.Anny) -> NDArray[np.int64]:
    """Each bone's segment: its own where the kinematic model names it, else the nearest ancestor's."""
    import json
    from importlib import resources

    stored = json.loads(resources.files(__package__).joinpath("gait_kinematics.json").read_text())
    own = {bone: SEGMENT[segment["name"]] for segment in stored["segments"] for bone in segment["bones"]}
    own |= {f"shoulder01.{side}": SEGMENT[f"shoulder.{side}"] for side in "LR"}
    found = np.zeros(len(model.bone_labels), np.int64)
    for index, (label, parent) in enumerate(zip(model.bone_labels, model.bone_parents, strict=True)):
        found[index] = own.get(label, found[parent] if parent >= 0 else 0)
    return found


def curled(model: anny.Anny, vertices: Array, heads: Array, joints: Array) -> Array:
    """The rest vertices (vertices, 3) of one person with fingers 2 to 5 relaxed."""
    turn = np.tile(np.eye(3), (len(model.bone_labels), 1, 1))
    moved = heads.copy()
    hands = alignments(joints.astype(np.float32))
    for index, label in enumerate(model.bone_labels):
        if not label.startswith("finger") or label.startswith("finger1"):
            continue
        phalanx, side = int(label[8]), label[-1]
        hand = hands[SEGMENT[f"hand.{side}"]].astype(np.float64)
        angle = np.radians(CURL[phalanx]) * (1 if side == "L" else -1)
        turn[index] = hand.T @ rotation_matrices(np.array([[0, angle, 0]], np.float32))[0] @ hand
        if phalanx > 1:
            parent = model.bone_parents[index]
            moved[index] = moved[parent] + turn[parent] @ (heads[index] - heads[parent])
    bones, weights = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    turned = np.einsum("vkij,vkj->vki", turn[bones], vertices[:, None] - heads[bones]) + moved[bones]
    return np.einsum("vk,vki->vi", normalised(weights), turned)


def people_at_rest(model: anny.Anny, people: People) -> tuple[Array, Array]:
    """Vertices with curled fingers (n, vertices, 3) and the segments' joints (n, 26, 3)."""
    vertices, heads = rest(model, people)
    joints = heads[:, [model.bone_labels.index(bone) for bone in JOINT_BONES]]
    curls = [curled(model, v, h, j) for v, h, j in zip(vertices, heads, joints, strict=True)]
    return np.stack(curls), joints


def sparse_weights(model: anny.Anny, kept: int = 4) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The heaviest `kept` segments of every vertex, and their weights."""
    bones, weights = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    dense = np.zeros((len(bones), len(SEGMENTS)))
    np.add.at(dense, (np.arange(len(bones))[:, None], segment_of_bones(model)[bones]), weights)
    heaviest = np.argsort(-dense, axis=1, kind="stable")[:, :kept]
    return heaviest.astype(np.uint8), normalised(np.take_along_axis(dense, heaviest, 1).astype(np.float32))


def hair_of(vertices: Array, segments: NDArray[np.uint8], weights: NDArray[np.float32]) -> Array:
    """1 on the crown and the back of the head, 0 in the face, soft between."""
    head = ((segments == SEGMENT["head"]) * weights).sum(axis=1)
    skull = vertices[head > 0.9]
    low, high = skull.min(axis=0), skull.max(axis=0)
    up = (vertices[:, 2] - low[2]) / (high[2] - low[2])  # 0 chin, 1 crown
    back = (vertices[:, 1] - low[1]) / (high[1] - low[1])  # 0 nose, 1 back of the head
    crown = np.clip((up - 0.68) / 0.12, 0, 1)
    rear = np.clip((back - 0.5) / 0.15, 0, 1) * np.clip((up - 0.25) / 0.1, 0, 1)
    return head * np.maximum(crown, rear)


def outward(faces: NDArray[np.int64], vertices: Array) -> NDArray[np.int64]:
    """The same faces, counter-clockwise seen from outside: the enclosed volume is positive."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    volume = np.einsum("fi,fi->", a, np.cross(b, c))
    return faces if volume > 0 else faces[:, ::-1]


def coordinates_by_gender(scores: Array, female: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Mean and lower triangular factor of the covariance, for men and for women."""
    groups = [scores[~female], scores[female]]
    spreads = [np.linalg.cholesky(np.cov(g.T) + 1e-6 * np.eye(g.shape[1])) for g in groups]
    return np.stack([g.mean(axis=0) for g in groups]), np.stack(spreads)


def walking(
    points: Array, joints: Array, skin_of: tuple, faces: NDArray[np.int64], seed: int
) -> NDArray[np.bool_]:
    """Silhouettes (cameras × 8, height, width) of a body in eight moments of a walk, at six view angles."""
    body = Body(points.astype(np.float32), joints.astype(np.float32), *skin_of)
    rng = np.random.default_rng(seed)
    motion = unrolled(own_gait(rng), rng, 8, 0.14, 1.0)
    posed = skin(body.points, body.segments, body.weights, segment_transforms(motion.rotations, body.joints))
    none = np.zeros((0, 2), np.int32)
    pictures = [
        rasterise(project(posed, angle), faces.astype(np.int32), none, HEIGHT, WIDTH)
        for angle in (0, 36, 72, 90, 126, 180)
    ]
    return np.concatenate(pictures)


def overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean IoU, and mean distance of the outlines in pixels (area between them over a's perimeter)."""
    import cv2

    differing = (a != b).sum(axis=(1, 2))
    perimeters = [sum(cv2.arcLength(c, True) for c in cv2.findContours(p.view(np.uint8), 0, 1)[0]) for p in a]
    union = (a | b).sum(axis=(1, 2))
    return float((1 - differing / union).mean()), float((differing / np.array(perimeters)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--components", type=int, default=40)
    parser.add_argument("--topology", default=SIMPLIFIED)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("body_space.npz"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(20)
    small, full = anny_model(chosen.topology), anny_model(FULL)
    people, strangers = drawn_people(rng, chosen.people), drawn_people(rng, 8)
    for group in (people, strangers):
        set_statures(small, group, rng.normal(np.where(group.female, 1.61, 1.73), 0.055))
    vertices, joints = people_at_rest(small, people)
    rows = np.concatenate([vertices, joints], axis=1).reshape(chosen.people, -1)
    mean = rows.mean(axis=0)
    left, sizes, right = np.linalg.svd(rows - mean, full_matrices=False)
    kept = chosen.components
    print(f"{kept} components keep {1 - (sizes[kept:] ** 2).sum() / (sizes**2).sum():.6f} of the variance")
    scale = sizes[:kept] / np.sqrt(chosen.people)
    scores = left[:, :kept] * np.sqrt(chosen.people)
    centres, spreads = coordinates_by_gender(scores, people.female)
    segments, weights = sparse_weights(small)
    average = mean.reshape(-1, 3)[: vertices.shape[1]]
    faces = outward(small.get_triangular_faces().numpy(), average)
    stored = {
        "format": np.int64(1),
        "joint_bones": np.array(JOINT_BONES),
        "mean": mean.astype(np.float32),
        "components": (right[:kept] * scale[:, None]).astype(np.float16),
        "centres": centres.astype(np.float32),
        "spreads": spreads.astype(np.float32),
        "faces": faces.astype(np.uint16),
        "segments": segments,
        "weights": weights.astype(np.float16),
        "hair": hair_of(average, segments, weights).astype(np.float16),
    }
    np.savez_compressed(chosen.out, **stored)
    print(f"{chosen.out}: {chosen.out.stat().st_size / 1e6:.2f} MB, {len(faces)} faces")
    report_losses(small, full, strangers, stored)


def report_losses(small: anny.Anny, full: anny.Anny, strangers: People, stored: dict) -> None:
    """Print how far the silhouettes of people not used in building are from the full model's."""
    components = stored["components"].astype(np.float64)
    weights = (stored["segments"], normalised(stored["weights"].astype(np.float32)))
    full_faces = full.get_triangular_faces().numpy()
    fine, joints = people_at_rest(full, strangers)
    coarse, _ = people_at_rest(small, strangers)
    full_faces = outward(full_faces, fine[0])
    full_weights = sparse_weights(full, kept=8)
    losses = {"fewer faces": [], "and few components": []}
    for i in range(len(fine)):
        truth = walking(fine[i], joints[i], full_weights, full_faces, i)
        row = np.concatenate([coarse[i], joints[i]]).ravel() - stored["mean"]
        scores = (components @ row) / (components**2).sum(axis=1)
        rebuilt = (stored["mean"] + scores @ components).reshape(-1, 3)
        plain = walking(coarse[i], joints[i], weights, stored["faces"], i)
        compact = walking(rebuilt[: coarse.shape[1]], rebuilt[coarse.shape[1] :], weights, stored["faces"], i)
        losses["fewer faces"].append(overlap(truth, plain))
        losses["and few components"].append(overlap(truth, compact))
    for name, pairs in losses.items():
        iou, pixels = np.mean(pairs, axis=0)
        print(f"{name}: IoU {iou:.4f}, outlines {pixels:.2f} px apart, against the full model")


if __name__ == "__main__":
    kinematics()
    main()
