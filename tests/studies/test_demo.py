"""The demo: the whole of the main job on few and small walkers; what is there is never made again."""

import pytest

from anonymizer import anonymizing, jobs, training_networks
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Checkpoint, Clip, Dataset, Run, Sequence
from recognition.models import Identification, Recognition, Recognizer
from studies import demo
from studies.models import Rater, Rating, Study

pytestmark = pytest.mark.django_db
EVERYTHING = (
    Anonymization, Checkpoint, Clip, Dataset, Identification, Rater, Rating, Recognition, Recognizer, Run,
    Sequence, Study,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _small(settings, monkeypatch):
    """Only smaller: the stages, their order and what they do are the demo's own."""
    settings.RUN_LEASE_SECONDS = 600  # no heartbeat, which would be a second connection to the database
    for name, value in {
        "VIEW_ANGLES": (0, 90),
        "FRAMES": 16,
        "EPOCHS": 2,
        "SIMULATED_RATERS": 3,
        "PAIRS_PER_RATER": 6,
        "CLIP_SECONDS": 0.6,
    }.items():
        monkeypatch.setattr(demo, name, value)
    monkeypatch.setattr(anonymizing, "DONOR_FRAMES", 12)
    monkeypatch.setattr(anonymizing, "MANIFOLD_WALKS", 2)
    monkeypatch.setattr(training_networks, "KEEP_EVERY", 1)


def once(bar=None):
    """The demo as `manage.py demo` runs it."""
    run = demo.start_as_job(subjects=12)
    if run is not None:
        jobs.execute(run.pk, demo.body, bar)
        run.refresh_from_db()
    return run


def counts():
    return {model.__name__: model.objects.count() for model in EVERYTHING}


def test_the_demo_is_whole_and_what_is_deleted_is_made_again_and_nothing_else():
    told = []
    run = once(lambda done, total, stage: told.append((done, stage)))
    assert run.status == Run.Status.SUCCEEDED, run.error
    assert demo.is_complete(run)
    assert_progress_only_grows(told)
    assert_everything_is_there(run)

    before = counts()
    assert once() is None  # nothing is left to do
    assert counts() == before

    kept = set(Sequence.objects.values_list("pk", flat=True))
    simulated = demo.Demo(run).stage_run("simulated-study").study
    Rating.objects.filter(presentation__rater__study=simulated).delete()
    simulated.raters.all().delete()
    simulated.delete()
    demo.Demo(run).stage_run("recognition").delete()
    assert not demo.is_complete(run)
    assert once().status == Run.Status.SUCCEEDED
    # The study's run was left without its study: another one made it.
    assert counts() == {**before, "Run": before["Run"] + 1}
    assert set(Sequence.objects.values_list("pk", flat=True)) == kept


def assert_progress_only_grows(told):
    done = [each for each, _ in told]
    assert done == sorted(done)
    assert done[-1] == demo.WHOLE
    labels = [label for _, label in told]
    assert list(dict.fromkeys(labels)) == [*(stage.label for stage in demo.STAGES), "Done"]
    assert {900 // 9 * n for n in range(1, 9)} <= set(done)  # every stage is told to its end


def assert_everything_is_there(run):
    assert run.result["runs"].keys() == {stage.name for stage in demo.STAGES} == run.result["seconds"].keys()
    assert Sequence.objects.count() == 12 * 4 * 2
    assert set(Anonymization.objects.filter(copy="probe").values_list("method", flat=True)) == {
        "replace-best",
        "tieu",
    }
    open_study = Study.objects.get(status=Study.Status.OPEN)
    assert run.result["study"] == open_study.slug
    assert run.result["rater_url"] == demo.rater_url(12)
    assert not open_study.raters.exists()
    assert [open_study.stimuli.filter(role=role).count() for role in ("training", "check")] == [3, 2]
    closed = Study.objects.get(status=Study.Status.CLOSED)
    assert [condition.method for condition in closed.conditions.all()] == ["replace-best", "tieu"]
    assert closed.raters.filter(simulated=True, state=Rater.State.COMPLETE).count() == 3
    assert (run.done, run.total) == (900, 900)


def test_a_demo_whose_worker_was_lost_goes_on_with_the_stage_it_was_in(monkeypatch):
    run = demo.demo_run(12)
    with monkeypatch.context() as patch:
        patch.setattr(demo, "STAGES", demo.STAGES[:1])
        patch.setattr(demo, "_simulated_votes", lambda *_: None)
        patch.setattr(demo, "_outcome", gone)
        with pytest.raises(RuntimeError):
            jobs.execute(run.pk, demo.body)
    made = dict(Sequence.objects.values_list("pk", "silhouettes"))
    monkeypatch.setattr(demo, "STAGES", demo.STAGES[:2])
    monkeypatch.setattr(demo, "_simulated_votes", lambda *_: None)
    monkeypatch.setattr(demo, "_outcome", lambda _: {})
    jobs.retry(run)
    jobs.execute(run.pk, demo.body)
    assert dict(Sequence.objects.values_list("pk", "silhouettes")) == made
    assert Recognizer.objects.count() == 1


def gone(*_):
    raise RuntimeError("no worker any more")


def test_a_stage_that_fails_is_named(monkeypatch):
    monkeypatch.setitem(demo.BODIES, Run.Kind.GENERATE_WALKERS, gone)
    run = demo.demo_run(12)
    with pytest.raises(Refused, match=r"Stage 'Walkers' did not finish .*: RuntimeError: no worker any more"):
        jobs.execute(run.pk, demo.body)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED


def test_a_cancelled_demo_cancels_its_stage(monkeypatch):
    monkeypatch.setattr(jobs, "PROGRESS_SECONDS", 0)  # hear of it at every step
    run = demo.demo_run(12)

    def cancelled_meanwhile(work):
        jobs.cancel(Run.objects.get(pk=run.pk))
        work.progress(1, 1, "Walking")

    monkeypatch.setitem(demo.BODIES, Run.Kind.GENERATE_WALKERS, cancelled_meanwhile)
    jobs.execute(run.pk, demo.body)
    assert set(Run.objects.values_list("status", flat=True)) == {Run.Status.CANCELLED}


def test_a_stage_whose_attackers_answers_are_gone_is_not_finished():
    from tests.factories import AnonymizationFactory, RunFactory

    changed = AnonymizationFactory()
    recognizer = Recognizer.objects.create(name="any", dataset=changed.dataset, sha256="0")
    run = RunFactory(kind=Run.Kind.RECOGNIZE)
    asked = {"run": run, "recognizer": recognizer, "dataset": changed.dataset, "split": "30:15:55"}
    Recognition.objects.create(**asked)
    assert not demo._has(run, "recognitions")
    Recognition.objects.create(**asked, anonymization=changed, attacker="naive")
    assert demo._has(run, "recognitions")
    changed.delete()
    assert not demo._has(run, "recognitions")


def test_a_demo_is_one_run_a_size_and_seed():
    assert demo.demo_run(12) == demo.demo_run(12) != demo.demo_run(13)
    assert demo.Demo(demo.demo_run(12)).name == "Demo walkers 12"
    assert demo.Demo(demo.demo_run()).name == "Demo walkers"


@pytest.mark.parametrize("subjects", [11, 501])
def test_sizes_that_do_not_work_are_refused(subjects):
    with pytest.raises(Refused, match="from 12 to 500 subjects"):
        demo.check_size(subjects)


def test_the_smallest_size_is_enough_for_the_split():
    from anonymizer.gait.splits import split
    from anonymizer.runs import DEFAULT_SPLIT

    demo.check_size(12)
    assert min(map(len, split([f"{number:03d}" for number in range(1, 13)], DEFAULT_SPLIT))) >= 2
