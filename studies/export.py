"""A study's ratings as rows: one a presentation, in the documented columns, a few raters at a time."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from recognition.tables import Columns, Row
from studies.models import Mask, Presentation, Rater, Rating, Stimulus, Study

COLUMNS: Columns = {
    "study": "text",
    "template": "text",
    "pair": "integer",
    "role": "text",
    "dataset": "text",
    "subject": "text",
    "gait_condition": "text",
    "number": "integer",
    "view_angle": "integer",
    "method": "text",
    "alpha": "number",
    "donor": "text",
    "reference_sha256": "text",
    "clip_sha256": "text",
    "rater": "text",
    "rater_state": "text",
    "position": "integer",
    "score": "integer",
    "fetched_at": "moment",
    "presented_at": "moment",
    "rated_at": "moment",
    "watched_fraction": "number",
    "stalls": "integer",
    "excluded": "boolean",
    "exclusion_reason": "text",
    "simulated": "boolean",
    "playback_checked": "boolean",
}
RATERS_AT_ONCE = 200
NOT_COUNTED: dict[str, str] = {Stimulus.Role.TRAINING: "practice pair", Stimulus.Role.CHECK: "check pair"}
Progress = Callable[[int], None]


def rows(study: Study, progress: Progress | None = None) -> Iterator[Row]:
    """One row a presentation, raters in the order they came; `progress` hears of the rows so far.

    A few raters' rows are in memory at a time, and no query stays open between them, so that whoever takes
    the rows may write to the database meanwhile.
    """
    pairs, excluded = described_pairs(study), Exclusions(study)
    done = 0
    for raters in rater_batches(study):
        shown = presentations(raters)
        for each in shown:
            yield row_of(study, pairs[each["stimulus"]], raters[each["rater"]], each, excluded)
        done += len(shown)
        if progress:
            progress(done)


def count(study: Study) -> int:
    """How many rows there are at the moment."""
    return Presentation.objects.filter(rater__study=study).count()


def rater_batches(study: Study) -> Iterator[dict[int, Rater]]:
    """The study's raters by their ids, a few at a time."""
    ids = list(study.raters.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), RATERS_AT_ONCE):
        some = Rater.objects.filter(pk__in=ids[start : start + RATERS_AT_ONCE])
        yield {rater.pk: rater for rater in some}


def presentations(raters: dict[int, Rater], only: Any = None) -> list[dict[str, Any]]:
    """What these raters were shown and said, in order; of these presentations where `only` names some."""
    shown = Presentation.objects.filter(rater__in=raters).order_by("rater_id", "position", "pk")
    if only is not None:
        shown = shown.filter(pk__in=only)
    return [
        dict(each)
        for each in shown.values(
            "pk",
            "rater",
            "stimulus",
            "position",
            "problem",
            "replaced_by",
            "fetched_at",
            "rating__score",
            "rating__presented_at",
            "rating__rated_at",
            "rating__watched_fraction",
            "rating__stalls",
        )
    ]


def row_of(
    study: Study, pair: Row, rater: Rater, shown: dict[str, Any], excluded: "Exclusions"
) -> tuple[Any, ...]:
    """One presentation in `COLUMNS`."""
    reason = excluded.reason(rater, shown)
    return (
        study.slug,
        study.template,
        *pair,
        rater.pseudonym,
        rater.state,
        shown["position"],
        shown["rating__score"],
        shown["fetched_at"],
        shown["rating__presented_at"],
        shown["rating__rated_at"],
        shown["rating__watched_fraction"],
        shown["rating__stalls"],
        bool(reason),
        reason,
        rater.simulated,
        study.playback_checked,
    )


def rows_of(ratings: QuerySet[Rating]) -> Iterator[Row]:
    """The rows of some ratings, of any studies, in the studies' order."""
    chosen = ratings.order_by().values("presentation")
    for study in Study.objects.filter(raters__presentations__rating__in=ratings.order_by()).distinct():
        pairs, excluded = described_pairs(study), Exclusions(study)
        for raters in rater_batches(study):
            for each in presentations(raters, only=chosen):
                yield row_of(study, pairs[each["stimulus"]], raters[each["rater"]], each, excluded)


# --- What is not counted --------------------------------------------------------------------------
class Exclusions:
    """Which presentations enter no MOS, and why: replaced, masked, of a rater who left, for practice or a check."""

    def __init__(self, study: Study) -> None:
        self.count_abandoned = study.count_abandoned
        active = list(study.masks.filter(lifted=None))
        self.roles = dict(study.stimuli.filter(role__in=NOT_COUNTED).values_list("pk", "role"))
        self.masks = frozenset((mask.rater_id, mask.presentation_id) for mask in active)
        self.raters = {mask.rater_id: said(mask) for mask in active if mask.presentation_id is None}
        self.votes = {mask.presentation_id: said(mask) for mask in active if mask.presentation_id}

    def reason(self, rater: Rater, shown: dict[str, Any]) -> str:
        """Empty where it counts."""
        if shown["problem"]:
            what = "replaced" if shown["replaced_by"] else "left out"
            return f"{what}, could not be played: {shown['problem']}"
        if masked := self.raters.get(rater.pk) or self.votes.get(shown["pk"]):
            return masked
        if rater.state in Rater.LEFT and not self.count_abandoned:
            return f"rater {rater.get_state_display()}"
        return NOT_COUNTED.get(self.roles.get(shown["stimulus"], ""), "")


def said(mask: Mask) -> str:
    what = "rater" if mask.presentation_id is None else "vote"
    reason = f": {mask.reason}" if mask.reason else ""
    return f"{what} masked, {mask.get_rule_display()}{reason}"


# --- Pairs ----------------------------------------------------------------------------------------
def described_pairs(study: Study) -> dict[int, Row]:
    """By id, each pair's columns from `pair` to `clip_sha256`."""
    return {stimulus.pk: _pair(stimulus) for stimulus in known_pairs(study)}


def known_pairs(study: Study) -> QuerySet[Stimulus]:
    return study.stimuli.select_related(
        "condition__anonymization",
        "reference_clip__sequence__subject__dataset",
        "test_clip__sequence__subject__dataset",
        "anonymized_sequence__source__subject__dataset",
    )


def _pair(stimulus: Stimulus) -> Row:
    """The method is its condition's, or what the condition is called where clips were brought without one; whose walk
    it is, where the clips are of walks that are known here."""
    condition, changed = stimulus.condition, stimulus.anonymized_sequence
    shown = stimulus.reference_clip or stimulus.test_clip
    walk = changed.source if changed else shown.sequence
    return (
        stimulus.number,
        stimulus.role,
        walk.subject.dataset.name if walk else "",
        walk.subject.label if walk else "",
        walk.gait_condition if walk else "",
        walk.number if walk else None,
        stimulus.view_angle,
        (condition.method or condition.label) if condition else "",
        condition.anonymization.alpha if condition and condition.anonymization else None,
        changed.donor if changed else "",
        stimulus.reference_clip.sha256 if stimulus.reference_clip else "",
        stimulus.test_clip.sha256,
    )
