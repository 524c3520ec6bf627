"""What each rule would reject, and masks that can be taken back."""

import pytest
from django.utils import timezone

from anonymizer.jobs import Refused
from studies import dashboard, screening, simulation
from studies.dashboard import Scope
from studies.models import Mask, Rating, Stimulus
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db
HONEST = ((5, 4, 2, 1), (5, 3, 2, 1), (4, 4, 2, 2), (5, 4, 1, 1))
BACKWARDS = (1, 2, 4, 5)


@pytest.fixture
def study():
    """Four raters who agree and, as the last, one who scores backwards."""
    study = make_study(seats=((1, 2, 3, 4),) * 8)
    for scores in (*HONEST, BACKWARDS):
        rater = enrol(study)
        for position, score in enumerate(scores, start=1):
            rate(rater, position, score)
    return study


def last(study):
    return study.raters.order_by("pk").last()


def rejected(study, rule, simulated=False):
    now = dashboard.present(study)
    codes = screening.judgements(now, simulated=simulated)[rule].rejected
    return now.votes.rater_pks[codes].tolist()


def mos(study):
    return dashboard.dashboard(study, Scope()).mos[0].mos


# --- Rules ------------------------------------------------------------------------------------------
def test_correlation_finds_who_scores_backwards_and_gives_its_threshold(study):
    assert rejected(study, Mask.Rule.CORRELATION) == [last(study).pk]
    judged = screening.judgements(dashboard.present(study), simulated=False)
    assert judged[Mask.Rule.CORRELATION].detail.startswith("Threshold r = ")


def test_checks_find_who_fails_them(study):
    Stimulus.objects.filter(study=study, number=1).update(role=Stimulus.Role.CHECK, expected_score=5)
    assert rejected(study, Mask.Rule.CHECKS) == [last(study).pk]


def test_playback_finds_whose_clips_stalled(study):
    Rating.objects.filter(presentation__rater=last(study)).update(stalls=9)
    assert rejected(study, Mask.Rule.PLAYBACK) == [last(study).pk]


def test_a_rules_answer_does_not_depend_on_what_is_set_aside_already(study):
    before = rejected(study, Mask.Rule.CORRELATION)
    screening.apply(study, Mask.Rule.CORRELATION, None, "backwards")
    assert rejected(study, Mask.Rule.CORRELATION) == before


def test_simulated_raters_are_judged_among_themselves(study):
    simulation.simulate(study, 2)
    simulated = set(study.raters.filter(simulated=True).values_list("pk", flat=True))
    for rule in screening.RULES:
        assert not set(rejected(study, rule)) & simulated
        assert set(rejected(study, rule, simulated=True)) <= simulated


# --- Applying and lifting ---------------------------------------------------------------------------
def test_applying_a_rule_sets_its_raters_aside_once_with_who_and_why(study, researcher):
    before = mos(study)
    assert screening.apply(study, Mask.Rule.CORRELATION, researcher, " scored  backwards ") == 1
    assert screening.apply(study, Mask.Rule.CORRELATION, researcher, "again") == 0
    mask = study.masks.get()
    assert (mask.rater, mask.rule, mask.reason, mask.made_by) == (
        last(study), Mask.Rule.CORRELATION, "scored backwards", researcher,
    )  # fmt: skip
    assert before != mos(study)
    assert study.events.get().what == "1 rater set aside, correlation: scored backwards"


def test_lifting_counts_again_and_keeps_the_row(study, researcher):
    before = mos(study)
    screening.apply(study, Mask.Rule.CORRELATION, researcher, "scored backwards")
    assert screening.lift(study, study.masks.all(), researcher, "they meant it") == 1
    assert screening.lift(study, study.masks.all(), researcher, "again") == 0
    mask = study.masks.get()
    assert mask.lifted is not None
    assert mask.lifted_by == researcher
    assert mos(study) == before
    assert [event.what for event in study.events.all()] == [
        "1 rater set aside, correlation: scored backwards",
        "1 set-aside lifted: they meant it",
    ]
    assert screening.apply(study, Mask.Rule.CORRELATION, researcher, "they did not") == 1


def test_a_rater_set_aside_by_hand_is_not_set_aside_twice(study, researcher):
    assert screening.set_rater_aside(study, last(study), researcher, "told us so") == 1
    assert screening.apply(study, Mask.Rule.CORRELATION, researcher, "backwards") == 0


def test_one_vote_can_be_set_aside_alone(study, researcher):
    vote = last(study).presentations.get(position=1)
    assert screening.set_vote_aside(study, vote, researcher, "slipped") == 1
    assert screening.set_vote_aside(study, vote, researcher, "slipped") == 0
    assert dashboard.dashboard(study, Scope()).votes == 19


def test_without_a_reason_nothing_is_set_aside(study, researcher):
    with pytest.raises(Refused, match="Give a reason"):
        screening.apply(study, Mask.Rule.CORRELATION, researcher, "  ")
    assert not study.masks.exists()


def test_a_frozen_study_sets_nobody_aside_and_lets_nobody_in(study, researcher):
    screening.apply(study, Mask.Rule.CORRELATION, researcher, "backwards")
    study.frozen = timezone.now()
    study.save()
    for act in (
        lambda: screening.set_rater_aside(study, study.raters.first(), researcher, "late"),
        lambda: screening.lift(study, study.masks.all(), researcher, "late"),
    ):
        with pytest.raises(Refused, match="frozen"):
            act()
    assert study.masks.filter(lifted=None).count() == 1


# --- Side by side -----------------------------------------------------------------------------------
def test_the_result_under_every_rule_stands_side_by_side(study):
    rows = screening.outcomes(dashboard.present(study), Scope(), simulated=False)
    assert [row.name for row in rows] == [
        "Nobody set aside", "BT.500", "correlation", "P.913, after bias removal", "check pairs", "playback",
        "As it is set now",
    ]  # fmt: skip
    by_name = {row.name: row for row in rows}
    assert by_name["Nobody set aside"].cells[0][0] == by_name["As it is set now"].cells[0][0]
    assert (by_name["correlation"].rejected, by_name["correlation"].raters) == (1, 4)
    honest = sum(map(sum, HONEST)) / 16
    assert by_name["correlation"].cells[0][0] == f"{honest:.2f}"


def test_what_is_set_now_shows_after_a_rule_was_applied(study, researcher):
    screening.apply(study, Mask.Rule.CORRELATION, researcher, "backwards")
    rows = screening.outcomes(dashboard.present(study), Scope(), simulated=False)
    now = rows[-1]
    assert (now.as_it_is, now.rejected, now.raters) == (True, 1, 4)
    assert now.cells == next(row.cells for row in rows if row.name == "correlation")
