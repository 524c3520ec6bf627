"""How runs come to the broker, and when they are sent again: never while it may still hold them."""

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from anonymizer import tasks
from anonymizer.models import Run
from tests.factories import RunFactory

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=3)


@pytest.fixture(autouse=True)
def broker(monkeypatch, settings, request):
    """A broker in memory, with queues of this test's own."""
    settings.CELERY_TASK_DEFAULT_QUEUE = request.node.name
    settings.GPU_QUEUE = ""
    use(monkeypatch, "memory://")


def use(monkeypatch, url):
    for name in ("broker_url", "broker_read_url", "broker_write_url"):
        monkeypatch.setattr(current_app.conf, name, url)
    monkeypatch.setattr(current_app.amqp, "_producer_pool", None)  # it keeps its connection


@pytest.fixture
def no_broker(monkeypatch):
    use(monkeypatch, "redis://127.0.0.1:1/0")  # nobody listens on port 1


def waiting(**fields):
    return RunFactory(status=Run.Status.QUEUED, **fields)


def taken(queue):
    """The runs that the queue holds, taken out of it."""
    found = []
    with current_app.connection_for_read() as connection:
        simple = connection.SimpleQueue(queue)
        while len(simple):
            message = simple.get()
            found.append(message.payload[1]["run_id"])
            message.ack()
    return found


def test_a_run_is_sent_once_however_often_one_looks(settings):
    run = waiting()
    tasks.reap()
    tasks.reap()
    assert taken(settings.CELERY_TASK_DEFAULT_QUEUE) == [run.pk]


def test_a_run_that_waits_its_turn_for_long_is_not_sent_again(settings):
    run = waiting()
    tasks.reap()
    Run.objects.filter(pk=run.pk).update(sent=timezone.now() - LONG_AGO)
    tasks.reap()
    assert taken(settings.CELERY_TASK_DEFAULT_QUEUE) == [run.pk]


def test_a_run_that_the_broker_has_lost_is_sent_again(settings):
    run = waiting(sent=timezone.now() - LONG_AGO)
    tasks.reap()
    assert taken(settings.CELERY_TASK_DEFAULT_QUEUE) == [run.pk]
    run.refresh_from_db()
    assert run.sent > timezone.now() - timedelta(minutes=1)


def test_a_run_that_waits_in_another_queue_says_nothing_about_this_one(settings):
    settings.GPU_QUEUE = f"{settings.CELERY_TASK_DEFAULT_QUEUE}-gpu"
    training = waiting(kind=Run.Kind.TRAIN_NETWORK, sent=timezone.now() - LONG_AGO)
    walking = waiting()
    tasks.reap()
    assert taken(settings.CELERY_TASK_DEFAULT_QUEUE) == [walking.pk]
    assert taken(settings.GPU_QUEUE) == [training.pk]


def test_without_a_broker_a_run_waits_to_be_sent(no_broker):
    never, lost = waiting(), waiting(sent=timezone.now() - LONG_AGO)
    tasks.reap()
    never.refresh_from_db()
    assert never.sent is None
    assert Run.objects.get(pk=lost.pk).sent == lost.sent
    assert not tasks.is_empty("gaitmos")
