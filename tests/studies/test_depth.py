"""The dashboard's second half, raters in numbers, and what takes long being worked out now and then."""

import pytest
from django.urls import reverse

from studies import dashboard, depth, lately, rater_table, simulation
from studies.dashboard import Scope
from studies.models import Rater, Rating, Stimulus
from studies.mos import subject_model
from tests.studies.attacks import attack
from tests.studies.conditions import with_second_condition
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db
SCORES = ((5, 4, 2, 1), (4, 4, 3, 1), (4, 3, 2, 2))


def rated(**fields):
    study = make_study(seats=((1, 2, 3, 4),) * 8, **fields)
    for scores in SCORES:
        rater = enrol(study)
        for position, score in enumerate(scores, start=1):
            rate(rater, position, score)
    return study


@pytest.fixture
def study():
    return rated()


def figure(shown, key):
    return next(panel.figure for panel in shown.figures if panel.figure.key == key)


# --- Figures ----------------------------------------------------------------------------------------
def test_the_frontier_has_a_large_point_a_condition_and_small_ones_of_other_studies(study):
    with_second_condition(study, numbers=(3, 4))
    other = rated(name="Other walks")
    for each in (study, other):
        for condition in each.conditions.all():
            attack(condition.anonymization)
    found = figure(depth.depth(study, Scope(), [other]), "frontier")
    points = [trace for trace in found.figure["data"] if "marker" in trace]
    assert [point["marker"]["size"] for point in points] == [12, 12, 8]
    assert [row[0] for row in found.table.rows] == ["tieu α 0.3", "sdf α 1.5", "tieu α 0.3, Other walks"]
    assert found.table.rows[0][5] == pytest.approx(75.0)  # the success rate at the same view angle


def test_a_frontier_without_a_point_says_what_to_do(client, administrator, study):
    """Instead of empty axes: attack, ask raters, or that there are no walks here to attack."""

    def said(study):
        page = client.get(reverse("studies:depth", args=[study.slug])).content.decode()
        return 'id="plot-frontier"' in page, page.partition('class="later"')[2].partition("</section>")[0]

    client.force_login(administrator)
    drawn, words = said(study)
    assert (drawn, "Nobody has attacked tieu α 0.3 yet." in words) == (False, True)
    assert f"{reverse('recognition:start')}?anonymization={study.anonymization.pk}" in words
    attack(study.anonymization)
    assert said(study) == (True, "")
    unrated = make_study(name="Nobody came", template="dcr")
    attack(unrated.anonymization)
    drawn, words = said(unrated)
    assert (drawn, "share the study’s link with raters" in words) == (False, True)


def test_conditions_that_miss_on_the_frontier_are_named_beside_it(study):
    with_second_condition(study, numbers=(3, 4))
    attack(study.anonymization)
    found = figure(depth.depth(study, Scope()), "frontier")
    assert found.footer.endswith("Not here yet, without votes or an attack: sdf α 1.5.")


def test_simulated_raters_have_a_hollow_point_of_their_own(study):
    attack(study.anonymization)
    simulation.simulate(study, 2)
    found = figure(depth.depth(study, Scope(simulated=True)), "frontier")
    points = [trace for trace in found.figure["data"] if "marker" in trace]
    assert [point["marker"]["symbol"] for point in points] == ["diamond", "diamond-open"]


def test_votes_per_pair_counts_pairs_without_votes_too(study):
    Rating.objects.filter(presentation__stimulus__number=4).delete()
    Stimulus.objects.filter(study=study, number=3).update(role=Stimulus.Role.CHECK)
    assert figure(depth.depth(study, Scope()), "votes-per-pair").table.rows == (
        (0, 1),
        (1, 0),
        (2, 0),
        (3, 2),
    )


def test_few_votes_a_pair_show_the_regularised_model_unless_the_other_is_asked_for(study):
    assert depth.depth(study, Scope()).version == "regularised"
    shown = depth.depth(study, Scope(), model="standard")
    assert shown.version == "standard"
    assert "the standard’s version" in figure(shown, "subject-model").footer
    assert depth.depth(study, Scope(), model="whim").version == "regularised"


