"""The dashboard's figures, each a function of plain numbers that gives a `Figure`.

Rates come in from 0 to 1 and are shown in percent. What a figure's dict holds and how its colours are named
is in `figure_parts`.
"""

from studies.mos.figure_by_angle import mos_by_view_angle, success_rate_by_view_angle
from studies.mos.figure_depth import Spread, sos, subject_model_by_view_angle
from studies.mos.figure_frontier import FrontierPoint, frontier
from studies.mos.figure_ladder import Ladder, Rung, attackers_ladder
from studies.mos.figure_matrix import success_matrix
from studies.mos.figure_parts import Figure, Point, Series, Table
from studies.mos.figure_votes import Distribution, raters_by_state, score_distribution, votes_per_pair

__all__ = [
    "Distribution",
    "Figure",
    "FrontierPoint",
    "Ladder",
    "Point",
    "Rung",
    "Series",
    "Spread",
    "Table",
    "attackers_ladder",
    "frontier",
    "mos_by_view_angle",
    "raters_by_state",
    "score_distribution",
    "sos",
    "subject_model_by_view_angle",
    "success_matrix",
    "success_rate_by_view_angle",
    "votes_per_pair",
]
