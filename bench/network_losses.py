"""Where the paper's network ends, against the minimum of its own loss; and how many beginnings are dead.

    python bench/network_losses.py

Losses are those of equation 5 in square pixels of the 240 x 240 crop, on walkers that the networks were trained on.
"""

import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anonymizer.gait.catalogue import READING, named
from anonymizer.gait.contour_methods import training_pairs
from anonymizer.gait.contours import CROP_SIDE
from anonymizer.gait.network import closed_form, initial_weights, loss, modified
from anonymizer.gait.training import Settings, is_dead, train
from anonymizer.gait.walkers import donor, walk

VIEW_ANGLES = (0, 36, 90, 126, 180)
SUBJECTS, STRIDE, EPOCHS, LEARNING_RATE = 6, 3, 100, 0.01
ALPHAS = (0.3, 1.0, 3.0)
BEGINNINGS = 300


def main() -> None:
    reading = {name: spec.default for name, spec in READING.items()}
    tracks = [walk(5, subject, "nm", 1, view_angles=VIEW_ANGLES) for subject in range(1, SUBJECTS + 1)]
    noise = donor(5, 0, view_angles=VIEW_ANGLES)
    x1, x2 = training_pairs(tracks, [noise] * SUBJECTS, {"alpha": 0.3, **reading}, STRIDE)
    print(f"{len(x1)} frames of {SUBJECTS} walkers, {EPOCHS} epochs, learning rate {LEARNING_RATE}")
    print("alpha  original  half and half  minimum  shared (paper)  unshared  distance of shared to the half")
    for alpha in ALPHAS:
        ys = {}
        for name in ("tieu", "tieu-unshared"):
            settings = Settings(EPOCHS, LEARNING_RATE, seed=1, branches=named(name).first_layers)
            parameters = {"alpha": alpha, **reading}
            *_, last = train(x1, x2, method=name, parameters=parameters, settings=settings)
            ys[name] = modified(last.weights, x1, x2)
        half = (x1 + x2) / 2
        found = [loss(y, x1, x2, alpha) for y in (x1, half, closed_form(x1, x2, alpha), *ys.values())]
        away = float(((ys["tieu"] - half) ** 2).mean() ** 0.5)
        print(f"{alpha:5g} " + " ".join(f"{each:9.1f}" for each in found) + f" {away:9.2f} px")
    small = [each[:16] / CROP_SIDE for each in (x1, x2)]
    dead = sum(is_dead(initial_weights(seed), *small) for seed in range(BEGINNINGS))
    print(f"dead beginnings: {dead} of {BEGINNINGS}")


if __name__ == "__main__":
    main()
