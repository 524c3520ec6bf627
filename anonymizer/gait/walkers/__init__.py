"""Synthetic walkers: people who exist nowhere, walking past eleven cameras, so that everything runs without
real gait data. Whatever shows them must say that they are synthetic.

`walk` makes a subject's walk, `donor` a walk of somebody who is no subject.
"""

from anonymizer.gait.walkers.cameras import CASIA_B_VIEW_ANGLES
from anonymizer.gait.walkers.difficulty import DIFFICULTIES
from anonymizer.gait.walkers.walking import CONDITIONS, donor, walk

__all__ = ["CASIA_B_VIEW_ANGLES", "CONDITIONS", "DIFFICULTIES", "donor", "walk"]
