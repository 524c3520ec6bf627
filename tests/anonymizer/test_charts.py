"""Charts that pages draw themselves."""

import pytest

from anonymizer import charts


def test_a_loss_curve_needs_two_finite_values():
    assert charts.loss_curve([1.0]) is None
    assert charts.loss_curve([1.0, float("nan")]) is None
    curve = charts.loss_curve([4.0, 2.0, 1.0])
    assert curve is not None
    assert curve.points.startswith("0.0,")
    assert [label for _, label in curve.x_ticks] == ["1", "2", "3"]
    assert [label for _, label in curve.y_ticks] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(55.2, 199.3, [0, 50, 100, 150, 200]), (286, 310, [280, 290, 300, 310]), (7, 7, [6, 8])],
)
def test_an_axis_has_round_numbers(low, high, ticks):
    assert charts.nice_ticks(low, high) == ticks
