"""What methods may be told, in Python and as text."""

import pytest

from anonymizer.gait.parameters import AS_ORIGINAL, Choice, Number, ViewAngle, Whole, checked, parsed

KNOWN = {
    "alpha": Number(0.3, 0.0, 100.0, "share"),
    "donors": Whole(9, 1, 32, "how many"),
    "order": Choice("traced", ("traced", "raster"), "order"),
    "noise_view_angle": ViewAngle("from where"),
}


def test_what_is_not_given_is_as_usual():
    assert checked("some", KNOWN, {"donors": 4}) == {
        "alpha": 0.3,
        "donors": 4,
        "order": "traced",
        "noise_view_angle": AS_ORIGINAL,
    }


def test_text_becomes_values_and_what_is_not_given_is_left_out():
    texts = {"alpha": "2", "donors": " 4 ", "order": "raster", "noise_view_angle": "90"}
    assert parsed("some", KNOWN, texts) == {
        "alpha": 2.0,
        "donors": 4,
        "order": "raster",
        "noise_view_angle": 90,
    }
    assert parsed("some", KNOWN, {"noise_view_angle": "original"}) == {"noise_view_angle": AS_ORIGINAL}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("alpha", "much", "'alpha' must be a number, not 'much'"),
        ("alpha", "nan", "'alpha' must be a number, not nan"),
        ("alpha", "101", "'alpha' must lie between 0 and 100, not 101"),
        ("donors", "4.5", "'donors' must be a whole number, not '4.5'"),
        ("donors", "-1", "'donors' must lie between 1 and 32, not -1"),
        ("donors", "33", "'donors' must lie between 1 and 32, not 33"),
        ("order", "sorted", "'order' must be one of traced, raster, not 'sorted'"),
        ("noise_view_angle", "left", "must be 'original' or whole degrees from 0 to 359, not 'left'"),
        ("noise_view_angle", "360", "must be 'original' or whole degrees from 0 to 359, not 360"),
        ("alfa", "1", "the method 'some' has no parameter 'alfa'; it knows: alpha, donors"),
    ],
)
def test_text_that_makes_no_sense_is_refused_in_words(name, text, message):
    with pytest.raises(ValueError, match=message):
        parsed("some", KNOWN, {name: text})


@pytest.mark.parametrize("value", [4.0, True, "4", None])
def test_a_whole_number_is_nothing_else(value):
    with pytest.raises(ValueError, match="must be a whole number"):
        checked("some", KNOWN, {"donors": value})
