"""The life of a run: claimed once, kept alive, finished by its holder alone, taken up again when lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anonymizer import jobs
from anonymizer.models import Run

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


def test_who_lost_the_lease_does_not_touch_the_run_any_more():
    run = new_run()

    def body(work):
        Run.objects.filter(pk=run.pk).update(worker="other")
        work.progress(1, 1, "Walking")

    jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert (run.status, run.worker) == (Run.Status.RUNNING, "other")


def test_a_failed_run_can_be_retried_and_a_finished_one_not():
    assert jobs.retry(new_run(status=Run.Status.FAILED))
    assert not jobs.retry(new_run(status=Run.Status.SUCCEEDED))
