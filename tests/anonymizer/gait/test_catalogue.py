"""What is known of the methods without loading what they are made of."""

import subprocess
import sys

import pytest

from anonymizer.gait import methods
from anonymizer.gait.catalogue import DONOR_POLICIES, METHODS, described, named


def test_the_catalogue_loads_neither_torch_nor_opencv():
    code = "import sys, anonymizer.gait.catalogue; print({'torch', 'cv2', 'numpy'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_every_method_of_the_catalogue_can_be_done_and_nothing_else():
    assert methods.CHANGES.keys() == METHODS.keys()


@pytest.mark.parametrize("method", METHODS.values(), ids=str)
def test_every_entry_says_all_that_is_needed(method):
    assert METHODS[method.name] is method
    assert method.label
    assert method.claim
    assert method.reference
    assert set(method.donor_policies) <= set(DONOR_POLICIES)
    assert (method.donors_for({}) == 0) == (method.default_donor == "none" or method.draws_own_donors)
    assert method.needs_network == bool(method.learned)
    assert set(method.learned) <= method.parameters.keys()
    assert all(spec.about and spec.accepts for spec in method.parameters.values())


def test_a_description_names_what_is_not_as_usual():
    assert described("blend", 0.3, {"order": "traced"}) == "blend α 0.3"
    assert described("blend", 1, {"order": "raster", "noise_view_angle": 90}) == (
        "blend α 1, order raster, noise view angle 90"
    )
    assert described("forgotten", 1, {}) == "forgotten"


def test_donors_are_seen_from_where_the_noise_is_wanted():
    blend = named("blend")
    assert blend.donor_angles({}, [0, 90]) == {0, 90}
    assert blend.donor_angles({"noise_view_angle": 36}, [0, 90]) == {36}
