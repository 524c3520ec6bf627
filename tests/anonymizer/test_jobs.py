"""The life of a run: claimed once, kept alive, finished by its holder alone, taken up again when lost."""

import itertools
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from anonymizer import jobs
from anonymizer.models import Run, Worker

pytestmark = pytest.mark.django_db(transaction=True)


def new_run(**fields):
    run = jobs.create(Run.Kind.GENERATE_WALKERS, {})
    Run.objects.filter(pk=run.pk).update(**fields)
    run.refresh_from_db()
    return run


def lost(**fields):
    return new_run(
        status=Run.Status.RUNNING, worker="gone", lease_until=timezone.now() - timedelta(seconds=1), **fields
    )


def test_of_two_who_claim_one_gets_the_run():
    run = new_run()
    assert [jobs.claim(run.pk, "first"), jobs.claim(run.pk, "second")] == [True, False]


def test_a_run_that_is_delivered_twice_is_done_once():
    run, done = new_run(), []
    assert [jobs.execute(run.pk, done.append), jobs.execute(run.pk, done.append)] == [True, False]
    assert len(done) == 1


def test_a_run_whose_worker_is_lost_can_be_claimed():
    assert jobs.claim(lost().pk, "next")


def test_the_reaper_queues_a_lost_run_and_says_so():
    run = lost()
    assert [each.pk for each in jobs.reap()] == [run.pk]
    run.refresh_from_db()
    assert run.status == Run.Status.QUEUED
    assert "Worker lost" in run.log[-1]["text"]


def test_a_run_with_a_living_worker_is_left_alone():
    run = new_run(
        status=Run.Status.RUNNING, worker="alive", lease_until=timezone.now() + timedelta(seconds=60)
    )
    assert jobs.reap() == []
    assert not jobs.claim(run.pk, "other")


def test_what_went_wrong_is_kept_in_one_line():
    run = new_run()

    def body(work):
        raise jobs.Refused("There is\nnothing here.")

    with pytest.raises(jobs.Refused):
        jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert (run.status, run.error) == (Run.Status.FAILED, "There is nothing here.")


@pytest.mark.parametrize(
    ("error", "result"), [(jobs.Refused("No."), {"refused": True}), (OSError("The disk is full."), {})]
)
def test_what_was_refused_is_told_from_what_may_work_the_next_time(error, result):
    run = new_run()

    def body(work):
        raise error

    with pytest.raises(type(error)):
        jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert run.result == result
    assert jobs.retry(run)
    assert run.result == {}


def test_a_waiting_run_is_cancelled_at_once():
    run = new_run()
    jobs.cancel(run)
    assert run.status == Run.Status.CANCELLED


def test_a_running_one_stops_at_its_next_step():
    run, steps = new_run(), []

    def body(work):
        work.progress(1, 3, "Walking")
        steps.append(1)
        jobs.cancel(Run.objects.get(pk=run.pk))
        work.progress(3, 3, "Walking")
        steps.append(2)

    jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert (run.status, steps) == (Run.Status.CANCELLED, [1])


def test_a_run_is_given_back_where_the_run_that_works_through_it_was_taken_away():
    run = new_run()
    assert jobs.claim(run.pk, "stopped")
    with jobs.working(run, "stopped"):
        raise jobs.LeaseLost
    run.refresh_from_db()
    assert (run.status, run.worker) == (Run.Status.QUEUED, "")


def test_who_lost_the_lease_does_not_touch_the_run_any_more():
    run = new_run()

    def body(work):
        Run.objects.filter(pk=run.pk).update(worker="other")
        work.progress(1, 1, "Walking")

    jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert (run.status, run.worker) == (Run.Status.RUNNING, "other")


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"dataset": 7}, "A dataset that this run works on was deleted"),
     ({"datasets": [7, 8]}, "A dataset that this run works on was deleted"),
     ({"anonymization_run": 7}, "The anonymization that is to be judged was deleted")],
)  # fmt: skip
def test_a_run_whose_input_was_deleted_meanwhile_says_so_and_what_to_do(asked, words):
    run = jobs.create(Run.Kind.SWEEP, asked)

    def body(work):
        raise FileNotFoundError("001-nm-01-090.gsil")

    with pytest.raises(FileNotFoundError):
        jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert run.error == f"{words}. Choose another."
    assert run.result == {jobs.REFUSED: True}


def test_a_failed_run_can_be_retried_and_a_finished_one_not():
    assert jobs.retry(new_run(status=Run.Status.FAILED))
    assert not jobs.retry(new_run(status=Run.Status.SUCCEEDED))


def test_an_unexpected_error_keeps_its_type():
    assert jobs.message_of(KeyError("nm-01")) == "KeyError: 'nm-01'"
    assert jobs.message_of(ValueError("two\nlines")) == "two lines"
    assert jobs.message_of(RuntimeError()) == "RuntimeError"