def test_the_model_is_that_of_the_votes_that_count(study):
    careless = enrol(study)
    for position in (1, 2, 3, 4):
        rate(careless, position, 5)
    study.masks.create(rater=careless)
    columns = [(r, p, score) for r, scores in enumerate(SCORES) for p, score in enumerate(scores)]
    rater, pair, score = zip(*columns, strict=True)
    fitted = subject_model.fit(pair, rater, score, stimuli=4, raters=3, version="regularised")
    shown = figure(depth.depth(study, Scope()), "subject-model").table.rows
    assert [row[2] for row in shown] == pytest.approx(
        [(fitted.psi[0] + fitted.psi[2]) / 2, (fitted.psi[1] + fitted.psi[3]) / 2]
    )


def test_a_study_without_votes_has_no_numbers_and_no_errors():
    shown = depth.depth(make_study(), Scope())
    assert (shown.agreement, shown.models, shown.at) == ([], [], None)
    assert figure(shown, "sos").summary == "No pair has two votes yet."


# --- Raters -----------------------------------------------------------------------------------------
def test_biases_are_the_subject_models_and_sum_to_nothing(study):
    numbers = rater_table.numbers(dashboard.present(study), simulated=False)
    columns = [(r, p, score) for r, scores in enumerate(SCORES) for p, score in enumerate(scores)]
    rater, pair, score = zip(*columns, strict=True)
    fitted = subject_model.fit(pair, rater, score, stimuli=4, raters=3)
    assert numbers.bias.tolist() == pytest.approx(fitted.bias)
    assert sum(numbers.bias) == pytest.approx(0)
    assert numbers.votes.tolist() == [4, 4, 4]


def test_a_rater_who_left_or_is_set_aside_still_has_numbers(study):
    first, second, _ = study.raters.all()
    Rater.objects.filter(pk=first.pk).update(state=Rater.State.EXPIRED)
    study.masks.create(rater=second)
    now = dashboard.present(study)
    rows = {row.rater.pk: row for row in rater_table.rows(now, [0, 1, 2])}
    assert [rows[pk].counts for pk in sorted(rows)] == [False, False, True]
    assert all(row.bias != "n/a" for row in rows.values())


def test_raters_without_a_number_come_last_whatever_the_direction(study):
    silent = enrol(study)
    for descending in (False, True):
        now = dashboard.present(study)
        codes = rater_table.ordered(now, [False], "bias", descending)
        assert now.votes.rater_pks[codes[-1]] == silent.pk


# --- Now and then -----------------------------------------------------------------------------------
def test_what_was_quick_is_worked_out_again_for_new_votes_and_only_then():
    calls = []
    work = lambda: calls.append(1) or len(calls)  # noqa: E731
    key = object()
    assert [lately.lately(key, marker, work).value for marker in (1, 1, 2, 2)] == [1, 1, 2, 2]


def test_what_took_long_stays_for_a_while_although_votes_came(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(lately.time, "monotonic", lambda: clock[0])

    def work():
        clock[0] += 2.0
        return clock[0]

    key = object()
    assert lately.lately(key, 1, work).value == 2.0
    clock[0] += 19
    assert lately.lately(key, 2, work).value == 2.0
    clock[0] += 2
    assert lately.lately(key, 2, work).value == 25.0


# --- By hand ----------------------------------------------------------------------------------------
def test_a_score_changed_in_the_administration_shows_at_once_and_in_the_log(client, administrator):
    study = rated()
    assert dashboard.dashboard(study, Scope()).mos[0].mos == "2.92"
    client.force_login(administrator)
    rating = Rating.objects.first()
    address = reverse("admin:studies_rating_change", args=[rating.pk])
    form = client.get(address).context["adminform"].form
    sent = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    sent |= {"score": 1, "rated_at_0": "2026-03-01", "rated_at_1": "12:00:00"}
    assert client.post(address, sent).status_code == 302
    assert dashboard.dashboard(study, Scope()).mos[0].mos == "2.58"
    assert study.events.last().what == "Votes corrected: 1 rating changed in the administration"
