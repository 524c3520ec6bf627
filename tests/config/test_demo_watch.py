"""What `make run` says of the demo while it runs, stops, goes on and ends."""

import pytest

from anonymizer import jobs
from anonymizer.models import Run
from config import demo_watch
from config.progress import Console

pytestmark = pytest.mark.django_db


def test_a_demo_that_stopped_and_goes_on_is_followed_again(monkeypatch, capsys):
    monkeypatch.setattr(demo_watch, "SECONDS", 0.0)
    watch = demo_watch.DemoWatch(Console(), lambda: True)

    def said() -> list[str]:
        watch.look()
        return capsys.readouterr().out.splitlines()

    watch.start()
    run = Run.objects.get(kind=Run.Kind.DEMO)
    assert said()[-1] == "Demo: 0 %"

    jobs.cancel(run)
    (stopped,) = said()
    assert stopped.startswith("The demo stopped: Cancelled before it started. It goes on by “Go on”")
    assert said() == []

    assert jobs.retry(run)
    assert said()[0] == "The demo goes on."
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING, stage="Walkers", done=450, total=900)
    assert said() == ["Demo: Walkers: 50 %"]

    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED, error="No room.")
    assert said()[0].startswith("The demo stopped: No room.")
    Run.objects.filter(pk=run.pk).update(status=Run.Status.SUCCEEDED)
    assert said() == ["The demo is complete."]
    assert watch.finished
