"""A study's life: opened, closed, opened again, frozen for good; shared, set anew, deleted; and its log."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anonymizer.jobs import Refused
from anonymizer.models import Clip, Run
from studies import history, life, rating
from studies.models import Rater, Rating, Study
from tests.factories import RunFactory
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db


def log(study):
    return [(event.user and event.user.username, event.what) for event in study.events.all()]


# --- Opening and closing --------------------------------------------------------------------------
def test_every_step_leaves_a_line_of_who_and_what(researcher):
    study = make_study(status=Study.Status.DRAFT)
    life.open_study(study, researcher)
    life.close_study(study)
    life.open_study(study, researcher)
    life.close_study(study, researcher)
    life.freeze(study, researcher)
    assert log(study) == [
        ("researcher", "Opened."),
        (None, "Closed."),
        ("researcher", "Opened again."),
        ("researcher", "Closed."),
        ("researcher", "Frozen."),
    ]


def test_closing_twice_is_closing_once(researcher):
    study = make_study()
    life.close_study(study, researcher)
    closed = study.closed
    life.close_study(Study.objects.get(pk=study.pk), researcher)
    assert Study.objects.get(pk=study.pk).closed == closed
    assert len(log(study)) == 1


def test_a_draft_is_not_closed():
    with pytest.raises(Refused, match="Delete it"):
        life.close_study(make_study(status=Study.Status.DRAFT))


def test_a_study_closes_by_itself_after_its_last_day():
    today = timezone.localdate()
    over = make_study(name="over", closes_on=today - timedelta(days=1))
    last = make_study(name="last day", closes_on=today)
    endless = make_study(name="endless")
    assert life.close_overdue() == 1
    assert life.close_overdue() == 0
    statuses = dict(Study.objects.values_list("name", "status"))
    assert statuses == {over.name: "closed", last.name: "open", endless.name: "open"}
    assert log(over)[0][1].startswith("Closed by itself: its last day was ")


def test_a_study_whose_last_day_has_passed_needs_another_one_to_open():
    study = make_study(status=Study.Status.CLOSED, closes_on=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Refused, match="Choose a later day"):
        life.open_study(study)
    life.change(study, closes_on=None)
    life.open_study(study)
    assert study.status == Study.Status.OPEN


# --- Freezing -------------------------------------------------------------------------------------
@pytest.fixture
def frozen():
    study = make_study()
    rater = enrol(study)
    rate(rater, 1, 4)
    life.close_study(study)
    life.freeze(study)
    return study


def test_an_open_study_is_not_frozen():
    with pytest.raises(Refused, match="Close the study first"):
        life.freeze(make_study())


@pytest.mark.parametrize(
    "attempt",
    [
        life.open_study,
        life.close_study,
        life.freeze,
        life.delete_draft,
        lambda study: life.change(study, name="other"),
        lambda study: life.share(study, study.owner),
        lambda study: life.unshare(study, study.owner),
        history.refuse_if_frozen,
    ],
    ids=["open", "close", "freeze", "delete", "change", "share", "unshare", "anything"],
)
def test_nothing_of_a_frozen_study_changes(researcher, frozen, attempt):
    before = Study.objects.values().get(pk=frozen.pk)
    stale = Study.objects.get(pk=frozen.pk)
    stale.frozen = None  # a row that was read before the freeze
    with pytest.raises(Refused, match="nothing of it may be changed any more"):
        attempt(stale)
    assert Study.objects.values().get(pk=frozen.pk) == before
    assert log(frozen)[-1][1] == "Frozen."


def test_a_frozen_study_takes_no_vote_and_lets_a_rater_withdraw(frozen):
    rater = Rater.objects.get()
    with pytest.raises(rating.Frozen):
        rating.rate(rater, 2, 3, {"watched_fraction": 1.0})
    assert Rating.objects.count() == 1
    rating.withdraw(rater)
    assert not Rating.objects.exists()
    assert log(frozen)[-1] == (None, "A rater withdrew: their scores are erased.")


# --- Settings -------------------------------------------------------------------------------------
def test_what_is_set_anew_is_told_with_what_it_was(researcher):
    study = make_study()
    day = timezone.localdate() + timedelta(days=9)
    life.change(study, researcher, closes_on=day, count_abandoned=True, idle_minutes=study.idle_minutes)
    assert [what for _, what in log(study)] == [
        f"Closes on: none, now {day}.",
        "Votes of raters who left count: no, now yes.",
    ]
    assert Study.objects.get().closes_on == day


def test_what_raters_see_is_not_changed_any_more():
    with pytest.raises(Refused, match="'question' can't be changed any more"):
        life.change(make_study(), question="Another?")


# --- Sharing --------------------------------------------------------------------------------------
def test_a_study_is_shared_to_look_at_and_then_to_change(researcher, django_user_model):
    other = django_user_model.objects.create_user("other")
    study = make_study()
    life.share(study, other, user=researcher)
    life.share(study, other, may_edit=True, user=researcher)
    assert study.shares.get().may_edit
    life.unshare(study, other, user=researcher)
    assert not study.shares.exists()
    assert [what for _, what in log(study)] == [
        "Shared with other, to look at.",
        "Shared with other, to change.",
        "No longer shared with other.",
    ]


def test_a_study_is_not_shared_with_its_owner_or_with_who_has_left(researcher, django_user_model):
    study = make_study()
    with pytest.raises(Refused, match="own"):
        life.share(study, researcher)
    with pytest.raises(Refused, match="can't sign in any more"):
        life.share(study, django_user_model.objects.create_user("gone", is_active=False))


# --- Deleting -------------------------------------------------------------------------------------
def test_a_draft_is_deleted_its_run_cancelled_and_the_walks_clips_kept():
    study = make_study(status=Study.Status.DRAFT)
    study.run = RunFactory(kind=Run.Kind.PREPARE_STUDY, status=Run.Status.QUEUED)
    study.save()
    clips = Clip.objects.count()
    life.delete_draft(study)
    assert not Study.objects.exists()
    assert Run.objects.get(kind=Run.Kind.PREPARE_STUDY).status == Run.Status.CANCELLED
    assert Clip.objects.count() == clips


def test_what_has_been_open_is_not_deleted():
    with pytest.raises(Refused, match="Only a draft can be deleted"):
        life.delete_draft(make_study())
