"""Exported ratings: documented columns, one row a presentation, and why a vote is not counted."""

from datetime import UTC, datetime
from statistics import mean

import pytest
from django.utils import timezone

from studies import dashboard, export, rating
from studies.models import Mask, Presentation, Rater, Stimulus
from tests.studies.rows import add_pair, enrol, make_study, rate

pytestmark = pytest.mark.django_db
INTERFACE = (
    "study, template, pair, role, dataset, subject, gait_condition, number, view_angle, method, alpha, donor, "
    "reference_sha256, clip_sha256, rater, rater_state, position, score, fetched_at, presented_at, rated_at, "
    "watched_fraction, stalls, excluded, exclusion_reason, simulated, playback_checked"
)


def entries(study):
    return [dict(zip(export.COLUMNS, row, strict=True)) for row in export.rows(study)]


def reasons(study):
    """By rater and position why a presentation is not counted."""
    found = {(row["rater"], row["position"], row["pair"]): row for row in entries(study)}
    assert all(row["excluded"] == bool(row["exclusion_reason"]) for row in found.values())
    return {key[1:]: row["exclusion_reason"] for key, row in found.items()}


def test_the_columns_are_those_that_others_rely_on():
    assert ", ".join(export.COLUMNS) == INTERFACE


def test_a_row_says_what_was_shown_to_whom_and_what_they_said():
    study = make_study()
    rater = enrol(study)
    rate(rater, 1, 4)
    row, later = entries(study)
    pair = study.stimuli.get(number=1)
    kept = Presentation.objects.get(rater=rater, position=1)
    assert row == {
        "study": "street-walks",
        "template": "naturalness",
        "pair": 1,
        "role": "regular",
        "dataset": "Street walks",
        "subject": "001",
        "gait_condition": "nm",
        "number": 1,
        "view_angle": 0,
        "method": "tieu",
        "alpha": 0.3,
        "donor": "",
        "reference_sha256": pair.reference_clip.sha256,
        "clip_sha256": pair.test_clip.sha256,
        "rater": rater.pseudonym,
        "rater_state": "rating",
        "position": 1,
        "score": 4,
        "fetched_at": kept.fetched_at,
        "presented_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "rated_at": kept.rating.rated_at,
        "watched_fraction": 1.0,
        "stalls": 0,
        "excluded": False,
        "exclusion_reason": "",
        "simulated": False,
        "playback_checked": True,
    }
    assert (later["position"], later["score"], later["rated_at"]) == (2, None, None)


def test_the_method_is_that_of_the_pairs_own_condition():
    study = make_study(view_angles=(0, 0), seats=((1, 2),))
    first = study.conditions.get()
    brought = study.conditions.create(number=2, label="Theirs, of 2025", method="theirs")
    study.stimuli.filter(number=2).update(condition=brought)
    enrol(study)
    assert [(row["method"], row["alpha"]) for row in entries(study)] == [
        (first.method, 0.3),
        ("theirs", None),
    ]
    study.conditions.filter(number=2).update(method="")
    assert [row["method"] for row in entries(study)] == [first.method, "Theirs, of 2025"]


def test_a_clip_of_no_known_walk_has_no_subject_and_no_method():
    study = make_study(view_angles=(0,), seats=((1,),))
    pair = study.stimuli.get()
    for clip in (pair.reference_clip, pair.test_clip):
        type(clip).objects.filter(pk=clip.pk).update(sequence=None, anonymized_sequence=None)
    Stimulus.objects.filter(pk=pair.pk).update(anonymized_sequence=None, condition=None)
    enrol(study)
    (row,) = entries(study)
    assert [row[name] for name in ("dataset", "subject", "number", "method", "alpha", "donor")] == [
        "", "", None, "", None, "",
    ]  # fmt: skip


def test_a_replaced_presentation_stands_there_with_its_reason_beside_the_one_in_its_place():
    study = make_study(view_angles=(0, 0, 90), seats=((1, 3),))
    rater = enrol(study)
    rating.replace(rater, 1, "decode error")
    with pytest.raises(rating.NoPairLeft):
        rating.replace(rater, 2, "decode error")
    assert reasons(study) == {
        (1, 1): "replaced, could not be played: decode error",
        (1, 2): "",
        (2, 3): "left out, could not be played: decode error",
    }


