"""Which votes count, and what they come to: one place for it, so that every figure counts alike.

A vote counts on a regular pair that could be played, where neither its rater nor the vote itself is masked.
Raters who left count only where the study says so. People and simulated raters are never pooled.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.models import Rater, Stimulus, Study
from studies.mos.measures import MEASURES, NO_REFERENCE, Measure, differential
from studies.mos.statistics import GroupScore, mos_by_group
from studies.votes import STATES, Votes

Codes = NDArray[np.int64]
Masked = frozenset[tuple[int, int | None]]  # (rater, presentation or none: the whole rater)
ANGLES = 1000  # above every view angle, so that condition and view angle fit into one number


def measure_of(study: Study) -> Measure:
    return MEASURES[study.template]


def masked(study: Study) -> Masked:
    """What is set aside at the moment."""
    return frozenset(study.masks.filter(lifted=None).values_list("rater", "presentation"))


# --- Stimuli ----------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Stimuli:
    """A study's stimuli in the order of their codes; columns of (stimuli,)."""

    number: Codes
    view_angle: Codes
    regular: NDArray[np.bool_]
    check: NDArray[np.bool_]
    condition: Codes  # places among `conditions`; -1 for references and checks
    expected: NDArray[np.float64]  # NaN: nothing is expected
    reference_of: Codes  # the hidden reference's code, NO_REFERENCE where there is none
    conditions: tuple[Any, ...]

    @property
    def in_condition(self) -> NDArray[np.bool_]:
        """Regular pairs of a condition: what MOS speaks of."""
        return self.regular & (self.condition >= 0)


def stimuli_of(study: Study) -> Stimuli:
    conditions = tuple(study.conditions.select_related("anonymization__run", "anonymization__dataset"))
    place = {condition.pk: code for code, condition in enumerate(conditions)}
    rows = list(
        study.stimuli.order_by("pk").values_list(
            "pk", "number", "view_angle", "role", "condition", "expected_score"
        )
    )
    _, number, angle, role, condition, expected = zip(*rows, strict=True) if rows else ((),) * 6
    hidden = _references(study) if measure_of(study).differential else {}
    codes = {row[0]: code for code, row in enumerate(rows)}
    return Stimuli(
        number=np.array(number, dtype=np.int64),
        view_angle=np.array(angle, dtype=np.int64),
        regular=np.array([each == Stimulus.Role.REGULAR for each in role], dtype=np.bool_),
        check=np.array([each == Stimulus.Role.CHECK for each in role], dtype=np.bool_),
        condition=np.array([place.get(each, -1) for each in condition], dtype=np.int64),
        expected=np.array([np.nan if each is None else each for each in expected], dtype=np.float64),
        reference_of=np.array(
            [codes.get(hidden.get(row[0], 0), NO_REFERENCE) for row in rows], dtype=np.int64
        ),
        conditions=conditions,
    )


def _references(study: Study) -> dict[int, int]:
    """Each processed stimulus's hidden reference: the regular one without a condition that shows its original."""
    regular = study.stimuli.filter(role=Stimulus.Role.REGULAR).select_related(
        "test_clip", "anonymized_sequence"
    )
    originals: dict[tuple[str, int], int] = {}
    for stimulus in regular.filter(condition=None):
        originals["clip", stimulus.test_clip_id] = stimulus.pk
        if stimulus.test_clip.sequence_id:
            originals["walk", stimulus.test_clip.sequence_id] = stimulus.pk
    found = {}
    for stimulus in regular.exclude(condition=None):
        walk = stimulus.anonymized_sequence.source_id if stimulus.anonymized_sequence else 0
        known = originals.get(("clip", stimulus.reference_clip_id or 0)) or originals.get(("walk", walk))
        if known:
            found[stimulus.pk] = known
    return found


