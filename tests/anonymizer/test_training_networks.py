"""Networks: on whose walks they are trained, what is kept of them, and how an interrupted training goes on."""

import pytest
from django.core.files.storage import default_storage

from anonymizer import runs, training_networks
from anonymizer.gait.donors import fixed_subject
from anonymizer.models import Sequence
from tests.anonymizer.running import done, interrupted, network, of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_runs")]


def test_a_network_is_trained_on_d2_and_kept_with_its_losses(dataset):
    checkpoint = done(network(dataset)).checkpoint
    assert (checkpoint.method, checkpoint.dataset, len(checkpoint.losses)) == ("tieu", dataset, 3)
    assert checkpoint.parameters["alpha"] == 0.3
    assert checkpoint.weights.size
    assert checkpoint.parameters["frames"] == 2 * 2 * 3  # one of D2's two subjects: walks, angles, frames


def test_an_interrupted_training_goes_on_and_ends_with_the_same_network(dataset, monkeypatch):
    monkeypatch.setattr(training_networks, "KEEP_EVERY", 1)
    whole = done(network(dataset)).checkpoint
    run = network(dataset)
    interrupted(run, training_networks.train_network, after=3)  # two walks are traced, one epoch trained
    assert default_storage.exists(f"checkpoints/unfinished-run-{run.pk}.npz")
    resumed = done(run).checkpoint
    assert resumed.losses == whole.losses
    assert not default_storage.exists(f"checkpoints/unfinished-run-{run.pk}.npz")


def test_walks_that_the_noise_subject_was_not_recorded_for_are_left_out_of_the_training(dataset):
    noise = fixed_subject(["001", "002"], seed=1)
    other = {"001": "002", "002": "001"}[noise]
    of(dataset).filter(subject__label=noise, view_angle=0).delete()
    of(dataset).filter(subject__label=other, number=2, view_angle=0).delete()
    assert done(network(dataset)).checkpoint.parameters["frames"] == 3  # the walk seen from 90° alone


def test_a_network_without_walks_to_learn_from_says_whose_are_missing_and_what_to_do(dataset):
    noise = fixed_subject(["001", "002"], seed=1)
    Sequence.objects.filter(subject__dataset=dataset, subject__label=noise, view_angle=0).delete()
    run = network(dataset)
    with pytest.raises(
        ValueError, match=f"subjects 001, 002 with {noise} as their noise gait, .* another seed"
    ):
        runs.execute(run)
