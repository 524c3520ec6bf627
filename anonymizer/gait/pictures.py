"""One small picture of a walk: its middle frame on the left, its gait energy image on the right."""

import cv2
import numpy as np

from anonymizer.gait.bodies import scaled
from anonymizer.gait.silhouettes import Silhouettes

HEIGHT, WIDTH = 128, 88  # px, each half


def picture(silhouettes: Silhouettes) -> bytes:
    """A PNG, 8-bit grey, `HEIGHT` x 2·`WIDTH`; blank frames are left out unless there are no others."""
    bodies = scaled(silhouettes, HEIGHT, WIDTH)  # (frames, HEIGHT, WIDTH)
    kept = bodies[bodies.any(axis=(1, 2))]
    shown = kept if len(kept) else bodies
    middle = shown[len(shown) // 2].astype(np.float32)
    halves = np.hstack([middle, shown.mean(axis=0, dtype=np.float32)]) * 255
    _, png = cv2.imencode(".png", halves.round().astype(np.uint8))
    return bytes(png)