def test_a_mask_excludes_until_it_is_lifted():
    study = make_study(seats=((1, 2), (3, 4)))
    first, second = enrol(study), enrol(study)
    whole = Mask.objects.create(study=study, rater=first, rule=Mask.Rule.BT500, reason="5 of 30 far off")
    one = Mask.objects.create(study=study, rater=second, presentation=second.presentations.get(position=2))
    assert reasons(study) == {
        (1, 1): "rater masked, BT.500: 5 of 30 far off",
        (2, 2): "rater masked, BT.500: 5 of 30 far off",
        (1, 3): "",
        (2, 4): "vote masked, by hand",
    }
    Mask.objects.filter(pk__in=[whole.pk, one.pk]).update(lifted=timezone.now())
    assert set(reasons(study).values()) == {""}


@pytest.mark.parametrize("state", [Rater.State.ABANDONED, Rater.State.EXPIRED])
def test_whether_a_rater_who_left_counts_is_the_studys_choice(state):
    study = make_study(seats=((1, 2),))
    rate(enrol(study), 1, 3)
    study.raters.update(state=state)
    assert reasons(study) == {(1, 1): f"rater {state.label}", (2, 2): f"rater {state.label}"}
    study.count_abandoned = True
    assert set(reasons(study).values()) == {""}


def test_training_and_checks_say_that_they_are_not_counted():
    study = make_study(view_angles=(0,), seats=((1, 2, 3),))
    add_pair(study, 2, 0, role=Stimulus.Role.CHECK, expected_score=5)
    add_pair(study, 3, 0, role=Stimulus.Role.TRAINING, expected_score=2)
    enrol(study)
    assert [(row["role"], row["excluded"], row["exclusion_reason"]) for row in entries(study)] == [
        ("regular", False, ""),
        ("check", True, "check pair"),
        ("training", True, "practice pair"),
    ]


def test_the_mean_of_what_is_not_excluded_is_the_dashboards_mos():
    study = make_study(view_angles=(0, 0, 0), seats=((4, 1, 2, 5), (4, 2, 3, 5), (4, 1, 3, 5)))
    add_pair(study, 4, 0, role=Stimulus.Role.TRAINING)
    add_pair(study, 5, 0, role=Stimulus.Role.CHECK, expected_score=5)
    raters = [enrol(study) for _ in range(3)]
    for rater, scores in zip(raters, ((1, 4, 2, 5), (1, 3, 5, 5), (1, 1, 1, 1)), strict=True):
        for position, score in enumerate(scores, 1):
            rate(rater, position, score)
    Mask.objects.create(study=study, rater=raters[2], reason="the same everywhere")
    (shown,) = dashboard.present(study).people.by_condition.values()
    assert shown.mos == mean(row["score"] for row in entries(study) if not row["excluded"]) == 3.5


def test_no_credential_and_no_identity_stands_in_any_row():
    study = make_study()
    rater = enrol(study, external_id="PROLIFIC-77", session_id="S-1", idempotency_key="key-1")
    rate(rater, 1, 4)
    rater.refresh_from_db()
    text = repr(entries(study))
    secrets = (rater.token, study.token, rater.external_hmac, rater.session_hmac, "PROLIFIC", "S-1", "key-1")
    assert [secret for secret in secrets if secret in text] == []


def test_rows_come_a_few_raters_at_a_time_and_say_how_far_they_are(monkeypatch):
    monkeypatch.setattr(export, "RATERS_AT_ONCE", 2)
    study = make_study(seats=((1, 2), (3, 4), (1, 4)))
    raters = [enrol(study).pseudonym for _ in range(3)]
    told = []
    rows = list(export.rows(study, told.append))
    assert told == [4, 6]
    names = [row[list(export.COLUMNS).index("rater")] for row in rows]
    assert names == [name for name in raters for _ in range(2)]
    assert export.count(study) == 6
