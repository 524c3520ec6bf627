"""Stored silhouettes in, all cells of (gallery, probe) view angles out, against scikit-learn's KNN in a loop.

    python bench/evaluate.py                                          24 walkers, made first
    python bench/evaluate.py --media var/media/silhouettes            every sequence of a stored dataset

Both read the same files, draw the same gait energy images of every subject that trains or is tested, train the
same recognizer and name every probe in every cell. Ours works in `--processes` processes where the energy images
are drawn. The plain version draws them as one would write it with zlib, numpy and OpenCV (timed on some of the
sequences and counted up) and has a KNN classifier a cell, which does in the cell what the cell needs. A frugal
loop, which is given every view angle's features and pays for the neighbours alone, stands beside it.
The gallery is nm-01 to nm-04, all else is probed. Seconds are by the clock.
"""

import argparse
import multiprocessing
import os
import re
import struct
import sys
import tempfile
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray
from timing import timed

from anonymizer.gait.bodies import of_packed
from recognition.identify import success
from recognition.identify.gaits import GaitKey, Gaits
from recognition.identify.gei import SIZE, energy_of
from recognition.identify.identifications import Identifications
from recognition.identify.protocol import SequenceChoice, evaluate, split

if TYPE_CHECKING:
    from recognition.identify.zheng import Zheng

STORED = re.compile(r"(\w+)-(nm|bg|cl)-(\d\d)-(\d{3})(_\w+)?\.gsil$")
GALLERY = [("nm", number) for number in (1, 2, 3, 4)]
SAMPLE = 60  # sequences on which the plain energy image is timed


# --- What is stored -----------------------------------------------------------------------------------------
def stored(folder: Path) -> dict[GaitKey, Path]:
    found = ((STORED.search(path.name), path) for path in sorted(folder.rglob("*.gsil")))
    keys = {
        GaitKey(match[1].rpartition("-")[2], match[2], int(match[3]), int(match[4])): path
        for match, path in found
        if match
    }
    return dict(sorted(keys.items()))


def walkers_in(folder: Path, subjects: int, frames: int) -> None:
    from anonymizer.gait.walker_jobs import WalkerJob, make_walk
    from anonymizer.gait.walkers import CASIA_B_VIEW_ANGLES

    for subject in range(1, subjects + 1):
        for number in range(1, 7):
            job = WalkerJob(124, subject, "nm", number, CASIA_B_VIEW_ANGLES, frames, "casia")
            _, kept, _ = make_walk(job)
            for angle, packed in kept.items():
                (folder / f"made-{subject:03d}-nm-{number:02d}-{angle:03d}.gsil").write_bytes(
                    packed.silhouettes
                )


# --- Energy images ------------------------------------------------------------------------------------------
def energy_image(path: Path) -> NDArray[np.float32]:
    return energy_of(of_packed(path.read_bytes(), *SIZE).scaled)


def plain_energy_image(path: Path) -> NDArray[np.float32]:
    """What one would write first."""
    data = path.read_bytes()
    frames, height, width = struct.unpack_from("<III", data, 5)  # as `silhouettes.pack` writes them
    bits = np.frombuffer(zlib.decompress(data[17:]), np.uint8)
    pixels = np.unpackbits(bits, count=frames * height * width).reshape(frames, height, width)
    bodies = [plain_body(frame) for frame in pixels if frame.any()]
    return np.mean(np.stack(bodies), axis=0, dtype=np.float32)


