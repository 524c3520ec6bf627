"""What can be asked of the anonymizer, and what is refused in words before anything is made."""

import pytest

from anonymizer import making_datasets, runs, tasks
from anonymizer.jobs import Refused
from anonymizer.models import Dataset, Run
from tests.anonymizer.running import SPLIT, interrupted, walkers
from tests.factories import CheckpointFactory, DatasetFactory, walks

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "n" * 101}, "more than 100 characters"),
        ({"name": "new\nline"}, r"holds '\\n', which can't be seen"),
        ({"name": "abc\u202e"}, "turns the text round. Leave it out"),
        ({"subjects": 0}, "Subjects must be from 1 to 999, not 0"),
        ({"frames": 0}, "Frames must be from 1 to"),
        ({"sequences": {"nm": 0}}, "No sequence is asked for"),
        ({"sequences": {"jog": 1}}, "'jog' is not known"),
        ({"view_angles": ()}, "View angles must be given"),
        ({"view_angles": (0, 0)}, "each once"),
        ({"view_angles": (90, 181)}, "View angle must be from 0 to 180, not 181"),
        ({"difficulty": "trivial"}, "'trivial' is not known. Use one of"),
        ({"path_variation": -1.0}, "Path variation must be from 0 to 10, not -1"),
        ({"path_variation": float("nan")}, "Path variation must be from 0 to 10, not nan"),
    ],
)
def test_walkers_that_cannot_be_made_are_refused_in_words(options, message):
    with pytest.raises(Refused, match=message):
        walkers(**{"name": "made", **options})
    assert not Run.objects.exists()


def test_a_name_is_given_once(dataset):
    with pytest.raises(Refused, match=r"named .* already\. Choose another name"):
        walkers(dataset.name)
    Dataset.objects.update(ready=False)
    with pytest.raises(Refused, match="was never finished: delete it in the administration"):
        walkers(dataset.name)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("queued", "Run {} waits for a worker to fill it: wait for it, or choose another name."),
        ("running", "Run {} still fills it: wait for it, or choose another name."),
        (
            "failed",
            "It is not finished, since run {} failed: press Retry on that run's page to go on, delete the",
        ),
        (
            "cancelled",
            "It is not finished, since run {} was cancelled: press Retry on that run's page to go on,",
        ),
    ],
)
def test_a_name_that_an_unfinished_dataset_has_is_refused_with_what_to_do(status, said):
    run = walkers()
    interrupted(run, making_datasets.generate_walkers, after=1)
    Run.objects.update(status=status)
    with pytest.raises(Refused, match=f"A dataset is named 'made' already. {said.format(run.pk)}"):
        walkers()
    assert Run.objects.count() == 1


def test_what_is_not_there_is_not_imported(tmp_path):
    with pytest.raises(Refused, match=r"does not exist\. Give a folder"):
        runs.request_import(tmp_path / "missing", "brought")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "'magic' is not known. Use one of: replace-best, sdf"),
        ({"donor": "nobody"}, "'nobody' is not known. Use one of: fixed"),
        ({"donor": "none"}, "'sdf' can't work with donor policy 'none'. Use: synthetic or fixed"),
        ({"alpha": -1}, "Parameter 'alpha' must lie between 0 and 100, not -1"),
        ({"alpha": float("nan")}, "Parameter 'alpha' must be a number"),
        ({"parameters": {"order": "raster"}}, "'sdf' has no parameter 'order'; it knows: alpha"),
        (
            {"method": "blend", "parameters": {"noise_view_angle": 400}},
            "whole degrees from 0 to 359, not 400",
        ),
        ({"method": "tieu"}, "needs a trained network"),
        ({"split": "paper"}, "at least 44 subjects"),
        ({"split": "1:1"}, "is not a split"),
    ],
)
def test_an_anonymization_that_cannot_be_is_refused_in_words(dataset, options, message):
    with pytest.raises(Refused, match=message):
        runs.request_anonymization(dataset, **{"method": "sdf", "split": SPLIT, **options})


def test_a_network_of_another_method_is_refused(dataset):
    with pytest.raises(Refused, match="was trained for 'sdf', not for 'tieu'"):
        runs.request_anonymization(
            dataset, "tieu", checkpoint=CheckpointFactory(dataset=dataset, method="sdf"), split=SPLIT
        )


def test_a_network_brings_the_parameters_it_was_trained_with(dataset):
    trained = {"alpha": 0.7, "parameters": {"order": "raster"}}
    network = CheckpointFactory(dataset=dataset, parameters=trained)
    run = runs.request_anonymization(dataset, "tieu", checkpoint=network, split=SPLIT)
    assert (run.parameters["alpha"], run.parameters["parameters"]["order"]) == (0.7, "raster")
    with pytest.raises(Refused, match=r"trained with alpha = 0\.7; for 0\.3 train another"):
        runs.request_anonymization(dataset, "tieu", 0.3, checkpoint=network, split=SPLIT)


def test_only_methods_with_a_network_are_trained(dataset):
    with pytest.raises(Refused, match=r"'sdf' has no network to train\. Those that have: tieu"):
        runs.request_network(dataset, "sdf")
    with pytest.raises(Refused, match="Epochs must be from 1 to"):
        runs.request_network(dataset, split=SPLIT, epochs=0)
    with pytest.raises(Refused, match="do not depend on 'noise_view_angle'"):
        runs.request_network(dataset, split=SPLIT, parameters={"noise_view_angle": 90})


def test_nothing_is_made_of_a_dataset_that_is_not_ready(dataset):
    dataset.ready = False
    for request in (
        lambda: runs.request_network(dataset),
        lambda: runs.request_anonymization(dataset, "sdf"),
    ):
        with pytest.raises(Refused, match="is not ready"):
            request()


def test_without_a_broker_a_run_waits(monkeypatch):
    from celery import current_app

    from config.broker import free_port

    monkeypatch.setattr(current_app.conf, "broker_url", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis://127.0.0.1:{free_port()}/0")
    run = walkers()
    assert tasks.send(run) is False
    run.refresh_from_db()
    assert (run.status, run.sent) == (Run.Status.QUEUED, None)


@pytest.mark.parametrize(
    ("source", "given", "draws"),
    [
        (Dataset.Source.WALKERS, {}, "seeded"),
        (Dataset.Source.CASIA_B, {}, "secret"),
        (Dataset.Source.CASIA_B, {"draws": "seeded"}, "seeded"),
        (Dataset.Source.WALKERS, {"draws": "secret"}, "secret"),
    ],
)
def test_donors_of_real_people_can_be_drawn_by_nobody_again_those_of_walkers_can(source, given, draws):
    dataset = DatasetFactory(source=source)
    walks(dataset, 7)
    run = runs.request_anonymization(dataset, "replace-best", split=SPLIT, parameters=given)
    assert run.parameters["parameters"]["draws"] == draws
