"""A study takes more raters than planned: the seats that are there stay, and the draw stays balanced behind them."""

from collections import Counter

import pytest
from django.db import connection
from django.urls import reverse

from anonymizer.jobs import Refused
from studies import copying, life, seat_plan
from studies.models import Study
from tests.studies.rows import add_pair, enrol, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(researcher):
    """Six regular pairs at two view angles and a check; three raters see three of them, as the draw says."""
    made = make_study(view_angles=(0, 0, 0, 90, 90, 90), seats=((1, 2, 3),) * 3, seed=4)
    add_pair(made, 7, 0, role="check", expected_score=5)
    for seat, pairs in zip(made.seats.all(), seat_plan.drawn(made, list(made.stimuli.all()), 3), strict=True):
        made.seats.filter(pk=seat.pk).update(pairs=pairs)
    return made


def pairs_of_seats(study):
    return list(study.seats.order_by("position").values_list("pairs", flat=True))


def test_seats_that_are_there_stay_and_every_longer_prefix_is_balanced(study, researcher):
    before = pairs_of_seats(study)
    enrol(study)
    seat_plan.extend(study, 11, researcher)
    after = pairs_of_seats(study)
    assert (after[:3], len(after), Study.objects.get().target_raters) == (before, 11, 11)
    regular = set(study.stimuli.filter(role="regular").values_list("number", flat=True))
    for taken in range(1, 12):
        shown = Counter(number for pairs in after[:taken] for number in pairs if number in regular)
        times = [shown[number] for number in regular]
        assert max(times) - min(times) <= 1
    assert study.events.last().what == "Raters wanted: 3, now 11."


def test_nobody_waits_with_a_vote_while_seats_are_drawn(study, monkeypatch):
    """Drawing thousands of seats takes seconds, and SQLite lets one write at a time."""
    draw, inside = seat_plan.drawn, []
    outside = len(connection.savepoint_ids)  # the test's own transaction

    def watched(*asked):
        inside.append(len(connection.savepoint_ids) - outside)
        return draw(*asked)

    monkeypatch.setattr(seat_plan, "drawn", watched)
    seat_plan.extend(study, 5)
    copying.with_clips(study, None)
    assert inside == [0, 0]


def test_somebody_more_gets_in_through_the_page(study, signed_in):
    for _ in range(3):
        enrol(study)
    answer = signed_in.post(reverse("studies:add_seats", args=[study.slug]), {"raters": 4}, follow=True)
    assert "The study has seats for 4 raters now." in answer.content.decode()
    assert enrol(study).seat.position == 4


@pytest.mark.parametrize(
    ("raters", "why"), [(3, "seats are only added"), (2, "seats are only added"), (10**6, "at most 10000")]
)
def test_seats_are_only_added_and_not_without_end(study, raters, why):
    with pytest.raises(Refused, match=why):
        seat_plan.extend(study, raters)
    assert len(pairs_of_seats(study)) == 3


def test_seats_drawn_otherwise_are_not_carried_on():
    study = make_study(seats=((1, 2), (1, 2)))  # its seats were written by hand
    with pytest.raises(Refused, match="Copy the study"):
        seat_plan.extend(study, 5)


def test_a_frozen_study_gets_none(study):
    life.close_study(study)
    life.freeze(study)
    with pytest.raises(Refused, match="was frozen"):
        seat_plan.extend(study, 5)
