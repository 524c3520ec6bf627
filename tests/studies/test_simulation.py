"""Simulated raters of studies whose rows hold practice, checks and several conditions."""

import pytest

from anonymizer.jobs import Refused
from studies import simulation
from studies.models import Rater, Rating, Study
from tests.studies.rows import add_pair, enrol, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """One practice pair first, then four regular ones with two checks between them."""
    made = make_study(view_angles=[0, 90, 0, 90], seats=[[5, 1, 6, 2, 7, 3, 4]] * 20)
    add_pair(made, 5, 0, role="training", expected_score=2)
    add_pair(made, 6, 0, role="check", expected_score=5, labels={"kind": "identical"})
    add_pair(made, 7, 90, role="check", expected_score=1, labels={"kind": "broken"})
    return made


def scores_of(number: int) -> list[int]:
    kept = Rating.objects.filter(presentation__stimulus__number=number)
    return list(kept.values_list("score", flat=True))


def test_they_go_through_practice_and_checks_and_answer_those_plausibly(study: Study) -> None:
    simulation.simulate(study, 20, seed=3)

    assert study.raters.filter(simulated=True, state=Rater.State.COMPLETE).count() == 20
    assert Rating.objects.count() == 20 * 7
    for number, expected in ((5, 2), (6, 5), (7, 1)):
        near = [abs(score - expected) <= 1 for score in scores_of(number)]
        assert sum(near) >= 19


def test_careless_ones_answer_checks_as_anything_else(study: Study) -> None:
    simulation.simulate(study, 20, seed=3, careless=1.0)

    assert len(set(scores_of(6))) > 2


def test_an_impossible_share_of_careless_ones_is_refused(study: Study) -> None:
    with pytest.raises(Refused, match="from 0 to 1"):
        simulation.simulate(study, 2, careless=1.5)
    assert not study.raters.exists()


@pytest.mark.parametrize("fields", [{"template": "dcr"}, {"template": "acr"}, {"platform": "prolific"}])
def test_every_template_and_platform_can_be_rehearsed(fields: dict[str, str]) -> None:
    made = make_study(view_angles=[0, 90], seats=[[1, 2]] * 2, **fields)

    simulation.simulate(made, 2)

    assert Rating.objects.count() == 4


def test_the_assumed_quality_stays_on_the_studys_own_scale() -> None:
    scale = [{"score": 1, "label": "No"}, {"score": 3, "label": "Yes"}, {"score": 2, "label": "Perhaps"}]
    made = make_study(view_angles=[0, 90], seats=[[1, 2]] * 2)
    Study.objects.update(scale=scale)
    made.refresh_from_db()

    simulation.simulate(made, 2, seed=5)

    assert set(Rating.objects.values_list("score", flat=True)) <= {1, 2, 3}


def test_they_take_no_seat_and_no_quota_of_peoples() -> None:
    made = make_study(view_angles=[0, 90], seats=[[1, 2], [2, 1]], quotas=[{"locale": "en", "most": 2}])

    simulation.simulate(made, 2)

    people = [enrol(made, locale="en") for _ in range(2)]
    assert [rater.seat and rater.seat.position for rater in people] == [1, 2]
    simulated = made.raters.filter(simulated=True)
    assert [(r.seat.position, r.seat.pairs) for r in simulated if r.seat] == [(1, [1, 2]), (2, [2, 1])]
    with pytest.raises(Refused, match="0 of the study's 2 seats are left to them"):
        simulation.simulate(made, 1)
