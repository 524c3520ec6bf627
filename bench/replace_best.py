"""`replace-best` before every attacker that the design names, on synthetic walkers: one line a number of donors.

    python bench/replace_best.py --subjects 60 --view-angles 0,90 --copies 5 --donors 1,4,8,16
    python bench/replace_best.py --set pace=donor --donors 8

Everybody's nm-01 to nm-04 are enrolled; probes are nm-05 to nm-07, a bag and a coat. The attacker has `--copies`
anonymized copies of each enrolled walk, with draws of its own, and learns from them: `shape` by Fisher's
discriminants on gait energy images and two harmonics, `box` on where the body stands, `joint` by adding what both
say, `2 clips` and `3 clips` by adding it over clips known to be of one person, `cameras` over the view angles of
one walk. Probes are anonymized `--repeats` times. For each draw the donors are nested: the best of the first 4 of
16 is what n = 4 would have taken, so that all n are compared on the same draws.

Baseline in the same run: the same attackers, who learn from the clear walks and see clear probes.
"""

import argparse
import itertools
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
sys.path.remove(str(Path(__file__).resolve().parent))  # its names would hide installed packages
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from anonymizer.gait import catalogue, proxies
from anonymizer.gait.donors import Donor, Track
from anonymizer.gait.replace_best import rendered
from anonymizer.gait.replace_best_bound import bound
from anonymizer.gait.replace_best_choice import Figures, differences
from anonymizer.gait.replace_best_donors import draw
from anonymizer.gait.replace_best_parameters import levels_to_choose_from
from anonymizer.gait.replace_best_scene import Chances, View, scene
from anonymizer.gait.silhouettes import mean_iou, pack, unpack
from anonymizer.gait.walkers import walk
from recognition.identify import harmonics
from recognition.identify.classifiers import Calibrated, Lda, fitted_temperature
from recognition.identify.descriptions import Description, describe

GALLERY = [("nm", number) for number in (1, 2, 3, 4)]
PROBES = [("nm", 5), ("nm", 6), ("nm", 7), ("bg", 1), ("cl", 1)]
HELD_OUT = 4  # the enrolled walk on which an attacker learns how sure it may be
OTHERS, FRAMES = 16, 50
WORLD = 41  # seed of the walkers; the attacker's and the defender's draws have seeds of their own
CLEAR = 0  # stands for the original where a number of donors is expected

Name = tuple[int, str, int]  # subject, condition, number
Seen = dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]  # view angle: GEI, harmonics, box track


@dataclass
class Measured:
    """What the proxies say of one replaced view."""

    iou: float
    jitter: float | None
    residual: float
    own_residual: float
    detached: float
    own_detached: float


@dataclass
class Material:
    """All that was made: by number of donors, the attacker's copies and the probes, and the proxies."""

    copies: dict[int, list[tuple[Name, Seen]]] = field(default_factory=dict)
    probes: dict[int, list[tuple[Name, int, Seen]]] = field(default_factory=dict)  # with the repeat's number
    proxies: dict[tuple[int, str], list[Measured]] = field(default_factory=dict)


def main() -> None:
    cv2.setNumThreads(1)
    asked = arguments()
    method = catalogue.named("replace-best")
    parameters = method.checked(method.parsed(dict(each.split("=", 1) for each in asked.set)))
    changed = {name: value for name, value in parameters.items() if value != method.parameters[name].default}
    print(
        f"subjects {asked.subjects}, view angles {asked.view_angles}, copies {asked.copies}; {changed or 'defaults'}"
    )
    asked.levels = levels_to_choose_from(parameters)
    begun = time.monotonic()
    material = make(asked, parameters)
    print(f"made in {time.monotonic() - begun:.0f} s")
    print(HEAD)
    for count in [CLEAR, *asked.donors]:
        print(line(material, count, asked), flush=True)


HEAD = (
    "| n | bound | shape | box | joint | 2 clips | 3 clips | cameras | bag | coat "
    "| IoU | bag | coat | jitter | manifold | frag (original) |\n" + "|---" * 16 + "|"
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="replace-best against attackers")
    parser.add_argument("--subjects", type=int, default=60)
    parser.add_argument("--view-angles", type=numbers, default=[0, 90])
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--donors", type=numbers, default=[1, 4, 8, 16])
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args()


def numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


# --- Making it ------------------------------------------------------------------------------------
def make(asked: argparse.Namespace, parameters: Mapping[str, object]) -> Material:
    material = Material()
    attacker, defender = np.random.default_rng(20250101), np.random.default_rng(777)
    manifolds = {angle: proxies.fit_manifold(strangers(angle)) for angle in asked.view_angles}
    for name, track in tracks(asked):
        base = scene(track, parameters, Chances(0.0, 0.5))
        enrolled = name[1:] in GALLERY
        if name[1:] == GALLERY[0] and name[0] % 10 == 0:
            print(f"subject {name[0]}, {time.process_time():.0f} s of computing", file=sys.stderr)
        clear = described(track)
        if enrolled:
            material.copies.setdefault(CLEAR, []).append((name, clear))
        else:
            material.probes.setdefault(CLEAR, []).append((name, 0, clear))
        for repeat in range(asked.copies if enrolled else asked.repeats):
            rng = attacker if enrolled else defender
            for count, changed in replaced(track, base, parameters, asked.donors, rng):
                if enrolled:
                    material.copies.setdefault(count, []).append((name, described(changed)))
                else:
                    material.probes.setdefault(count, []).append((name, repeat, described(changed)))
                    if repeat:
                        continue
                    known = material.proxies.setdefault((count, name[1]), [])
                    known += [measured(track, changed, angle, manifolds[angle]) for angle in changed]
    return material


def tracks(asked: argparse.Namespace) -> Iterator[tuple[Name, Donor]]:
    """Everybody's walks, one in memory; a walk that does not fit into all pictures is left out."""
    for subject in range(asked.subjects):
        for condition, number in [*GALLERY, *PROBES]:
            seen = walk(WORLD, subject, condition, number, view_angles=asked.view_angles, frames=FRAMES)
            if all(len(each) == FRAMES for each in seen.values()):
                yield (subject, condition, number), Donor(seen)


def strangers(view_angle: int) -> list[np.ndarray]:
    packed = [
        pack(walk(WORLD + 1, number, "nm", 1, view_angles=(view_angle,))[view_angle])
        for number in range(OTHERS)
    ]
    return [unpack(each) for each in packed]


def replaced(
    track: Donor,
    base: Mapping[int, View],
    parameters: Mapping[str, object],
    counts: Sequence[int],
    rng: np.random.Generator,
) -> Iterator[tuple[int, Track]]:
    """The track by each number of donors, all out of one draw."""
    figures = [Figures(each) for each in draw(rng, max(counts), parameters["spread"])]
    chances, key = Chances.drawn(rng), int(rng.integers(2**62))
    factor = float(np.exp(parameters["speed_jitter"] * chances.speed))
    views = {angle: faster(view, factor) for angle, view in base.items()}
    far = differences(track, views, figures) if len(figures) > 1 else np.zeros(1)
    made: dict[int, Track] = {}
    for count in counts:
        best = int(far[:count].argmin())
        if best not in made:
            made[best] = {
                angle: rendered(track[angle], view, figures[best], key + angle, parameters["noise"])
                for angle, view in views.items()
            }
        yield count, made[best]


def faster(view: View, factor: float) -> View:
    course = view.course
    return (
        view if course.speed is None else replace(view, course=replace(course, speed=course.speed * factor))
    )


def described(track: Track) -> Seen:
    seen: Seen = {}
    for angle, silhouettes in track.items():
        found: Description = describe(silhouettes)
        seen[angle] = (found.geis.astype(np.float16), found.harmonics, found.boxes)
    return seen


def measured(track: Donor, changed: Track, angle: int, manifold: proxies.ShapeManifold) -> Measured:
    own, new = track[angle], changed[angle]
    return Measured(
        mean_iou(own, new),
        proxies.jitter_ratio(own, new),
        manifold.residual(new) or 0.0,
        manifold.residual(own) or 0.0,
        proxies.detached_share(new[::5]) or 0.0,  # slow, and the same from frame to frame
        proxies.detached_share(own[::5]) or 0.0,
    )


