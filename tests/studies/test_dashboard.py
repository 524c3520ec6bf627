"""What a dashboard counts, what it leaves out, and that people's and simulated votes are never pooled."""

import subprocess
import sys
from copy import deepcopy

import pytest
from django.utils import timezone

from studies import dashboard, simulation
from studies.dashboard import Scope, scope_of
from studies.models import Presentation, Rater, Stimulus
from studies.mos.paper_reference import SOURCE
from studies.mos.statistics import mos_by_group
from tests.recognition import rows
from tests.studies.attacks import attack
from tests.studies.conditions import with_second_condition
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


def mos_of(study):
    return [line.mos for line in dashboard.dashboard(study, Scope()).mos]


# --- Which votes count ----------------------------------------------------------------------------
@pytest.mark.parametrize(("count_abandoned", "counted"), [(False, 2), (True, 4)])
def test_votes_of_raters_who_left_count_where_the_study_says_so(study, count_abandoned, counted):
    for state in Rater.State:
        rater = enrol(study)
        rate(rater, 1, 3)
        Rater.objects.filter(pk=rater.pk).update(state=state)
    study.count_abandoned = count_abandoned
    shown = dashboard.dashboard(study, Scope())
    assert shown.votes == counted
    assert f"Votes of raters who left {'count' if count_abandoned else 'don’t count'}." in (
        shown.naturalness.figure.footer
    )


def test_training_and_checks_do_not_count(study):
    score_all(study, (5, 5, 5, 1))
    Stimulus.objects.filter(study=study, number=1).update(role=Stimulus.Role.TRAINING)
    Stimulus.objects.filter(study=study, number=2).update(role=Stimulus.Role.CHECK)
    assert mos_of(study) == ["3.00"]


def test_a_pair_that_could_not_be_played_does_not_count(study):
    score_all(study, (5, 1, 1, 1))
    Presentation.objects.filter(rater__study=study, position=1).update(problem="stuck")
    assert mos_of(study) == ["1.00"]


def test_what_is_set_aside_does_not_count_until_that_is_lifted(study):
    careless = score_all(study, (1, 1, 1, 1))
    score_all(study, (5, 5, 5, 3))
    assert mos_of(study) == ["2.75"]
    study.masks.create(rater=careless)
    assert mos_of(study) == ["4.50"]
    single = Presentation.objects.exclude(rater=careless).get(position=4)
    study.masks.create(rater=single.rater, presentation=single)
    shown = dashboard.dashboard(study, Scope())
    assert (shown.mos[0].mos, shown.mos[0].votes) == ("5.00", 3)
    assert shown.set_aside == "1 rater set aside (1 by hand), 1 single vote set aside"
    study.masks.update(lifted=timezone.now())
    assert mos_of(study) == ["2.75"]


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
    assert [each.run for each in dashboard.dashboard(study, Scope()).attacks] == [newer]


def test_the_strongest_attacker_is_the_one_who_names_most(study):
    attack(study.anonymization)
    (shown,) = dashboard.dashboard(study, Scope()).attacks
    assert (shown.rung["attacker"], shown.is_strongest, shown.can_choose) == (
        "anonymized-gallery",
        True,
        True,
    )
    (naive,) = dashboard.dashboard(study, Scope(attacker="naive")).attacks
    assert naive.rung["attacker"] == "naive"


def test_undefined_rates_are_not_numbers(study):
    attack(study.anonymization)
    rows = dashboard.dashboard(study, Scope()).success.rows
    assert rows[1][2:5] == ["n/a", "n/a", "n/a"]


# --- Several conditions -----------------------------------------------------------------------------
@pytest.fixture
def compared(study):
    """The same, its pairs 3 and 4 being of another condition."""
    return with_second_condition(study, numbers=(3, 4))


def test_each_condition_has_its_line_its_series_and_its_own_votes(compared):
    score_all(compared, (5, 4, 2, 1))
    shown = dashboard.dashboard(compared, Scope())
    assert [(line.condition.label, line.mos, line.votes) for line in shown.mos] == [
        ("tieu α 0.3", "4.50", 2),
        ("sdf α 1.5", "1.50", 2),
    ]
    assert names(shown.naturalness) == ["tieu α 0.3", "sdf α 1.5"]


def test_each_condition_stands_against_its_own_strongest_attacker(compared):
    first, second = compared.conditions.all()
    weak = deepcopy(rows.RUNG) | {"rank1": 0.9}
    attack(first.anonymization)
    attack(second.anonymization, ladder=[weak, rows.STRONGER])
    shown = dashboard.dashboard(compared, Scope())
    assert [each.rung["attacker"] for each in shown.attacks] == ["anonymized-gallery", "naive"]
    assert names(shown.success) == ["tieu α 0.3", "sdf α 1.5"]
    assert "each condition’s strongest attacker" in shown.success.figure.subtitle
    assert [each.name for each in shown.ladder.figure.legend] == ["tieu α 0.3", "sdf α 1.5"]


def test_a_condition_that_nobody_attacked_is_named(compared):
    first, second = compared.conditions.all()
    attack(first.anonymization)
    shown = dashboard.dashboard(compared, Scope())
    assert shown.unattacked == [second]


