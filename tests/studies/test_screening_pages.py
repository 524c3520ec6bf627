"""The pages of raters and of screening: who may see and change what, and what a press does."""

import csv
import io

import pytest
from django.urls import reverse

from studies import simulation
from studies.models import Mask, Rater, StudyShare
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(researcher):
    study = make_study(seats=((1, 2, 3, 4),) * 8)
    for scores in ((5, 4, 2, 1), (5, 3, 2, 1), (4, 4, 2, 2), (5, 4, 1, 1), (1, 2, 4, 5)):
        rater = enrol(study)
        for position, score in enumerate(scores, start=1):
            rate(rater, position, score)
    return study


def address(name, study, *more):
    return reverse(f"studies:{name}", args=[study.slug, *more])


def page(client, name, study, *more, **query):
    response = client.get(address(name, study, *more), query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def backwards(study):
    return study.raters.order_by("pk").last()


# --- Screening --------------------------------------------------------------------------------------
def test_the_page_says_whom_each_rule_would_reject(signed_in, study):
    found = page(signed_in, "screening", study)
    assert backwards(study).pseudonym in found
    assert "Threshold r =" in found
    assert "The result under every rule" in found


def test_one_press_applies_a_rule_and_another_lifts_it(signed_in, study, researcher):
    response = signed_in.post(
        address("apply_rule", study, "correlation"), {"reason": "backwards"}, follow=True
    )
    assert "1 rater set aside." in response.content.decode()
    assert study.masks.get(lifted=None).rater == backwards(study)
    response = signed_in.post(
        address("lift", study), {"rule": "correlation", "reason": "meant it"}, follow=True
    )
    assert "1 set-aside counting again." in response.content.decode()
    assert study.masks.get().lifted_by == researcher


def test_without_a_reason_the_page_says_what_is_missing(signed_in, study):
    response = signed_in.post(address("apply_rule", study, "correlation"), follow=True)
    assert "Give a reason" in response.content.decode()
    assert not study.masks.exists()


def test_a_rule_that_is_none_does_nothing(signed_in, study):
    signed_in.post(address("apply_rule", study, "whim"), {"reason": "x"})
    signed_in.post(address("lift", study), {"mask": "x", "reason": "x"})
    assert not study.masks.exists()


def test_who_may_only_look_sees_no_buttons_and_can_change_nothing(client, study, django_user_model):
    guest = django_user_model.objects.create_user("guest")
    StudyShare.objects.create(study=study, user=guest)
    client.force_login(guest)
    assert "Set 1 aside" not in page(client, "screening", study)
    assert client.post(address("apply_rule", study, "correlation"), {"reason": "x"}).status_code == 403
    assert (
        client.post(address("aside", study, backwards(study).pseudonym), {"reason": "x"}).status_code == 403
    )


def test_a_stranger_learns_of_nothing(client, study, django_user_model):
    client.force_login(django_user_model.objects.create_user("stranger"))
    for name in ("screening", "raters"):
        assert client.get(address(name, study)).status_code == 404
    assert client.post(address("lift", study), {"reason": "x"}).status_code == 404


def test_without_raters_no_rule_is_compared(signed_in):
    told = page(signed_in, "screening", make_study(name="Nobody came"))
    assert ("No votes yet" in told, "The result under every rule" in told) == (True, False)


def test_changing_takes_a_post(signed_in, study):
    for name, more in (("lift", ()), ("apply_rule", ("bt500",)), ("aside", ("R-1",))):
        assert signed_in.get(address(name, study, *more)).status_code == 405


# --- Raters -----------------------------------------------------------------------------------------
def rows(client, study, **query):
    response = client.get(address("raters", study), query | {"format": "csv"})
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_raters_are_ordered_as_asked_for(signed_in, study):
    found = rows(signed_in, study, order="r")
    assert found[0]["rater"] == backwards(study).pseudonym
    assert float(found[0]["r"].replace("−", "-")) < 0
    assert rows(signed_in, study, order="r", descending="1")[-1]["rater"] == backwards(study).pseudonym
    assert len(rows(signed_in, study, order="whim")) == 5


def test_the_raters_table_comes_as_csv_or_not_at_all(signed_in, study):
    answer = signed_in.get(address("raters", study), {"format": "xlsx"})
    assert answer.status_code == 404
    assert "There is no format &#x27;xlsx&#x27;. Use one of: csv." in answer.content.decode()


def test_who_left_and_who_is_set_aside_is_marked(signed_in, study):
    study.raters.filter(pk=backwards(study).pk).update(state=Rater.State.ABANDONED, over_quota=True)
    first = study.raters.first()
    study.masks.create(rater=first, reason="told us so")
    found = {row["rater"]: row for row in rows(signed_in, study)}
    left, aside = found[backwards(study).pseudonym], found[first.pseudonym]
    assert (left["state"], left["counts"], left["over_quota"]) == ("abandoned", "False", "True")
    assert (aside["set_aside_by"], aside["reason"], aside["counts"]) == ("manual", "told us so", "False")
    assert "abandoned, not counted" in page(signed_in, "raters", study)


def test_simulated_raters_are_listed_only_on_demand_where_people_came(signed_in, study):
    simulation.simulate(study, 2)
    assert {row["simulated"] for row in rows(signed_in, study)} == {"False"}
    assert len(rows(signed_in, study, simulated="1")) == 7


def test_a_study_without_raters_says_so(signed_in):
    assert "Nobody has taken a seat yet" in page(signed_in, "raters", make_study())


def test_a_raters_page_shows_every_vote_and_sets_one_aside(signed_in, study):
    who = backwards(study)
    found = page(signed_in, "rater", study, who.pseudonym)
    assert found.count("Set aside<span") == 8
    vote = who.presentations.get(position=2)
    signed_in.post(address("aside", study, who.pseudonym), {"presentation": vote.pk, "reason": "slipped"})
    assert study.masks.get().presentation == vote
    assert "slipped" in page(signed_in, "rater", study, who.pseudonym)


def test_a_vote_of_another_rater_is_not_found(signed_in, study):
    other = study.raters.first().presentations.first()
    response = signed_in.post(
        address("aside", study, backwards(study).pseudonym), {"presentation": other.pk, "reason": "x"}
    )
    assert response.status_code == 404
    assert not Mask.objects.exists()


def test_afterwards_one_is_back_where_one_was_and_nowhere_else(signed_in, study):
    def goes_to(back):
        pseudonym = study.raters.first().pseudonym
        return signed_in.post(address("aside", study, pseudonym), {"reason": "x", "back": back}).url

    here = address("rater", study, backwards(study).pseudonym)
    assert goes_to(here) == here
    assert goes_to("https://elsewhere.example/") == address("screening", study)


def test_a_reason_that_looks_like_a_formula_is_a_text_in_the_raters_table(client, administrator):
    client.force_login(administrator)
    study = make_study()
    rater = enrol(study)
    study.masks.create(rater=rater, reason="=HYPERLINK(1)")
    answer = client.get(reverse("studies:raters", args=[study.slug]), {"format": "csv"})
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["rater"], row["reason"]) == (rater.pseudonym, "'=HYPERLINK(1)")