# --- Attacking it ---------------------------------------------------------------------------------
def line(material: Material, count: int, asked: argparse.Namespace) -> str:
    """One row of the table, percentages of rank-1."""
    copies, probes = material.copies[count], material.probes[count]
    shape, box = (
        {a: surprise(copies, probes, a, look) for a in asked.view_angles} for look in ("shape", "box")
    )
    joint = {angle: shape[angle] + box[angle] for angle in asked.view_angles}
    normal = [at for at, (name, _, _) in enumerate(probes) if name[1] == "nm"]
    rates = [rank1(each, probes, normal) for each in (shape, box, joint)]
    rates += [linked(joint, probes, clips) for clips in (2, 3)]
    rates.append(rank1({0: sum(joint.values())}, probes, normal))
    for condition in ("bg", "cl"):
        rates.append(
            rank1(joint, probes, [at for at, (name, _, _) in enumerate(probes) if name[1] == condition])
        )
    shown = " | ".join(f"{100 * rate:.1f}" for rate in rates)
    limit = f"{100 * bound(count, asked.subjects, levels=asked.levels):.1f}" if count else "–"
    return f"| {count or 'clear'} | {limit} | {shown} | {seen_by_proxies(material, count)} |"


def surprise(
    copies: list[tuple[Name, Seen]], probes: list[tuple[Name, int, Seen]], angle: int, look: str
) -> np.ndarray:
    """(probes, subjects): −log of the probability that it is this subject."""
    common = harmonics.template(np.stack([seen[angle][1] for _, seen in copies]))
    subjects = np.array([f"{name[0]:03d}" for name, _ in copies])
    held_out = np.array([name[2] == HELD_OUT for name, _ in copies])
    known = features([seen[angle] for _, seen in copies], look, common)
    trial = Lda(standardised=look == "box").fit(known[~held_out], subjects[~held_out])
    own = np.searchsorted(trial.subjects, subjects[held_out])
    sure = fitted_temperature(trial.distances(known[held_out]), own)
    fitted = Lda(standardised=look == "box").fit(known, subjects)
    return Calibrated(fitted, sure).surprises(features([seen[angle] for *_, seen in probes], look, common))


def features(
    seen: list[tuple[np.ndarray, np.ndarray, np.ndarray]], look: str, common: np.ndarray
) -> np.ndarray:
    if look == "box":
        return np.stack([box for *_, box in seen])
    turned = harmonics.aligned(np.stack([moving for _, moving, _ in seen]), common).reshape(len(seen), -1)
    energy = np.stack([gei for gei, *_ in seen]).reshape(len(seen), -1).astype(np.float32)
    return np.concatenate([energy, turned.real, turned.imag], axis=1).astype(np.float32)


def rank1(scores: Mapping[int, np.ndarray], probes: list[tuple[Name, int, Seen]], chosen: list[int]) -> float:
    own = np.array([name[0] for name, *_ in probes])[chosen]
    return float(np.mean([each[chosen].argmin(axis=1) == own for each in scores.values()]))


def linked(scores: Mapping[int, np.ndarray], probes: list[tuple[Name, int, Seen]], clips: int) -> float:
    """Every set of `clips` normal walks of one person in one repeat, seen from one view angle."""
    named: list[bool] = []
    for subject, repeat in sorted({(name[0], repeat) for name, repeat, _ in probes}):
        mine = [at for at, (name, r, _) in enumerate(probes) if name[:2] == (subject, "nm") and r == repeat]
        for some in itertools.combinations(mine, clips):
            named += [bool(each[list(some)].sum(axis=0).argmin() == subject) for each in scores.values()]
    return float(np.mean(named))


def seen_by_proxies(material: Material, count: int) -> str:
    if count == CLEAR:
        return " | ".join(["–"] * 6)
    nm, bg, cl = (material.proxies[count, condition] for condition in ("nm", "bg", "cl"))
    ious = " | ".join(f"{np.mean([each.iou for each in some]):.3f}" for some in (nm, bg, cl))
    jitter = np.mean([each.jitter for each in nm if each.jitter is not None])
    manifold = np.mean([each.residual for each in nm]) / np.mean([each.own_residual for each in nm])
    frag, own = (np.mean([getattr(each, name) for each in nm]) for name in ("detached", "own_detached"))
    return f"{ious} | {jitter:.2f} | {manifold:.2f} | {frag:.3f} ({own:.3f})"


if __name__ == "__main__":
    main()
