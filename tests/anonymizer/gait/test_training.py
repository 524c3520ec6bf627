import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from anonymizer.gait import network, network_on_torch, training
from anonymizer.gait.contour_methods import training_pairs
from anonymizer.gait.contours import Vectors
from anonymizer.gait.training import Checkpoint, Settings, train
from tests.anonymizer.gait.walking_figure import walking_figure

PARAMETERS = {"alpha": 0.3, "order": "traced", "padding": "resampled", "phase": "aligned"}


@pytest.fixture(scope="module")
def pairs() -> tuple[Vectors, Vectors]:
    tracks = [{angle: walking_figure(30, view_angle=angle)} for angle in (0, 90)]
    donors = [{angle: walking_figure(30, view_angle=angle, stoutness=1.6)} for angle in (0, 90)]
    return training_pairs(tracks, donors, PARAMETERS, stride=2)


def trained(
    pairs: tuple[Vectors, Vectors], settings: Settings, resume: Checkpoint | None = None
) -> list[Checkpoint]:
    return list(train(*pairs, method="tieu", parameters=PARAMETERS, settings=settings, resume=resume))


def same_weights(a: Checkpoint, b: Checkpoint) -> bool:
    return all(map(np.array_equal, a.weights.arrays(), b.weights.arrays()))


def dead_seed(pairs: tuple[Vectors, Vectors], seeds: Sequence[int]) -> int:
    """One whose first beginning is dead on these pairs."""
    x1, x2 = (each / np.float32(240) for each in pairs)
    for seed in seeds:
        if training.is_dead(network.initial_weights(training._start_seed(seed, 0)), x1, x2):
            return seed
    raise AssertionError("no beginning is dead")


def test_every_stride_of_every_view_makes_a_pair(pairs: tuple[Vectors, Vectors]) -> None:
    assert [each.shape for each in pairs] == [(30, 4000), (30, 4000)]


def test_training_lowers_the_loss_towards_the_half_and_half_blend(pairs: tuple[Vectors, Vectors]) -> None:
    losses = trained(pairs, Settings(epochs=40))[-1].losses
    x1, x2 = pairs
    half, least = (
        network.loss((x1 + x2) / 2, x1, x2, 0.3),
        network.loss(network.closed_form(x1, x2, 0.3), x1, x2, 0.3),
    )
    assert losses[0] > 2 * losses[-1]
    assert losses[-1] < 1.6 * half
    assert losses[-1] > least  # which a symmetric network cannot reach


def test_each_epoch_gives_a_checkpoint_with_the_loss_curve_so_far(pairs: tuple[Vectors, Vectors]) -> None:
    epochs = trained(pairs, Settings(epochs=3))
    assert [each.epoch for each in epochs] == [1, 2, 3]
    assert [len(each.losses) for each in epochs] == [1, 2, 3]
    assert epochs[-1].losses[:2] == epochs[1].losses


def test_an_interrupted_training_resumes_to_the_very_same_weights(pairs: tuple[Vectors, Vectors]) -> None:
    unbroken = trained(pairs, Settings(epochs=4, seed=3))[-1]
    stopped = next(
        itertools.islice(
            train(*pairs, method="tieu", parameters=PARAMETERS, settings=Settings(epochs=4, seed=3)), 1, 2
        )
    )
    resumed = trained(pairs, Settings(epochs=4, seed=3), resume=stopped)
    assert [each.epoch for each in resumed] == [3, 4]
    assert same_weights(resumed[-1], unbroken)
    assert resumed[-1].losses == unbroken.losses


def test_the_same_seed_trains_the_same_network(pairs: tuple[Vectors, Vectors]) -> None:
    first, second = (trained(pairs, Settings(epochs=2, seed=5))[-1] for _ in range(2))
    assert same_weights(first, second)
    assert not same_weights(first, trained(pairs, Settings(epochs=2, seed=6))[-1])


def test_a_dead_start_is_replaced_and_recorded(pairs: tuple[Vectors, Vectors]) -> None:
    seed = dead_seed(pairs, range(40))
    checkpoint = trained(pairs, Settings(epochs=3, seed=seed))[-1]
    assert checkpoint.dead_starts[0] == training._start_seed(seed, 0)
    assert checkpoint.losses[-1] < checkpoint.losses[0]


def test_a_network_that_dies_on_the_way_begins_again_from_another_seed(
    pairs: tuple[Vectors, Vectors],
) -> None:
    """A weight set that the next step kills: a huge learning rate throws the output below zero for good."""
    begun = trained(pairs, Settings(epochs=1, batch=60))[-1]
    dead = replace(begun, weights=replace(begun.weights, second_bias=np.array([-1e3], np.float32)))
    after = trained(pairs, Settings(epochs=2, batch=60), resume=dead)
    assert [each.epoch for each in after] == [1, 2]
    assert len(after[-1].dead_starts) == len(dead.dead_starts) + 1


def test_a_diverging_training_stops_and_says_so(pairs: tuple[Vectors, Vectors]) -> None:
    with pytest.raises(training.TrainingDivergedError, match="lower the learning rate"):
        trained(pairs, Settings(epochs=50, learning_rate=1e12, batch=4, seed=1))


def test_a_checkpoint_of_other_settings_is_not_trained_on(pairs: tuple[Vectors, Vectors]) -> None:
    stopped = trained(pairs, Settings(epochs=1))[-1]
    with pytest.raises(ValueError, match="learning_rate"):
        trained(pairs, Settings(epochs=2, learning_rate=0.01), resume=stopped)
    with pytest.raises(ValueError, match="method"):
        list(train(*pairs, method="other", parameters=PARAMETERS, settings=Settings(), resume=stopped))


@pytest.mark.parametrize("branches", [1, 2])
def test_gradients_agree_with_automatic_differentiation(
    pairs: tuple[Vectors, Vectors], branches: int
) -> None:
    x1, x2 = (each / np.float32(240) for each in pairs)
    arrays = network.initial_weights(4, branches).arrays()
    ours, theirs = (
        training.gradients(arrays, x1, x2, 0.3, "cpu"),
        network_on_torch.gradients(arrays, x1, x2, 0.3, "cpu"),
    )
    assert theirs.living > 0
    assert ours.living == theirs.living
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-4)
    for mine, reference in zip(ours.gradients, theirs.gradients, strict=True):
        assert mine == pytest.approx(reference, rel=2e-3, abs=2e-3 * float(np.abs(reference).max()))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"epochs": 0}, "epochs"), ({"batch": 0}, "batch"), ({"learning_rate": -1.0}, "learning_rate")],
)
def test_settings_out_of_range_are_named(wrong: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Settings(**wrong)  # type: ignore[arg-type]


def test_training_without_frames_is_refused() -> None:
    nothing = np.zeros((0, 4000), np.float32)
    with pytest.raises(ValueError, match="no frames"):
        list(train(nothing, nothing, method="tieu", parameters=PARAMETERS))