def plain_body(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = SIZE
    rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
    body = frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = (max(1, round(body.shape[1] * height / body.shape[0])), height)
    body = (cv2.resize(body * 255, size, interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)
    middle = round(float(np.nonzero(body)[1].mean()))
    wide = np.pad(body, ((0, 0), (width, width)))
    return wide[:, middle + width - width // 2 : middle + width - width // 2 + width]


def energy_images(paths: list[Path], processes: int) -> NDArray[np.float32]:
    if processes == 1:
        return np.stack([energy_image(path) for path in paths])
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        return np.stack(list(pool.map(energy_image, paths, chunksize=64)))


# --- Cells --------------------------------------------------------------------------------------------------
def knn_cells(recognizer: "Zheng", gallery: Gaits, probes: Gaits) -> NDArray[np.float64]:
    """(gallery, probe) rank-1 rates by a nearest-neighbour classifier a cell, all of it in the cell."""
    from sklearn.neighbors import KNeighborsClassifier

    angles = np.unique(gallery.view_angles).tolist()
    rates = np.empty((len(angles),) * 2)
    assert recognizer.transformation is not None
    for g, gallery_view in enumerate(angles):
        for p, probe_view in enumerate(angles):
            enrolled, tested = gallery.view_angles == gallery_view, probes.view_angles == probe_view
            seen = recognizer.features(probes.inputs[tested], probe_view)
            carried = recognizer.transformation.transform(seen, probe_view, gallery_view)
            nearest = KNeighborsClassifier(n_neighbors=1, metric="manhattan")
            nearest.fit(
                recognizer.features(gallery.inputs[enrolled], gallery_view), gallery.subjects[enrolled]
            )
            right = nearest.predict(carried) == probes.subjects[tested]
            known = np.isin(probes.subjects[tested], gallery.subjects[enrolled])  # else it is no test
            rates[g, p] = right[known].mean()
    return rates


def knn_of_features(recognizer: "Zheng", gallery: Gaits, probes: Gaits) -> None:
    """The same, with every view angle's features computed once beforehand."""
    from sklearn.neighbors import KNeighborsClassifier

    angles = np.unique(gallery.view_angles).tolist()
    known = {v: recognizer.features(gallery.at(v).read(), v) for v in angles}
    seen = {v: recognizer.features(probes.at(v).read(), v) for v in angles}
    assert recognizer.transformation is not None
    for gallery_view in angles:
        nearest = KNeighborsClassifier(n_neighbors=1, metric="manhattan")
        nearest.fit(known[gallery_view], gallery.at(gallery_view).subjects)
        for probe_view in angles:
            nearest.predict(recognizer.transformation.transform(seen[probe_view], probe_view, gallery_view))


def all_rates(answers: Identifications) -> None:
    """Ranks, intervals and the bootstrap over subjects."""
    comparison = success.compare(answers, answers)
    success.rank_rate(answers, 5)
    success.success_interval(comparison)
    success.by_probe_view_angle(comparison)


# --- Measuring ----------------------------------------------------------------------------------------------
def measure(files: dict[GaitKey, Path], processes: int, how: str, with_baseline: bool) -> None:
    from recognition.identify.zheng import Zheng  # here, so that processes that draw images do not load it

    parts = split(sorted({key.subject for key in files}), how)
    used = {key: path for key, path in files.items() if key.subject in {*parts.train, *parts.test}}
    tested = sum(key.subject in set(parts.test) for key in used)
    paths = list(used.values())
    energy_image(paths[0])  # compiles what is compiled
    drawing, images = timed(lambda: energy_images(paths, processes))
    gaits = Gaits(tuple(used), images)
    train, test = gaits.of_subjects(parts.train), gaits.of_subjects(parts.test)
    enrolled = test.chosen(SequenceChoice(tuple(GALLERY)))
    probes = test.where([(key.condition, key.number) not in GALLERY for key in test.keys])
    fitting, recognizer = timed(lambda: Zheng().fit(train.inputs, train.subjects, train.view_angles))
    evaluating, answers = timed(lambda: evaluate(recognizer, enrolled, probes))
    rating, _ = timed(lambda: all_rates(answers))
    cells = len(np.unique(enrolled.view_angles)) ** 2
    ours = drawing + fitting + evaluating + rating
    print(f"{tested} test sequences ({len(enrolled)} in the gallery, {len(probes)} probes), {cells} cells")
    print(f"GaitMOS: {len(paths)} energy images in {processes} processes {drawing:.1f} s")
    print(
        f"  training {fitting:.1f} s, cells {evaluating:.2f} s, rates and intervals {rating:.1f} s: {ours:.1f} s"
    )
    if with_baseline:
        sample = paths[:: max(1, len(paths) // SAMPLE)]
        one, _ = timed(lambda: [plain_energy_image(path) for path in sample])
        plain = one / len(sample) * len(paths)
        frugal, _ = timed(lambda: knn_of_features(recognizer, enrolled, probes))
        looped, rates = timed(lambda: knn_cells(recognizer, enrolled, probes))
        same = np.isclose(success.rank_rate(answers), rates).mean()
        whole = plain + fitting + looped + rating
        print(
            f"plain: energy images {plain:.1f} s on one core, a KNN a cell {looped:.1f} s, whole {whole:.1f} s"
        )
        print(f"ratio {whole / ours:.1f} of the whole; cells alone {looped / evaluating:.1f}, ", end="")
        print(f"{frugal / evaluating:.1f} to the frugal loop; equal cells {same:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Evaluate stored silhouettes, beside scikit-learn.")
    parser.add_argument("--media", type=Path, help="folder that holds stored silhouettes (.gsil)")
    parser.add_argument("--split", help="how subjects are split; the paper's where there are 124")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--subjects", type=int, default=24, help="walkers made where no folder is named")
    parser.add_argument("--frames", type=int, default=50, help="of each of their walks")
    parser.add_argument("--no-baseline", action="store_true", help="ours alone")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as made:
        if asked.media is None:
            walkers_in(Path(made), asked.subjects, asked.frames)
        files = stored(asked.media or Path(made))
        if not files:
            sys.exit(f"{asked.media} holds no stored silhouettes (*.gsil): name a dataset's media folder.")
        full = len({key.subject for key in files}) == 124
        how = asked.split or ("paper" if full else "30:15:55")
        measure(files, asked.processes, how, not asked.no_baseline)


if __name__ == "__main__":
    main()
