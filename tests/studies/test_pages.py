"""The researcher's pages of studies: who may see them, what they say, what they do."""

import csv
import io
import json
import re
from typing import Any

import pytest
from django.urls import reverse

from anonymizer.models import Run
from studies import runs, simulation
from studies.models import Study
from tests.pages import text
from tests.studies.attacks import attack
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db


def address(study: Study, name: str = "study") -> str:
    return reverse(f"studies:{name}", args=[study.slug])


def shown(client: Any, study: Study, query: str = "") -> str:
    response = client.get(address(study) + query)
    assert response.status_code == 200
    return text(response)


# --- Who may see them -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["study", "fragment", "depth", "raters", "screening", "export"])
def test_a_study_is_for_those_who_are_signed_in(client, name):
    response = client.get(address(make_study(), name))
    assert response.status_code == 302
    assert response.url.startswith(reverse("login"))


@pytest.mark.parametrize("name", ["open", "close"])
def test_opening_and_closing_take_a_signed_in_post_with_a_token(client, signed_in, researcher, name):
    from django.test import Client

    study = make_study()
    assert signed_in.get(address(study, name)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(researcher)
    assert strict.post(address(study, name)).status_code == 403
    assert Client().post(address(study, name)).url.startswith(reverse("login"))


def test_a_study_that_is_not_there_is_not_found(signed_in):
    assert signed_in.get(reverse("studies:study", args=["nowhere"])).status_code == 404


# --- The list -------------------------------------------------------------------------------------
def test_the_list_counts_people_and_simulated_votes_apart(signed_in):
    study = make_study(playback_checked=False)
    rate(enrol(study), 1, 4)
    simulation.simulate(study, 1)
    page = signed_in.get(reverse("studies:studies")).content.decode()
    assert "1 of 2" in page
    assert "2 simulated" in page
    assert "playback not checked" in page


# --- The dashboard's states -----------------------------------------------------------------------
def test_a_draft_shows_how_far_its_clips_are(signed_in, judged, researcher):
    study = runs.request_study(judged, "Street walks", researcher, pairs_per_rater=4)
    Run.objects.filter(pk=study.run_id).update(status=Run.Status.RUNNING, done=3, total=6)
    page = shown(signed_in, study)
    assert "3 of 6 clips" in page
    assert "Open study" not in page
    Run.objects.filter(pk=study.run_id).update(status=Run.Status.FAILED, error="The disk is full.")
    assert "The disk is full." in shown(signed_in, study)


def test_a_prepared_draft_opens_with_a_press_and_closes_with_another(signed_in):
    study = make_study(status=Study.Status.DRAFT)
    assert "Ready to open" in shown(signed_in, study)
    signed_in.post(address(study, "open"))
    assert "First votes show here" in shown(signed_in, study)
    signed_in.post(address(study, "close"))
    assert "Open again" in shown(signed_in, study)
    assert Study.objects.get().status == Study.Status.CLOSED


def test_a_study_that_may_not_be_shown_says_so_and_stays_a_draft(signed_in):
    study = make_study(status=Study.Status.DRAFT)
    study.anonymization.dataset.may_be_shown_to_raters = False
    study.anonymization.dataset.save()
    response = signed_in.post(address(study, "open"), follow=True)
    assert "may not be shown to raters" in response.content.decode()
    assert Study.objects.get().status == Study.Status.DRAFT


def test_an_open_study_without_votes_gives_the_link_to_share(signed_in, settings):
    study = make_study()
    assert f"{settings.SITE_URL}/s/{study.token}/" in shown(signed_in, study)


def test_one_vote_gives_a_mos_but_no_interval(signed_in):
    study = make_study()
    rate(enrol(study), 1, 4)
    page = shown(signed_in, study)
    assert "4.00 not enough votes for an interval · n 1 vote of 1 rater" in page


def test_without_a_recognition_the_page_leads_to_the_attackers(signed_in):
    study = make_study()
    page = signed_in.get(address(study)).content.decode()
    assert f"{reverse('recognition:start')}?anonymization={study.anonymization.pk}" in page


def test_the_strongest_attacker_stands_first_and_the_naive_one_can_be_chosen(signed_in):
    study = make_study()
    attack(study.anonymization)
    assert "Still named by the strongest attacker: lower is better tieu α 0.3 40.0 %" in shown(
        signed_in, study
    )
    assert "Still named by the naive attacker: lower is better tieu α 0.3 25.0 %" in shown(
        signed_in, study, "?attacker=naive"
    )


def test_an_attack_that_cannot_be_trusted_gives_no_verdict(signed_in):
    study = make_study()
    attack(study.anonymization, refused=("Clear gaits are hardly named.",))
    page = shown(signed_in, study)
    assert "No verdict measured 40.0" in page
    assert "No. Clear gaits are hardly named." in page


# --- While it is looked at ------------------------------------------------------------------------
def poll(client: Any, study: Study, page: bytes) -> Any:
    """What the page itself would ask for next."""
    found = re.search(r'hx-get="([^"]+)"', page.decode())
    assert found is not None
    return client.get(found.group(1).replace("&amp;", "&"))


def test_a_poll_brings_the_new_vote_and_nothing_where_nothing_is_new(signed_in):
    study = make_study()
    page = signed_in.get(address(study)).content
    assert poll(signed_in, study, page).status_code == 204
    rate(enrol(study), 1, 5)
    fresh = poll(signed_in, study, page)
    assert "5.00" in fresh.content.decode()
    assert "<html" not in fresh.content.decode()
    assert poll(signed_in, study, fresh.content).status_code == 204


def test_a_poll_keeps_what_the_page_was_asked_to_show(signed_in):
    study = make_study()
    page = signed_in.get(address(study) + "?interval=naive").content
    rate(enrol(study), 1, 5)
    assert "Naive 95 % interval" in poll(signed_in, study, page).content.decode()


def test_a_study_that_was_closed_meanwhile_loads_anew_and_polls_no_more(signed_in):
    def polls():
        triggers = re.findall(r'hx-trigger="([^"]+)"', signed_in.get(address(study)).content.decode())
        return any("every" in trigger for trigger in triggers)

    study = make_study()
    page = signed_in.get(address(study)).content
    assert polls()
    signed_in.post(address(study, "close"))
    assert poll(signed_in, study, page).headers["HX-Refresh"] == "true"
    assert not polls()


# --- Downloads ------------------------------------------------------------------------------------
def test_a_figures_csv_holds_the_numbers_of_its_table(signed_in):
    study = make_study()
    rater = enrol(study)
    rate(rater, 1, 4)
    rate(rater, 2, 2)
    response = signed_in.get(reverse("studies:figure", args=[study.slug, "mos-by-view-angle"]))
    table = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [(row["View angle, °"], row["MOS"], row["Votes"]) for row in table] == [
        ("0", "4.0", "1"),
        ("90", "2.0", "1"),
    ]
    assert signed_in.get(reverse("studies:figure", args=[study.slug, "nothing"])).status_code == 404


def test_recognition_that_never_was_is_a_table_of_column_names(signed_in):
    response = signed_in.get(address(make_study(), "export"), {"what": "recognition"})
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("condition,attacker,")


def test_every_drawn_figure_has_its_place_words_and_table(signed_in):
    study = make_study()
    attack(study.anonymization)
    rate(enrol(study), 1, 5)
    for name, stored, number in (("study", "plots", 4), ("depth", "depth-plots", 6)):
        page = signed_in.get(address(study, name)).content.decode()
        found = re.search(rf'id="{stored}"[^>]*>(.*?)</script>', page)
        plots = json.loads(found.group(1))  # type: ignore[union-attr]
        assert len(plots) == number
        for key in plots:
            assert f'id="plot-{key}"' in page
            assert f'id="said-{key}"' in page
            assert f'id="numbers-{key}"' in page
            assert signed_in.get(reverse("studies:figure", args=[study.slug, key])).status_code == 200


def test_without_votes_no_figure_of_votes_is_drawn_empty(signed_in):
    study = make_study()
    attack(study.anonymization)
    page = signed_in.get(address(study, "depth")).content.decode()
    assert re.search(r'id="depth-plots"[^>]*>(.*?)</script>', page).group(1) == "{}"  # type: ignore[union-attr]
    assert "5 more figures come with the first vote that counts." in page


def test_the_second_half_comes_by_itself_and_again_only_when_something_changed(signed_in):
    study = make_study()
    page = signed_in.get(address(study)).content.decode()
    assert f'hx-get="{address(study, "depth")}"' in page
    assert "Do raters agree?" not in page
    depth = signed_in.get(address(study, "depth")).content
    assert poll(signed_in, study, depth).status_code == 204
    rate(enrol(study), 1, 5)
    assert "Do raters agree?" in poll(signed_in, study, depth).content.decode()


def test_another_choice_of_what_is_shown_brings_both_halves_at_once(signed_in):
    study = make_study()
    rate(enrol(study), 1, 5)
    page = signed_in.get(address(study), headers={"HX-Boosted": "true"}).content.decode()
    assert "Do raters agree?" in page
