"""All 121 cells of (gallery, probe) view angles, against scikit-learn's KNN in a loop over the cells.

    python bench/evaluate.py

Gait energy images are random but structured (a subject's traits seen by turning cameras), so that both sides
do the work of a real evaluation. The baselines get the same trained recognizer. The plain loop computes what
each cell needs in the cell, as a script over scikit-learn does; the frugal one is given the features and pays
for the neighbours alone. Both give the nearest neighbour's name alone; ours gives every subject's distance, from
which ranks and rates derive. Seconds are processor seconds of one core, so that a busy machine does not count;
energy images are timed on one made-up walk and counted up to 9,441.
"""

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits
from timing import timed

from recognition.identify import success
from recognition.identify.gaits import GaitKey, Gaits
from recognition.identify.gei import SIZE, gait_energy_image
from recognition.identify.identifications import Identifications
from recognition.identify.protocol import SequenceChoice, evaluate, split
from recognition.identify.zheng import Zheng

VIEW_ANGLES = range(0, 181, 18)
TRAITS = 25
CPU = time.process_time


def structured_gaits(subjects: int, sequences: int, seed: int = 0) -> Gaits:
    rng = np.random.default_rng(seed)
    pixels = SIZE[0] * SIZE[1]
    cameras = rng.normal(size=(3, TRAITS, pixels))
    who = np.repeat(rng.normal(size=(subjects, TRAITS)), sequences, axis=0)
    walks = (who + rng.normal(scale=0.25, size=who.shape)).astype(np.float32)
    keys, images = [], []
    for v in VIEW_ANGLES:
        turn = np.deg2rad(2 * v)
        camera = np.cos(turn) * cameras[0] + np.sin(turn) * cameras[1] + 0.7 * cameras[2]
        noise = rng.normal(scale=0.5, size=(len(walks), pixels)).astype(np.float32)
        images.append(walks @ camera.astype(np.float32) + noise)
        keys += [
            GaitKey(f"{s:03d}", "nm", n, v) for s in range(1, subjects + 1) for n in range(1, sequences + 1)
        ]
    return Gaits(tuple(keys), np.concatenate(images).reshape(-1, *SIZE))


def knn_cells(recognizer: Zheng, gallery: Gaits, probes: Gaits) -> NDArray[np.float64]:
    """(gallery, probe) rank-1 rates by a nearest-neighbour classifier a cell, all of it in the cell."""
    rates = np.empty((len(VIEW_ANGLES),) * 2)
    for g, gallery_view in enumerate(VIEW_ANGLES):
        for p, probe_view in enumerate(VIEW_ANGLES):
            enrolled = gallery.view_angles == gallery_view
            tested = probes.view_angles == probe_view
            seen = recognizer.features(probes.inputs[tested], probe_view)
            assert recognizer.transformation is not None
            carried = recognizer.transformation.transform(seen, probe_view, gallery_view)
            nearest = KNeighborsClassifier(n_neighbors=1, metric="manhattan")
            nearest.fit(
                recognizer.features(gallery.inputs[enrolled], gallery_view), gallery.subjects[enrolled]
            )
            rates[g, p] = np.mean(nearest.predict(carried) == probes.subjects[tested])
    return rates


def knn_of_features(recognizer: Zheng, gallery: Gaits, probes: Gaits) -> NDArray[np.float64]:
    """The same, with every view angle's features computed once beforehand."""
    enrolled = {v: gallery.at(v) for v in VIEW_ANGLES}
    tested = {v: probes.at(v) for v in VIEW_ANGLES}
    known = {v: recognizer.features(some.read(), v) for v, some in enrolled.items()}
    seen = {v: recognizer.features(some.read(), v) for v, some in tested.items()}
    rates = np.empty((len(VIEW_ANGLES),) * 2)
    assert recognizer.transformation is not None
    for g, gallery_view in enumerate(VIEW_ANGLES):
        nearest = KNeighborsClassifier(n_neighbors=1, metric="manhattan")
        nearest.fit(known[gallery_view], enrolled[gallery_view].subjects)
        for p, probe_view in enumerate(VIEW_ANGLES):
            carried = recognizer.transformation.transform(seen[probe_view], probe_view, gallery_view)
            rates[g, p] = np.mean(nearest.predict(carried) == tested[probe_view].subjects)
    return rates


def all_rates(answers: Identifications) -> None:
    comparison = success.compare(answers, answers)
    success.rank_rate(answers, 5)
    success.success_interval(comparison)
    success.by_probe_view_angle(comparison)


def measure(title: str, subjects: int, sequences: int, how: str, gallery: str, probe: str) -> float:
    gaits = structured_gaits(subjects, sequences)
    parts = split(sorted(set(gaits.subjects.tolist())), how)
    train, test = gaits.of_subjects(parts.train), gaits.of_subjects(parts.test)
    enrolled, probes = (test.chosen(SequenceChoice.parse(choice)) for choice in (gallery, probe))
    fit, recognizer = timed(lambda: Zheng().fit(train.inputs, train.subjects, train.view_angles), 1, CPU)
    assert isinstance(recognizer, Zheng)
    ours, answers = timed(lambda: evaluate(recognizer, enrolled, probes), 3, CPU)
    assert isinstance(answers, Identifications)
    rates, _ = timed(lambda: all_rates(answers), 1, CPU)
    with threadpool_limits(1, "blas"):  # as ours
        theirs, knn = timed(lambda: knn_cells(recognizer, enrolled, probes), 1, CPU)
        frugal, _ = timed(lambda: knn_of_features(recognizer, enrolled, probes), 1, CPU)
    same = np.isclose(success.rank_rate(answers), np.asarray(knn)).mean()
    print(f"{title}: {len(parts.test)} test subjects, {len(enrolled)} gallery gaits, {len(probes)} probes")
    print(f"  fit {fit:.2f} s, evaluate {ours:.3f} s, ranks, intervals and bootstrap {rates:.2f} s, ", end="")
    print(f"together {fit + ours + rates:.2f} s")
    print(f"  scikit-learn KNN a cell {theirs:.2f} s = {theirs / ours:.1f} x ours; equal cells {same:.0%}")
    print(f"  the same with features computed once {frugal:.2f} s = {frugal / ours:.1f} x ours")
    return fit + ours + rates


def measure_gei() -> float:
    """Seconds a walk of 50 frames."""
    rows, columns = np.ogrid[:240, :320]
    body = ((rows - 120) / 70) ** 2 + ((columns - 160) / 25) ** 2 < 1
    walk = np.stack([np.roll(body, shift, axis=1) for shift in range(-25, 25)])
    seconds, _ = timed(lambda: gait_energy_image(walk), 9, CPU)
    print(f"Gait energy image of 50 frames of 240 x 320: {seconds / 50 * 1e6:.0f} µs a frame (target 100)")
    return seconds


if __name__ == "__main__":
    gei = measure_gei()
    measure("Demo", 24, 4, "30:15:55", "nm-01,nm-02", "nm-03,nm-04")
    measure("CASIA-B", 124, 6, "paper", "nm-01,nm-02,nm-03,nm-04", "nm-05,nm-06")
    probes = ",".join(f"nm-{n:02d}" for n in range(5, 11))
    whole = measure(
        "Full size, every other sequence a probe", 124, 10, "paper", "nm-01,nm-02,nm-03,nm-04", probes
    )
    walks = 9441
    print(
        f"Whole: {walks} energy images {walks * gei:.0f} s + {whole:.1f} s = {walks * gei + whole:.0f} s of one core"
    )