# --- Votes ------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Counted:
    """The votes that count, of people or of simulated raters; columns of (votes,)."""

    simulated: bool
    stimuli: Stimuli
    rater: Codes
    stimulus: Codes
    score: NDArray[np.float64]  # as given, or the difference to the hidden reference
    given: NDArray[np.float64]  # as given

    def __len__(self) -> int:
        return len(self.score)

    @cached_property
    def condition(self) -> Codes:
        return self.stimuli.condition[self.stimulus]

    @cached_property
    def by_condition(self) -> dict[int, GroupScore]:
        """The mean of each condition that has votes."""
        found = mos_by_group(self.condition, self.rater, self.stimulus, self.score)
        return {group.group: group for group in found}

    @cached_property
    def by_condition_and_view_angle(self) -> dict[tuple[int, int], GroupScore]:
        groups = (self.stimuli.condition * ANGLES + self.stimuli.view_angle)[self.stimulus]
        found = mos_by_group(groups, self.rater, self.stimulus, self.score)
        return {(group.group // ANGLES, group.group % ANGLES): group for group in found}

    @cached_property
    def per_stimulus(self) -> Codes:
        """Votes on each stimulus, (stimuli,)."""
        return np.bincount(self.stimulus, minlength=len(self.stimuli.number))

    @cached_property
    def score_counts(self) -> dict[int, list[int]]:
        """How often each score of the scale was given to each condition."""
        cells = self.condition * 6 + self.given.astype(np.int64)
        table = np.bincount(cells, minlength=6 * len(self.stimuli.conditions))
        rows = table.reshape(-1, 6)[:, 1:].tolist()
        return {condition: rows[condition] for condition in self.by_condition}

    @cached_property
    def raters(self) -> int:
        return int(np.count_nonzero(np.bincount(self.rater))) if len(self) else 0

    @cached_property
    def clips(self) -> int:
        return int(np.count_nonzero(self.per_stimulus))


def raters_who_count(study: Study, votes: Votes, simulated: bool) -> NDArray[np.bool_]:
    """(raters,), masks aside."""
    who: NDArray[np.bool_] = votes.simulated == simulated
    if not study.count_abandoned:
        who = who & ~np.isin(votes.state, [STATES.index(state) for state in Rater.LEFT])
    return who


def counted(
    study: Study,
    votes: Votes,
    stimuli: Stimuli,
    *,
    simulated: bool,
    masks: Masked = frozenset(),
    without: Iterable[int] = (),
) -> Counted:
    """What counts once `masks` and the raters `without` (codes) are set aside."""
    columns = votes.columns
    who = raters_who_count(study, votes, simulated)
    who &= ~np.isin(votes.rater_pks, [rater for rater, presentation in masks if presentation is None])
    who[list(without)] = False
    which = stimuli.regular if measure_of(study).differential else stimuli.in_condition
    kept = who[columns["rater"]] & which[columns["stimulus"]]
    single = [presentation for _, presentation in masks if presentation is not None]
    if single:
        kept &= ~np.isin(columns["presentation"], single)
    rater, stimulus = (columns[name][kept].astype(np.int64) for name in ("rater", "stimulus"))
    given = columns["score"][kept].astype(np.float64)
    if not measure_of(study).differential:
        return Counted(simulated, stimuli, rater, stimulus, given, given)
    known, score = differential(rater, stimulus, given, stimuli.reference_of, len(votes.rater_pks))
    known_given = given[known]
    return Counted(simulated, stimuli, rater[known], stimulus[known], score, known_given)


def counted_now(study: Study, votes: Votes, stimuli: Stimuli, masks: Masked, *, simulated: bool) -> Counted:
    """`counted`, worked out once for these votes, masks and stimuli."""
    key = (
        "counted", simulated, masks, study.template, study.count_abandoned,
        stimuli.regular.tobytes(), stimuli.condition.tobytes(), stimuli.view_angle.tobytes(),
    )  # fmt: skip
    if key not in votes.memo:
        _forget_old(votes)
        votes.memo[key] = counted(study, votes, stimuli, simulated=simulated, masks=masks)
    found: Counted = votes.memo[key]
    return found


def _forget_old(votes: Votes) -> None:
    """Of a million votes each selection takes some 30 MB: what masks no longer say is let go."""
    kept = [key for key in votes.memo if key[0] == "counted"]
    for key in kept[:-3]:
        votes.memo.pop(key, None)
