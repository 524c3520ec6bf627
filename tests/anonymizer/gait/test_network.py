import numpy as np
import pytest
import torch

from anonymizer.gait import network, network_on_torch
from anonymizer.gait.contours import Vectors


def vectors(seed: int, frames: int = 3) -> Vectors:
    return np.random.default_rng(seed).uniform(0, 240, (frames, 4000)).astype(np.float32)


LIVING = 1  # a seed whose beginning is not dead on such vectors


def test_the_shared_network_cannot_tell_original_from_noise() -> None:
    weights = network.initial_weights(LIVING)
    a, b = vectors(1), vectors(2)
    there, back = network.modified(weights, a, b), network.modified(weights, b, a)
    assert there.any()
    assert there == pytest.approx(back, abs=1e-3)


def test_with_two_first_layers_it_can() -> None:
    weights = network.initial_weights(LIVING, branches=2)
    a, b = vectors(1), vectors(2)
    assert np.abs(network.modified(weights, a, b) - network.modified(weights, b, a)).max() > 1


def test_it_can_express_the_mean_of_both_inputs() -> None:
    first, second = np.zeros((1, 16, 3), np.float32), np.zeros((16, 3), np.float32)
    first[0, 0, 1], second[0, 1] = 1.0, 0.5
    weights = network.Weights(first, np.zeros((1, 16), np.float32), second, np.zeros(1, np.float32))
    a, b = vectors(1), vectors(2)
    assert network.modified(weights, a, b) == pytest.approx((a + b) / 2, abs=1e-3)


@pytest.mark.parametrize("branches", [1, 2])
def test_the_compiled_loops_agree_with_pytorch(branches: int) -> None:
    weights = network.initial_weights(LIVING, branches)
    a, b = vectors(1), vectors(2)
    expected = network_on_torch.modified(weights, a, b, "cpu", batch=2)
    assert expected.any()
    assert network.modified(weights, a, b, "cpu") == pytest.approx(expected, abs=1e-3)


def test_the_closed_form_is_the_minimum_of_the_loss() -> None:
    a, b = vectors(1), vectors(2)
    best = network.closed_form(a, b, 0.3)
    least = network.loss(best, a, b, 0.3)
    rng = np.random.default_rng(0)
    for size in (0.1, 1.0, 10.0):
        elsewhere = best + rng.normal(0, size, best.shape).astype(np.float32)
        assert network.loss(elsewhere, a, b, 0.3) > least
    slope = 2 * (best - a) + 0.3 * 2 * (best - b)
    assert slope == pytest.approx(0, abs=1e-3)
    assert network.loss(a, a, b, 0.3) > least
    assert network.loss((a + b) / 2, a, b, 0.3) > least


def test_the_loss_is_the_papers_equation_5() -> None:
    y, a, b = vectors(1, 1), vectors(2, 1), vectors(3, 1)
    expected = (np.linalg.norm(y - a) ** 2 + 0.3 * np.linalg.norm(y - b) ** 2) / 4000
    assert network.loss(y, a, b, 0.3) == pytest.approx(float(expected), rel=1e-5)


def test_weights_of_wrong_shape_or_with_nan_are_refused() -> None:
    good = network.initial_weights(0)
    with pytest.raises(ValueError, match=r"second.*\(16, 3\)"):
        network.Weights(good.first, good.first_bias, good.second[:3], good.second_bias)
    broken = good.second.copy()
    broken[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        network.Weights(good.first, good.first_bias, broken, good.second_bias)


def test_vectors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="4000"):
        network.modified(network.initial_weights(0), vectors(1), vectors(2, frames=2))


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ValueError, match="auto, cpu, cuda"):
        network.chosen_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_missing_gpu_is_said_and_auto_does_without() -> None:
    assert network.chosen_device("auto") == "cpu"
    with pytest.raises(ValueError, match="no GPU"):
        network.chosen_device("cuda")
