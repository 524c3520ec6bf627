"""What a dashboard counts, what it leaves out, and that people's and simulated votes are never pooled."""

import subprocess
import sys

import pytest

from studies import dashboard, simulation
from studies.dashboard import Scope, scope_of
from studies.models import Presentation, Rater, Stimulus
from studies.mos.paper_reference import SOURCE
from studies.mos.statistics import mos_by_group
from tests.studies.attacks import attack
from tests.studies.rows import add_pair, enrol, make_study, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    """Two pairs at each of two view angles; every seat shows all four."""
    return make_study(seats=((1, 2, 3, 4),) * 4)


def score_all(study, scores):
    rater = enrol(study)
    for position, score in enumerate(scores, start=1):
        rate(rater, position, score)
    return rater


def names(panel):
    return [trace["name"] for trace in panel.figure.figure["data"]]


# --- Which votes count ----------------------------------------------------------------------------
def test_votes_count_whatever_became_of_the_rater(study):
    for state in (Rater.State.RATING, Rater.State.COMPLETE, Rater.State.ABANDONED):
        rater = enrol(study)
        rate(rater, 1, 3)
        Rater.objects.filter(pk=rater.pk).update(state=state)
    assert dashboard.votes(study, simulated=False).count == 3


def test_training_and_checks_do_not_count(study):
    rater = score_all(study, (5, 5, 5, 1))
    Stimulus.objects.filter(study=study, number=1).update(role=Stimulus.Role.TRAINING)
    Stimulus.objects.filter(study=study, number=2).update(role=Stimulus.Role.CHECK)
    shown = dashboard.dashboard(study, Scope())
    assert shown.mos[0].mos == "3.00"
    assert [(row.pk, row.votes, row.mean) for row in shown.raters] == [(rater.pk, 2, 3.0)]


def test_a_pair_that_could_not_be_played_does_not_count(study):
    rater = score_all(study, (5, 1, 1, 1))
    Presentation.objects.filter(rater=rater, position=1).update(problem="stuck")
    assert dashboard.dashboard(study, Scope()).mos[0].mos == "1.00"


def test_another_studys_votes_do_not_count(study):
    other = make_study(name="Other walks")
    rate(enrol(other), 1, 5)
    assert dashboard.dashboard(study, Scope()).votes == 0


# --- People and simulated raters ------------------------------------------------------------------
def test_simulated_votes_are_hidden_where_people_voted(study):
    score_all(study, (4, 4, 4, 4))
    simulation.simulate(study, 1)
    shown = dashboard.dashboard(study, Scope())
    assert (shown.votes, shown.hidden) == (4, 4)
    assert shown.mos[0].mos == "4.00"
    assert not any(row.simulated for row in shown.raters)


def test_on_demand_simulated_votes_stand_beside_peoples_and_are_not_pooled(study):
    score_all(study, (4, 4, 4, 4))
    simulation.simulate(study, 1)
    shown = dashboard.dashboard(study, Scope(simulated=True))
    assert [(line.simulated, line.votes) for line in shown.mos] == [(False, 4), (True, 4)]
    assert shown.mos[0].mos == "4.00"
    assert names(shown.naturalness) == ["tieu α 0.3", "tieu α 0.3 · simulated"]


def test_without_people_simulated_votes_are_shown_and_marked(study):
    simulation.simulate(study, 2)
    shown = dashboard.dashboard(study, Scope())
    assert shown.only_simulated
    assert names(shown.naturalness) == ["tieu α 0.3 · simulated"]


# --- Numbers --------------------------------------------------------------------------------------
def test_the_verdict_is_the_clustered_interval_or_the_naive_one_on_demand(study):
    scores = ((5, 2, 4, 3), (4, 1, 5, 2), (3, 2, 4, 1))
    for each in scores:
        score_all(study, each)
    columns = [(rater, pair, score) for rater, row in enumerate(scores) for pair, score in enumerate(row)]
    (whole,) = mos_by_group([0] * 12, *zip(*columns, strict=True))
    for interval, ends in (("clustered", whole.ci95_clustered), ("naive", whole.ci95_naive)):
        (line,) = dashboard.dashboard(study, Scope(interval=interval)).mos
        assert line.interval == f"{ends[0]:.2f} to {ends[1]:.2f}"
    assert whole.ci95_clustered != whole.ci95_naive


def test_mos_by_view_angle_has_the_votes_of_each_angle(study):
    score_all(study, (5, 2, 4, 3))  # pairs at 0, 90, 0, 90 degrees
    rows = dashboard.dashboard(study, Scope()).naturalness.figure.table.rows
    assert [(row[1], row[2], row[5]) for row in rows] == [(0, 4.5, 2), (90, 2.5, 2)]


def test_both_answers_share_one_axis_even_where_their_view_angles_differ(study):
    add_pair(study, 5, 45)
    attack(study.anonymization)
    shown = dashboard.dashboard(study, Scope())
    axes = [panel.figure.figure["layout"]["xaxis"] for panel in (shown.naturalness, shown.success)]
    assert axes[0] == axes[1]
    assert axes[0]["tickvals"] == [0, 45, 90]
    heights = [panel.figure.figure["layout"]["height"] for panel in (shown.naturalness, shown.success)]
    assert heights[0] == heights[1]


def test_the_papers_figures_are_laid_over_only_on_demand(study):
    attack(study.anonymization)
    for reference in (False, True):
        shown = dashboard.dashboard(study, Scope(reference=reference))
        assert any(SOURCE in name for name in names(shown.success)) is reference


def test_the_newest_recognition_counts(study):
    attack(study.anonymization)
    newer = attack(study.anonymization)
    assert dashboard.dashboard(study, Scope()).attack.run == newer


def test_the_strongest_attacker_is_the_one_who_names_most(study):
    attack(study.anonymization)
    shown = dashboard.dashboard(study, Scope()).attack
    assert (shown.rung["attacker"], shown.is_strongest, shown.can_choose) == (
        "anonymized-gallery",
        True,
        True,
    )
    assert dashboard.dashboard(study, Scope(attacker="naive")).attack.rung["attacker"] == "naive"


def test_undefined_rates_are_not_numbers(study):
    attack(study.anonymization)
    rows = dashboard.dashboard(study, Scope()).success.rows
    assert rows[1][2:5] == ["n/a", "n/a", "n/a"]


# --- The address, and what is polled --------------------------------------------------------------
def test_an_address_that_asks_for_nonsense_shows_the_default():
    nonsense = {"simulated": "yes", "interval": "x", "attacker": "<b>", "reference": "2"}
    assert scope_of(nonsense) == scope_of({}) == Scope()


def test_the_version_changes_with_each_vote_rater_and_attack_and_only_then(study):
    seen = [dashboard.version(study)]
    assert dashboard.version(study) == seen[0]
    rater = enrol(study)
    seen.append(dashboard.version(study))
    rate(rater, 1, 3)
    seen.append(dashboard.version(study))
    attack(study.anonymization)
    seen.append(dashboard.version(study))
    assert len(set(seen)) == 4


def test_a_dashboard_takes_no_more_queries_with_more_votes(study, django_assert_max_num_queries):
    simulation.simulate(study, 4)
    attack(study.anonymization)
    with django_assert_max_num_queries(15):
        shown = dashboard.dashboard(study, Scope())
        assert shown.panels


def test_the_dashboard_needs_no_pandas():
    asked = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup();"
        "import studies.dashboard; sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)