def test_a_process_that_was_killed_is_told_with_its_likely_cause():
    said = jobs.message_of(BrokenProcessPool("A process in the process pool was terminated abruptly"))
    assert said.startswith("A process that worked for this run was ended from outside")


def test_a_worker_that_is_told_to_stop_gives_its_run_back():
    run = new_run()

    def body(work):
        raise SystemExit

    with pytest.raises(SystemExit):
        jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert (run.status, run.worker, run.lease_until) == (Run.Status.QUEUED, "", None)
    assert jobs.reap() == [run]


def test_the_heartbeat_keeps_the_lease_through_work_that_says_nothing(settings):
    settings.RUN_LEASE_SECONDS = 0.3
    run, heard = new_run(), threading.Event()

    def body(work):
        before = Run.objects.get(pk=run.pk).lease_until
        for _ in range(200):
            if Run.objects.get(pk=run.pk).lease_until > before:
                heard.set()
                break
            heard.wait(0.05)

    jobs.execute(run.pk, body)
    assert heard.is_set()


def test_no_run_is_worked_on_inside_a_transaction():
    """The database would be locked to everyone, the run's heartbeat included, until the work is done."""
    run, done = new_run(), []
    for work_on in (jobs.execute, jobs.see_through):
        with transaction.atomic(), pytest.raises(RuntimeError, match="durable atomic block"):
            work_on(run if work_on is jobs.see_through else run.pk, done.append)
    run.refresh_from_db()
    assert (run.status, done) == (Run.Status.QUEUED, [])


def test_a_heartbeat_that_finds_the_database_locked_says_so_in_a_line_and_beats_on(
    settings, monkeypatch, caplog
):
    settings.RUN_LEASE_SECONDS = 0.3
    run, mine, beats = new_run(), jobs.Work._mine, itertools.count(1)

    def locked_at_first(work):
        if threading.current_thread() is work._beat and next(beats) == 1:
            raise OperationalError("database is locked")
        return mine(work)

    def body(work):
        before = Run.objects.get(pk=run.pk).lease_until
        renewed = (
            Run.objects.get(pk=run.pk).lease_until > before for _ in range(200) if not time.sleep(0.05)
        )
        assert any(renewed)

    monkeypatch.setattr(jobs.Work, "_mine", locked_at_first)
    assert jobs.execute(run.pk, body)
    (told,) = caplog.records
    assert told.getMessage() == f"Run {run.pk}: the heartbeat waits for the database: database is locked."
    assert told.exc_info is None


def test_a_run_that_was_sent_long_ago_and_still_waits_is_overdue():
    now = timezone.now()
    new_run(sent=now)
    forgotten = new_run(sent=now - timedelta(minutes=3))
    assert jobs.reap() == []
    assert jobs.overdue() == [forgotten]


def test_of_several_reapers_one_sends_a_run():
    run = new_run()
    assert [jobs.may_send(run), jobs.may_send(run)] == [True, False]


def test_a_run_is_seen_through_by_whoever_holds_it_when_another_one_takes_it_up():
    run, asked = new_run(), []

    def body(work):
        Run.objects.filter(pk=run.pk).update(worker="other")
        work.progress(1, 1, "Walking")

    def bar(done, total, stage):
        asked.append(stage)
        if len(asked) > 1:  # the other one is done
            Run.objects.filter(pk=run.pk).update(status=Run.Status.SUCCEEDED)

    assert jobs.see_through(run, body, bar).status == Run.Status.SUCCEEDED


def test_a_run_that_fails_is_seen_through_to_its_end():
    def body(work):
        raise ValueError("no such walk")

    run = jobs.see_through(new_run(), body)
    assert (run.status, run.error) == (Run.Status.FAILED, "no such walk")


@pytest.mark.parametrize(
    ("failures", "ended"), [(jobs.DATABASE_TRIES - 1, True), (jobs.DATABASE_TRIES, False)]
)
def test_a_database_that_stays_full_ends_the_waiting_and_one_that_was_busy_does_not(
    failures, ended, monkeypatch
):
    answers, claim = itertools.count(), jobs.claim

    def claimed(*asked):
        if next(answers) < failures:
            raise OperationalError("database or disk is full")
        return claim(*asked)

    monkeypatch.setattr(jobs, "claim", claimed)
    run = new_run()
    with nullcontext() if ended else pytest.raises(OperationalError, match="disk is full"):
        jobs.see_through(run, lambda work: None)
    run.refresh_from_db()
    assert run.is_finished == ended


def test_the_log_keeps_its_newest_lines():
    run = new_run()
    for number in range(jobs.LOG_LINES + 5):
        jobs.note(run, f"line {number}")
    assert len(run.log) == jobs.LOG_LINES
    assert run.log[-1]["text"] == f"line {jobs.LOG_LINES + 4}"


def test_a_worker_lives_as_long_as_it_is_heard_of():
    assert not jobs.worker_alive()
    jobs.beat()
    assert jobs.worker_alive()
    Worker.objects.update(last_beat=timezone.now() - timedelta(minutes=1))
    assert not jobs.worker_alive()
