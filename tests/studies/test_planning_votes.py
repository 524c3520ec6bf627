"""An earlier study's votes as a pilot for the next one."""

import pytest

from studies import planning_votes
from studies.models import Study
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    made = make_study(seats=((1, 2, 3, 4),) * 4, view_angles=(0, 0, 90, 90))
    for scores in ((4, 3, 5, 4), (3, 2, 4, 4), (4, 4, 5, 3)):
        rater = enrol(made)
        for position, score in enumerate(scores, start=1):
            rate(rater, position, score)
    return made


def test_what_is_set_aside_says_nothing_of_how_much_votes_vary(study: Study):
    before = planning_votes.spread(study)
    clicker = enrol(study)
    for position, score in enumerate((1, 5, 1, 5), start=1):
        rate(clicker, position, score)
    with_clicks = planning_votes.spread(study)
    mask = study.masks.create(rater=clicker)
    assert before is not None
    assert planning_votes.spread(study) == before != with_clicks
    mask.delete()
    for shown in clicker.presentations.all():
        study.masks.create(rater=clicker, presentation=shown)
    assert planning_votes.spread(study) == before


def test_a_study_without_votes_is_no_pilot():
    assert planning_votes.spread(make_study()) is None
