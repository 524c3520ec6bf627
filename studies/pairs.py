"""The pairs of a study, before their clips exist: what is rated, what is practised on, what checks attention.

Practice spans the scale: an identical pair, a broken walk, the changed walks that came out most and least like
their originals. Both practice and checks are made of walks that are not rated, where there are enough.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle, islice

import numpy as np

from anonymizer.clips import Wanted
from anonymizer.gait.renderings import Rendering
from anonymizer.models import AnonymizedSequence
from anonymizer.models import Sequence as Walk
from studies import walks
from studies.models import Condition, Stimulus, Study
from studies.showing import ALONE

IDENTICAL, BROKEN, MILD, STRONG, HIDDEN = "identical", "broken", "mild", "strong", "hidden reference"
PRACTICE = (IDENTICAL, BROKEN, MILD, STRONG, MILD, STRONG)
CHECKS = (IDENTICAL, BROKEN, IDENTICAL)
EXPECTED = {IDENTICAL: 5, BROKEN: 1}
UNKNOWN_IOU = 0.5
Changed = tuple[Condition, AnonymizedSequence]


@dataclass(frozen=True)
class Pair:
    """A pair to be; `labels` say what kind it is."""

    walk: Walk
    test: Wanted
    reference: Wanted | None = None
    role: str = Stimulus.Role.REGULAR.value
    condition: Condition | None = None
    changed: AnonymizedSequence | None = None
    expected_score: int | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def takes(self) -> list[Wanted]:
        return [self.test] if self.reference is None else [self.reference, self.test]


def of_study(study: Study) -> list[Pair]:
    """All pairs: those that are rated, then practice, then checks."""
    conditions = list(study.conditions.select_related("anonymization__dataset"))
    common = walks.common(
        [each.anonymization for each in conditions if each.anonymization], study.view_angles
    )
    chosen = walks.drawn(common, study.pairs_per_view_angle, study.seed)
    rated = [walk for rows in chosen.values() for walk in rows]
    kept = {walk.pk for walk in rated}
    others = [walk for rows in common.values() for walk in rows if walk.pk not in kept]
    casting = _Casting(study, conditions, others, rated)
    return [
        *_rated(study, conditions, rated),
        *casting.pairs(study.training_pairs, PRACTICE, Stimulus.Role.TRAINING),
        *casting.pairs(study.check_pairs, CHECKS, Stimulus.Role.CHECK),
    ]


# --- What is rated --------------------------------------------------------------------------------
def _rated(study: Study, conditions: list[Condition], rated: list[Walk]) -> Iterator[Pair]:
    for condition in conditions:
        assert condition.anonymization is not None  # of_study is for walks of ours
        changed = walks.changed_by(condition.anonymization, rated)
        for walk in rated:
            yield _shown(study, walk, changed[walk.pk], condition=condition)
    if study.template == Study.Template.ACR_HR:
        for walk in rated:
            yield Pair(walk, Wanted(walk, None, _rendering(study)), labels={"kind": HIDDEN})


def _rendering(study: Study, *, side_by_side: bool = False, broken: bool = False) -> str:
    return Rendering(study.rendering == Study.Rendering.IN_PLACE, side_by_side, broken).name


def _shown(
    study: Study,
    walk: Walk,
    changed: AnonymizedSequence | None,
    *,
    broken: bool = False,
    condition: Condition | None = None,
) -> Pair:
    """How the study shows a walk and what became of it; without `changed` the original plays both parts."""
    side_by_side = study.layout == Study.Layout.SIDE_BY_SIDE
    test = Wanted(walk, changed, _rendering(study, side_by_side=side_by_side, broken=broken))
    original = Wanted(walk, None, _rendering(study))
    alone = side_by_side or study.template == Study.Template.ACR
    if study.template in ALONE and condition is None:
        alone = True  # practice and checks have no hidden reference to be compared with
    return Pair(walk, test, None if alone else original, condition=condition, changed=changed)


# --- Practice and checks --------------------------------------------------------------------------
class _Casting:
    """Gives walks to practice and checks: each walk once, as many view angles as can be."""

    def __init__(
        self, study: Study, conditions: list[Condition], others: list[Walk], rated: list[Walk]
    ) -> None:
        self.study = study
        rng = np.random.default_rng([study.seed, 2])
        self.unrated = [others[index] for index in rng.permutation(len(others))]
        self.rated = [rated[index] for index in rng.permutation(len(rated))]
        self.used: set[int] = set()
        self.angles: dict[int, int] = {}
        self.changed: dict[int, list[Changed]] = {}
        for condition in conditions:
            assert condition.anonymization is not None  # of_study is for walks of ours
            for pk, row in walks.changed_by(condition.anonymization, [*others, *rated]).items():
                self.changed.setdefault(pk, []).append((condition, row))

    def pairs(self, number: int, kinds: Iterable[str], role: Stimulus.Role) -> Iterator[Pair]:
        for kind in islice(cycle(kinds), number):
            walk = self._walk(kind)
            changed = None if kind in EXPECTED else self._ranked(walk, kind)[1]
            shown = _shown(self.study, walk, changed, broken=kind == BROKEN)
            expected = EXPECTED[kind] if role == Stimulus.Role.CHECK else None
            yield replace(shown, role=role.value, expected_score=expected, labels={"kind": kind})

    def _walk(self, kind: str) -> Walk:
        """An unused walk, one that is not rated if there is any, at the view angle used least."""
        free = [walk for walk in self.unrated if walk.pk not in self.used]
        free = free or [walk for walk in self.rated if walk.pk not in self.used] or self.unrated or self.rated
        least = min(self.angles.get(walk.view_angle, 0) for walk in free)
        there = [walk for walk in free if self.angles.get(walk.view_angle, 0) == least]
        walk: Walk = there[0]
        if kind not in EXPECTED:
            walk = max(there, key=lambda each: self._fitness(each, kind))
        self.used.add(walk.pk)
        self.angles[walk.view_angle] = self.angles.get(walk.view_angle, 0) + 1
        return walk

    def _ranked(self, walk: Walk, kind: str) -> Changed:
        """What changed the walk least (mild) or most (strong), of all conditions."""
        best = max if kind == MILD else min
        return best(self.changed[walk.pk], key=lambda each: _iou(each[1]))

    def _fitness(self, walk: Walk, kind: str) -> float:
        iou = _iou(self._ranked(walk, kind)[1])
        return iou if kind == MILD else -iou


def _iou(row: AnonymizedSequence) -> float:
    return UNKNOWN_IOU if row.iou is None else row.iou
