"""The command that a run's page offers to copy asks for the very same run: kind, every parameter and seed."""

import shlex

import pytest

from anonymizer import jobs
from anonymizer import runs as anonymizer_runs
from anonymizer.command_line import command
from anonymizer.forms import GenerateForm
from anonymizer.models import Anonymization, Run, Sequence
from recognition import runs, sweeping
from recognition.forms import SweepForm
from recognition.models import Recognizer
from tests.factories import (
    AnonymizationFactory,
    AnonymizedSequenceFactory,
    CheckpointFactory,
    DatasetFactory,
    RunFactory,
    walks,
)

pytestmark = pytest.mark.django_db
SPLIT = "30:20:50"


@pytest.fixture
def dataset():
    made = DatasetFactory(name="-two, words", slug="two-words")
    walks(made, subjects=8, numbers=(1, 2, 3), view_angles=(0, 90))
    return made


@pytest.fixture
def again(manage, monkeypatch):
    """Copy a run's command, type it, and stop it before the work: what it would have worked on."""

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "see_through", stopped)

    def typed(run):
        run.refresh_from_db()  # as the page reads it
        python, script, name, *arguments = shlex.split(command(run))
        assert (python, script) == (".venv/bin/python", "manage.py")
        said = manage(name, *arguments)
        assert (said.status, said.out) == (130, ""), said
        newest = Run.objects.exclude(pk=run.pk).latest("pk")
        assert newest.pk > run.pk
        return newest

    return typed


def asked(run):
    run.refresh_from_db()
    return run.kind, run.parameters, run.seed


def test_imports(again, tmp_path):
    for kind in (Run.Kind.IMPORT_CASIA_B, Run.Kind.IMPORT_OPENGAIT):
        run = anonymizer_runs.request_import(
            tmp_path, "theirs", frames=30, licence="Ask first", may_be_shown_to_raters=True, kind=kind
        )
        assert asked(again(run)) == asked(run)


def test_walkers(again):
    form = GenerateForm({
        "name": "many", "subjects": 3, "normal": 2, "bag": 0, "coat": 1, "frames": 30, "view_angles": ["18", "90"],
        "difficulty": "hard", "path_variation": 0.123456789, "seed": 7,
    })  # fmt: skip
    assert form.is_valid(), form.errors
    run = form.request(None)
    assert asked(again(run)) == asked(run)


def test_a_networks_training(again, dataset):
    run = anonymizer_runs.request_network(
        dataset, "tieu", 0.123456789, SPLIT, 7, 3, {"order": "raster", "phase": "none"}, seed=5
    )
    assert asked(again(run)) == asked(run)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("tieu", {"alpha": 0.3, "donor": "random", "parameters": {"noise_view_angle": 90}}),
        ("sdf", {"alpha": 1.23456789, "donor": "fixed", "split": None, "walks": ["nm-02", "nm-03"]}),
        ("replace-best", {"parameters": {"statures": 3, "spread": 0.5, "draws": "secret"}}),
        ("phase", {"parameters": {"shift": 0.25}}),
    ],
)
def test_an_anonymization(again, dataset, method, options):
    checkpoint = CheckpointFactory(parameters={"alpha": 0.3}) if method == "tieu" else None
    given = {"split": SPLIT, **options}
    run = anonymizer_runs.request_anonymization(dataset, method, checkpoint=checkpoint, seed=9, **given)
    assert asked(again(run)) == asked(run)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("zheng", {"components": 20, "rank": None, "robust": True, "size": (32, 24)}),
        ("set-network", {"strips": (1, 2), "learning_rate": 0.00123456}),
    ],
)
def test_a_recognizers_training_and_its_variants(again, dataset, kind, parameters):
    run = runs.request_recognizer(dataset, SPLIT, parameters, 3, kind=kind)
    assert asked(again(run)) == asked(run)
    variants = runs.request_ablation(dataset, SPLIT, "nm-01", "nm-02,nm-03", seed=4)
    assert asked(again(variants)) == asked(variants)


def test_a_recognition(again, dataset):
    judged = AnonymizationFactory(dataset=dataset, split=SPLIT)
    for row in Sequence.objects.filter(subject__label="008", number__gte=2):
        AnonymizedSequenceFactory(anonymization=judged, source=row)
    recognizer = Recognizer.objects.create(name="the older one", sha256="0" * 64)
    for given in (
        {"attackers": ["joint", "linked-clips"], "gallery": "nm-01", "probe": "nm-02,nm-03", "copies": 17,
         "clips": 2, "view_angles": [0, 90], "recognizer": recognizer},
        {"view_angles": "all"},
        {},
    ):  # fmt: skip
        run = runs.request_recognition(judged, seed=6, **given)
        assert asked(again(run)) == asked(run)


@pytest.mark.parametrize(
    ("methods", "alphas", "own"),
    [
        (["sdf", "blend"], [0.3, 1.23456789], {"sdf": {"alpha": 2.0}}),
        (["sdf", "blend"], [], {"sdf": {"alpha": 2.0}}),
        (["sdf", "blend", "blur"], [0.5], {"blur": {"strength": 3.0}}),
        (["sdf", "blend"], [], {"sdf": {"alpha": 2.0}, "blend": {"alpha": 0.5}}),
        (["blur", "phase"], [], {}),
    ],
)
def test_a_sweep(again, dataset, methods, alphas, own):
    run = sweeping.request_sweep(
        [dataset], sweeping.conditions(methods, alphas, own), (2, 5), SPLIT, donor=None, epochs=7, stride=3,
        attack={"attackers": ["naive", "joint"], "copies": 5, "clips": 3, "view_angles": "all"},
        recognizer={"kind": "zheng", "parameters": {"components": 8}},
    )  # fmt: skip
    assert asked(again(run)) == asked(run)


def test_a_sweep_that_was_asked_for_on_its_page(again, dataset):
    form = SweepForm({
        "dataset": dataset.pk, "split": SPLIT, "methods": ["sdf", "blur"], "alphas": "0.5", "seeds": "1, 0",
        "epochs": 4, "stride": 2, "attackers": ["naive"], "gallery": "nm-01", "probe": "", "copies": 4, "clips": "",
        "view_angles": "90", "kind": "zheng", "parameters": "rank=3",
    })  # fmt: skip
    assert form.is_valid(), form.errors
    run = form.request(None)
    assert asked(again(run)) == asked(run)


def test_the_demo():
    run = RunFactory(kind=Run.Kind.DEMO, parameters={"subjects": 13}, seed=77)
    assert command(run) == ".venv/bin/python manage.py demo --subjects 13 --seed 77"


def test_an_export_goes_where_somebody_says():
    run = RunFactory(kind=Run.Kind.EXPORT_STUDY, parameters={"study": "s-1", "format": "csv", "state": "0"})
    assert command(run) == ".venv/bin/python manage.py export_study s-1 --output PATH --format csv"


def test_what_no_command_makes_offers_none():
    own = {"method": "sdf", "copy": Anonymization.Copy.ATTACKER.value}
    assert command(RunFactory(kind=Run.Kind.ANONYMIZE, parameters=own)) == ""
    assert command(RunFactory(kind=Run.Kind.PREPARE_STUDY, parameters={"study": "s"})) == ""
