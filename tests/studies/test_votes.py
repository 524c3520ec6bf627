"""The columns that the dashboard counts: they say what the database says, after everything that can happen."""

import io
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from studies import rating, seats, simulation, votes
from studies.enrolment import withdraw
from studies.models import Rater, Rating
from studies.screening import votes_corrected
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return make_study(seats=((1, 2, 3, 4),) * 6)


def stored(study):
    """Every kept score as the database has it: presentation, rater, stimulus, score."""
    kept = Rating.objects.filter(presentation__rater__study=study, presentation__problem="")
    return sorted(kept.values_list("presentation", "presentation__rater", "presentation__stimulus", "score"))


def columns(study):
    """The same as the columns have it."""
    found = votes.votes_of(study)
    each = found.columns
    raters, stimuli = found.rater_pks[each["rater"]], found.stimulus_pks[each["stimulus"]]
    columns = (each["presentation"].tolist(), raters.tolist(), stimuli.tolist(), each["score"].tolist())
    return sorted(zip(*columns, strict=True))


def agree(study):
    return columns(study) == stored(study)


def new_process():
    votes._memory.clear()


def score(study, *scores):
    rater = enrol(study)
    for position, given in enumerate(scores, start=1):
        rate(rater, position, given)
    return rater


def test_a_study_without_votes_has_empty_columns(study):
    assert columns(study) == []
    assert votes.votes_of(study).state.tolist() == []


def test_each_new_vote_is_there_at_once(study):
    score(study, 5, 4)
    assert agree(study)
    late = enrol(study)
    for position in (1, 2, 3, 4):
        rate(late, position, position)
        assert agree(study)
    assert len(votes.votes_of(study)) == 6


def test_the_same_columns_are_given_while_nothing_changes(study):
    score(study, 5, 4)
    assert votes.votes_of(study) is votes.votes_of(study)


def test_who_withdraws_takes_their_votes_along(study):
    first, second, _ = (score(study, 5, 4), score(study, 3, 2), score(study, 1))
    assert agree(study)
    withdraw(second)
    assert agree(study)
    assert first.pk in votes.votes_of(study).rater_pks
    assert len(votes.votes_of(study)) == 3
    score(study, 2, 2, 2)
    assert agree(study)


def test_a_pair_that_was_replaced_gives_way_to_its_replacement(study):
    rater = enrol(study)
    assert agree(study)
    rating.present(rater, 1)
    try:
        rating.replace(rater, 1, "stuck")
    except rating.NoPairLeft:
        rate(rater, 2, 4)
    else:
        rate(rater, 1, 4)
    assert agree(study)
    assert len(votes.votes_of(study)) == 1


def test_raters_who_leave_by_a_job_change_their_state_and_keep_their_votes(study):
    rater = score(study, 5, 4)
    before = votes.votes_of(study)
    Rater.objects.filter(pk=rater.pk).update(last_seen=timezone.now() - timedelta(hours=2))
    votes.votes_of(study)
    seats.release_idle(timezone.now())
    after = votes.votes_of(study)
    told = [votes.STATES[found.state[0]] for found in (before, after)]
    assert told == [Rater.State.RATING, Rater.State.ABANDONED]
    assert agree(study)


def test_simulated_raters_are_marked(study):
    score(study, 5)
    simulation.simulate(study, 2)
    assert votes.votes_of(study).simulated.tolist() == [False, True, True]
    assert agree(study)


def test_a_new_process_begins_from_the_file_and_reads_only_what_came_since(study, monkeypatch):
    for days in (2, 1):
        Rater.objects.filter(pk=score(study, 5, 4, 3, 2).pk).update(
            last_seen=timezone.now() - timedelta(days=days)
        )
    votes.votes_of(study)
    new_process()
    newest = study.raters.last()
    late = score(study, 1)
    read = []
    monkeypatch.setattr(votes, "_read_all", lambda study: read.append("all"))
    monkeypatch.setattr(
        votes, "_rows_of", lambda raters, real=votes._rows_of: read.append(list(raters)) or real(raters)
    )
    assert agree(study)
    assert read == [[newest.pk, late.pk]]  # the file doesn't tell who of the last minute was in it
    complete, under_way = (votes.STATES.index(state) for state in (Rater.State.COMPLETE, Rater.State.RATING))
    assert votes.votes_of(study).state.tolist() == [complete, complete, under_way]


def arrays(**named):
    file = io.BytesIO()
    np.savez(file, **named)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [None, b"", b"no arrays", arrays(score=np.arange(999))[:300], arrays(score=np.arange(9))],
    ids=["gone", "empty", "no arrays", "cut off", "of another version"],
)
def test_a_file_that_is_gone_or_broken_is_made_anew(study, content):
    score(study, 5, 4)
    votes.votes_of(study)
    new_process()
    path = votes._path(study)
    path.unlink() if content is None else path.write_bytes(content)
    assert agree(study)
    new_process()
    assert agree(study)


def test_a_file_that_can_not_be_written_leaves_nothing_behind(study, settings, tmp_path, monkeypatch):
    settings.VAR = tmp_path

    def full(file, **arrays):
        file.write_bytes(b"half")
        raise OSError("No space left on device")

    score(study, 5, 4)
    monkeypatch.setattr(np, "savez", full)
    assert agree(study)
    assert list((tmp_path / "votes").iterdir()) == []


def test_what_a_rater_had_erased_is_in_no_file(study, django_capture_on_commit_callbacks):
    other = make_study(name="Other walks")
    first, _ = score(study, 5, 4), score(other, 1)
    paths = []
    for each in (study, other):
        assert agree(each)
        paths.append(votes._path(each))
    assert [path.exists() for path in paths] == [True, True]
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(first)
    assert [path.exists() for path in paths] == [False, True]
    assert agree(study)


def test_a_database_that_is_made_anew_does_not_meet_old_columns(study):
    score(study, 5, 4)
    votes.votes_of(study)
    study.raters.all().delete()
    study.token = "another"
    study.save()
    assert columns(study) == []


def test_a_correction_by_hand_is_logged_and_read_by_every_process(study):
    score(study, 5, 4)
    assert agree(study)
    Rating.objects.update(score=1)
    votes_corrected(study, "one rating by the administration")
    assert agree(study)
    assert study.events.get().what == "Votes corrected: one rating by the administration"


def test_votes_of_another_study_never_come_in(study):
    other = make_study(name="Other walks")
    rate(enrol(other), 1, 5)
    score(study, 2)
    assert [row[3] for row in columns(study)] == [2]
    assert agree(other)


def test_playback_that_was_not_reported_is_unknown(study):
    score(study, 5)
    simulation.simulate(study, 1)
    found = votes.votes_of(study).columns
    assert found["watched"][0] == 1.0
    assert np.isnan(found["watched"][1:]).all()
    assert (found["stalls"][1:] == votes.UNKNOWN).all()
