"""The doors into studies: made from anonymizations or clips that are brought, prepared as a run, opened and closed.

The work itself stands in `building`, `preparing`, `bringing` and `life`.
"""

from studies.building import make, request_study, summary
from studies.life import close_study, freeze, open_study
from studies.preparing import prepare_study

__all__ = ["close_study", "freeze", "make", "open_study", "prepare_study", "request_study", "summary"]