def test_the_matrix_is_of_the_condition_that_is_asked_for(compared):
    for condition in compared.conditions.all():
        attack(condition.anonymization)
    assert dashboard.dashboard(compared, Scope()).matrix_of.condition.number == 1
    shown = dashboard.dashboard(compared, scope_of({"matrix": "2"}))
    assert shown.matrix_of.condition.number == 2
    assert "sdf α 1.5" in shown.matrix.figure.subtitle
    assert dashboard.dashboard(compared, Scope(matrix=9)).matrix_of.condition.number == 1


def test_a_verdict_that_is_refused_names_its_condition(compared):
    first, second = compared.conditions.all()
    attack(first.anonymization)
    attack(second.anonymization, refused=("Clear gaits are hardly named.",))
    gates = dashboard.dashboard(compared, Scope()).gates
    assert gates == [{"ok": False, "text": "Clear gaits are hardly named.", "of": "sdf α 1.5"}]


def test_the_bound_of_one_clip_stands_beside_the_rungs_of_a_method_that_gives_one(compared):
    first, second = compared.conditions.all()
    attack(first.anonymization, ladder=[{**rows.RUNG, "bound": None}])
    linked = {**rows.STRONGER, "bound": 2 / 3}
    attack(second.anonymization, ladder=[{**rows.RUNG, "bound": 1 / 3}, linked])
    shown = dashboard.dashboard(compared, Scope())
    assert [each.bound for each in shown.attacks] == [None, 1 / 3]
    assert "Bound: sdf α 1.5 lets nobody name more than 33.3 % from one clip;" in shown.ladder.figure.footer
    assert shown.ladder.figure.table.rows[-1][:2] == ("sdf α 1.5", "bound")


def test_clips_that_were_brought_have_a_mos_and_no_attack(study):
    study.conditions.update(anonymization=None, label="somebody’s method", method="")
    score_all(study, (4, 4, 4, 4))
    shown = dashboard.dashboard(study, Scope())
    assert (shown.mos[0].mos, shown.attacks, shown.unattacked) == ("4.00", [], [])


# --- Measures ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("naturalness", "MOS (ACR labels, explicit reference)"),
        ("acr", "MOS (ACR)"),
        ("dcr", "DMOS (DCR)"),
    ],
)
def test_the_figure_names_its_measure(study, template, name):
    study.template = template
    score_all(study, (4, 4, 4, 4))
    assert dashboard.dashboard(study, Scope()).naturalness.figure.footer.startswith(f"{name}. ")


def test_with_a_hidden_reference_scores_are_each_raters_differences_to_it(study):
    """Pair 1 is the hidden reference of pair 3: it shows the clip that pair 3 was made from."""
    original = study.stimuli.get(number=3).reference_clip
    study.stimuli.filter(number=1).update(condition=None, test_clip=original, reference_clip=None)
    study.stimuli.filter(number__in=(2, 4)).update(role=Stimulus.Role.TRAINING)
    study.template = "acr-hr"
    score_all(study, (5, 3, 4, 3))  # 4 - 5 + 5
    score_all(study, (2, 3, 4, 3))  # 4 - 2 + 5, not cut
    shown = dashboard.dashboard(study, Scope())
    assert [(line.mos, line.votes) for line in shown.mos] == [("5.50", 2)]
    assert shown.naturalness.rows[0][2] == "5.50"
    missing = enrol(study)
    rate(missing, 3, 1)  # its reference was not scored: no difference
    assert dashboard.dashboard(study, Scope()).mos[0].votes == 2


# --- The address, and what is polled --------------------------------------------------------------
def test_an_address_that_asks_for_nonsense_shows_the_default():
    nonsense = {"simulated": "yes", "interval": "x", "attacker": "<b>", "reference": "2", "matrix": "²"}
    assert scope_of(nonsense) == scope_of({}) == Scope()


def test_the_version_changes_with_each_vote_rater_mask_and_attack_and_only_then(study):
    seen = [dashboard.version(study)]
    assert dashboard.version(study) == seen[0]
    rater = enrol(study)
    seen.append(dashboard.version(study))
    rate(rater, 1, 3)
    seen.append(dashboard.version(study))
    attack(study.anonymization)
    seen.append(dashboard.version(study))
    mask = study.masks.create(rater=rater)
    seen.append(dashboard.version(study))
    assert len(set(seen)) == 5
    mask.delete()
    assert dashboard.version(study) == seen[3]


def test_a_dashboard_takes_no_more_queries_with_more_votes(study, django_assert_max_num_queries):
    simulation.simulate(study, 4)
    attack(study.anonymization)
    with django_assert_max_num_queries(16):
        shown = dashboard.dashboard(study, Scope())
        assert shown.panels


def test_the_dashboard_needs_no_pandas():
    asked = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup();"
        "import studies.dashboard; sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)


def test_the_success_rate_by_view_angle_is_of_who_tried_the_most_of_them(study):
    run = attack(study.anonymization)
    run.refresh_from_db()  # each attacker's numbers by themselves, as a page reads them
    naive = run.result["experiment"]["attackers"]["naive"]  # the strongest one has no rate at 90°
    naive["by_probe_view_angle"][1] |= {"success_rate": 0.5, "ci95": [0.4, 0.6]}
    run.save()
    shown = dashboard.dashboard(study, Scope()).success.figure
    assert "naive; anonymized gallery tried fewer view angles" in shown.subtitle
