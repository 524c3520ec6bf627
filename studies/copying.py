"""A study once more: its settings as the builder's fields, or itself with the clips that were brought to it."""

from django.contrib.auth.models import User
from django.db import transaction

from anonymizer.jobs import Refused
from anonymizer.models import Anonymization
from studies import history, seat_plan, walks
from studies.building import completion_code, free_name, free_slug
from studies.models import Condition, Stimulus, Study
from studies.preparing import write_design

SAME = (
    "pairs_per_view_angle", "rendering", "template", "layout", "question", "pairs_per_rater", "platform",
    "return_url", "rater_days", "idle_minutes", "identity_days", "training_pairs", "check_pairs", "seed",
)  # fmt: skip
ALL = (
    *SAME, "translations", "scale", "consent_text", "consent_version", "view_angles", "pause_half_way",
    "target_raters", "clip_seconds", "quotas", "count_abandoned", "playback_checked",
)  # fmt: skip


def fields_of(study: Study) -> dict[str, list[str]]:
    """What somebody would have typed to make the study, as a form sends it. A day that has passed is left out."""
    runs = Anonymization.objects.filter(conditions__study=study).order_by("conditions__number")
    angles = study.view_angles or list(walks.common(runs))
    told = {
        **{name: [str(getattr(study, name))] for name in SAME},
        "name": [free_name(study.name, "copy")],
        "anonymizations": [str(run.pk) for run in runs],
        "view_angles": [str(angle) for angle in angles],
        "clip_seconds": [f"{study.clip_seconds:g}"],
        "raters": [str(study.target_raters)],
        "quotas": [", ".join(f"{each['locale']}={each['most']}" for each in study.quotas)],
        **{
            f"question_{tag}": [each["question"]]
            for tag, each in study.translations.items()
            if "question" in each
        },
    }
    boxes = {
        "playback_check": study.playback_checked,
        "pause_half_way": study.pause_half_way,
        "count_abandoned": study.count_abandoned,
    }
    return {**told, **{name: ["on"] for name, ticked in boxes.items() if ticked}}


def with_clips(study: Study, user: User | None) -> Study:
    """A draft of the same pairs, drawn anew; ready at once, since its clips are there."""
    rows = list(study.stimuli.select_related("condition"))
    if not rows:
        raise Refused("This study has no clips yet, so there is nothing to copy.")
    name = free_name(study.name, "copy")
    made = Study(name=name, slug=free_slug(name), owner=user, completion_code=completion_code())
    for field in ALL:
        setattr(made, field, getattr(study, field))
    seats = seat_plan.drawn(made, rows, made.target_raters)  # before the transaction: it may take seconds
    with transaction.atomic():
        made.save()
        conditions = {
            each.number: made.conditions.create(number=each.number, label=each.label, method=each.method)
            for each in study.conditions.all()
        }
        write_design(made, [_again(made, row, conditions) for row in rows], seats)
        history.record(made, user, f"Made as a copy of {study.name}, with its clips.")
    return made


def _again(study: Study, row: Stimulus, conditions: dict[int, Condition]) -> Stimulus:
    return Stimulus(
        study=study,
        condition=conditions[row.condition.number] if row.condition else None,
        number=row.number,
        view_angle=row.view_angle,
        role=row.role,
        reference_clip_id=row.reference_clip_id,
        test_clip_id=row.test_clip_id,
        expected_score=row.expected_score,
        labels=row.labels,
    )
