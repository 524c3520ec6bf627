"""A contact sheet of every method, made from walkers who exist nowhere.

    python -m anonymizer.gait.method_sheets docs/method/img [METHOD …]

Each sheet shows three view angles. Its rows are the original, the donor in the original's phase (where the method
has one) and what became of the walk; its columns are moments of one gait cycle. The paper's literal readings have
sheets of their own and say so.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait import methods
from anonymizer.gait.catalogue import METHODS, Method
from anonymizer.gait.contour_methods import donor_frames, training_pairs
from anonymizer.gait.donors import Donor, Track, Walk
from anonymizer.gait.silhouettes import Silhouettes, bounding_boxes
from anonymizer.gait.training import Checkpoint, Settings, train
from anonymizer.gait.walkers import donor as synthetic_donor
from anonymizer.gait.walkers import walk

SEED = 11
VIEW_ANGLES = (0, 54, 90)
MOMENTS = 8
CYCLE = 26  # frames, about
FIRST = 12  # frame of the first column: the walkers are in full view
CELL_HEIGHT, CELL_WIDTH = 132, 92  # px
BODY = 112  # px, the original's height in a cell
LABELS = 92  # px, left of the rows
INK, CHANGED, PAPER = 60, 20, 255  # shades
NOTES = {
    "blur": "a baseline, not a natural walk: thin legs run together or are lost",
    "pixelate": "a baseline, not a natural walk: bodies of coarse squares",
    "erode": "a baseline, not a natural walk: thin shins and wrists come apart",
}
TRAINING_SUBJECTS, TRAINING_EPOCHS, TRAINING_STRIDE = 4, 12, 4

Sheet = NDArray[np.uint8]  # (height, width) grey


@dataclass(frozen=True)
class Subject:
    """What a sheet shows: a method with parameters, and what to call it."""

    name: str  # of the file
    method: Method
    parameters: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def subjects() -> Iterator[Subject]:
    """Every method as it is usually used, then the readings and choices that need showing."""
    for method in METHODS.values():
        again = {"draws": "seeded"} if "draws" in method.parameters else {}  # the same picture each time
        yield Subject(method.name, method, again, NOTES.get(method.name, ""))
    literal = "a literal reading of the text: not people's shapes"
    for name, value in (("order", "raster"), ("padding", "zero"), ("phase", "none")):
        yield Subject(f"tieu-{name}-{value}", METHODS["tieu"], {name: value}, f"{name}={value}, {literal}")
    both = {"order": "raster", "padding": "zero", "phase": "none"}
    yield Subject("tieu-literal", METHODS["tieu"], both, f"all three, {literal}")
    note = "the noise gait seen from 90 degrees (Fig. 7)"
    yield Subject("tieu-noise-view-angle-90", METHODS["tieu"], {"noise_view_angle": 90}, note)


def sheet(subject: Subject) -> Sheet:
    """The whole picture, its title above."""
    original: Track = walk(SEED, 1, "nm", 1, view_angles=VIEW_ANGLES)
    wanted = subject.method.donors_for(subject.parameters)
    donors = [Donor(synthetic_donor(SEED, index, view_angles=VIEW_ANGLES)) for index in range(wanted)]
    changed = methods.anonymize(
        original,
        subject.method.name,
        parameters=subject.parameters,
        donors=donors,
        network=network(subject.method, subject.parameters) if subject.method.needs_network else None,
        rng=np.random.default_rng(SEED),
    )
    blocks = [_block(angle, original, changed, donors, subject) for angle in VIEW_ANGLES]
    return np.vstack([_title(subject, blocks[0].shape[1]), *blocks])


def network(method: Method, parameters: dict[str, Any]) -> Checkpoint:
    """Trained on a few walkers, enough to see what such a network does."""
    learned = {name: value for name, value in method.checked(parameters).items() if name in method.learned}
    tracks = [
        walk(SEED + 1, index, "nm", 1, view_angles=VIEW_ANGLES) for index in range(1, TRAINING_SUBJECTS + 1)
    ]
    noise = synthetic_donor(SEED + 1, 0, view_angles=VIEW_ANGLES)
    x1, x2 = training_pairs(tracks, [noise] * len(tracks), learned, TRAINING_STRIDE)
    settings = Settings(epochs=TRAINING_EPOCHS, seed=SEED, branches=method.first_layers)
    *_, last = train(x1, x2, method=method.name, parameters=learned, settings=settings)
    return last


def _title(subject: Subject, width: int) -> Sheet:
    band = np.full((44 if subject.note else 26, width), PAPER, np.uint8)
    settings = subject.method.checked(subject.parameters)
    _write(band, subject.method.described(settings).replace("α", "alpha"), 18, 0.5)
    if subject.note:
        _write(band, subject.note, 36, 0.42)
    return band


def _block(angle: int, original: Track, changed: Track, donors: Sequence[Donor], subject: Subject) -> Sheet:
    """One view angle: two or three rows."""
    frames = FIRST + np.arange(MOMENTS) * CYCLE // MOMENTS
    boxes = bounding_boxes(original[angle])[frames]
    rows = [_row(f"{angle} deg", original[angle][frames], boxes, INK)]
    if donors:
        seen = donors[0].walk(subject.parameters.get("noise_view_angle", angle))
        in_phase = donor_frames(Walk(original[angle]), seen, subject.parameters.get("phase") != "none")
        lent = seen.silhouettes[in_phase[frames]]
        said = "donor" if len(donors) == 1 else f"1 of {len(donors)} donors"
        rows.append(_row(said, lent, bounding_boxes(lent), INK))
    rows.append(_row("changed", changed[angle][frames], boxes, CHANGED))
    return np.vstack([*rows, np.full((8, rows[0].shape[1]), PAPER, np.uint8)])


def _row(label: str, frames: Silhouettes, boxes: NDArray[np.int64], shade: int) -> Sheet:
    """The frames side by side, each cut out round its box, so that the box is `BODY` pixels high."""
    margin = np.full((CELL_HEIGHT, LABELS), PAPER, np.uint8)
    _write(margin, label, CELL_HEIGHT // 2, 0.42)
    cells = [_cell(frame, box, shade) for frame, box in zip(frames, boxes, strict=True)]
    return np.hstack([margin, *cells])


def _cell(frame: NDArray[np.bool_], box: NDArray[np.int64], shade: int) -> Sheet:
    scale = BODY / max(1, box[2] - box[0])
    x, y = (box[1] + box[3]) / 2, (box[0] + box[2]) / 2
    move = np.array([[scale, 0, CELL_WIDTH / 2 - x * scale], [0, scale, CELL_HEIGHT / 2 - y * scale]])
    body = cv2.warpAffine(frame.astype(np.float32), move, (CELL_WIDTH, CELL_HEIGHT), flags=cv2.INTER_LINEAR)
    return np.asarray(PAPER - body * (PAPER - shade)).astype(np.uint8)


def _write(picture: Sheet, text: str, baseline: int, size: float) -> None:
    cv2.putText(picture, text, (6, baseline), cv2.FONT_HERSHEY_SIMPLEX, size, 40, 1, cv2.LINE_AA)


def main(folder: str, *names: str) -> None:
    """Write the sheets, all of them or those named."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    chosen = [each for each in subjects() if not names or each.name in names]
    if not chosen:
        raise SystemExit(
            f"There is no sheet of that name. Use: {', '.join(each.name for each in subjects())}."
        )
    for subject in chosen:
        path = Path(folder) / f"{subject.name}.png"
        cv2.imwrite(str(path), sheet(subject), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        print(path)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("Give a folder for the sheets, and names of methods for only some of them.")
    main(*sys.argv[1:])
