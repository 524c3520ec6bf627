import math
from typing import Any

import pytest

from studies import expectations, rater_pages, rating, showing
from studies.models import Presentation, Study
from studies.proposals import Proposal
from tests.studies.rows import enrol, make_study, watched

pytestmark = pytest.mark.django_db


def study(**fields: Any) -> Study:
    return make_study(view_angles=[0], seats=[[1]], **fields)


@pytest.mark.parametrize(
    ("fields", "shape", "names", "gap", "seconds"),
    [
        ({"template": "naturalness"}, "pair", ["original", "changed"], 1.0, 2.2),
        ({"template": "dcr"}, "pair", ["original", "changed"], 2.0, 3.2),
        ({"template": "acr"}, "single", ["walk"], 0.0, 0.6),
        ({"template": "acr-hr"}, "single", ["walk"], 0.0, 0.6),
        ({"layout": "side-by-side"}, "both", ["both"], 0.0, 0.6),
        ({"template": "dcr", "layout": "side-by-side"}, "both", ["both"], 0.0, 0.6),
    ],
)
def test_what_is_shown(fields: Any, shape: str, names: list[str], gap: float, seconds: float) -> None:
    made = study(**fields)
    stimulus = made.stimuli.get()

    assert showing.shape(made) == shape
    clips = showing.clips(made, stimulus)
    assert list(clips) == names
    assert list(clips.values())[-1] == stimulus.test_clip
    assert showing.gap_seconds(made) == gap
    assert showing.pair_seconds(made) == pytest.approx(seconds)


def test_only_what_is_shown_needs_to_have_played() -> None:
    rater = enrol(study(template="acr"))
    shown = rating.present(rater, 1)
    playback = watched(rater, 1)
    Presentation.objects.filter(pk=shown.pk).update(fetched_at=shown.fetched_at)

    with pytest.raises(rating.NotWatched, match="walk"):
        rating.rate(rater, 1, 4, {"watched_fraction": {"changed": 1.0}})
    watched(rater, 1)
    assert rating.rate(rater, 1, 4, {**playback, "watched_fraction": {"walk": 1.0}})[1]


def test_a_clip_that_is_not_told_of_was_not_watched() -> None:
    rater = enrol(study())
    playback = watched(rater, 1)

    with pytest.raises(rating.NotWatched):
        rating.rate(rater, 1, 4, {**playback, "watched_fraction": {"changed": 1.0}})


@pytest.mark.parametrize("template", ["naturalness", "dcr", "acr", "acr-hr"])
@pytest.mark.parametrize("layout", ["sequential", "side-by-side"])
def test_raters_are_told_the_minutes_that_were_planned(template: str, layout: str) -> None:
    shown: Any = {"template": template, "layout": layout}
    made = make_study(view_angles=(0,) * 7, seats=[list(range(1, 8))], seconds=55, **shown)
    planned = Proposal("planned", pairs_per_rater=7, clip_seconds=55, **shown)
    assert rater_pages.minutes(made) == math.ceil(expectations.minutes(planned))
