"""What a method is given besides walks."""

from dataclasses import dataclass

import numpy as np

from anonymizer.gait.parameters import Parameters
from anonymizer.gait.training import Checkpoint


@dataclass(frozen=True)
class Call:
    """One call of a method, for one track."""

    parameters: Parameters  # all of the method's, checked
    network: Checkpoint | None  # trained for this method, where it needs one
    rng: np.random.Generator  # for whatever the method leaves to chance
