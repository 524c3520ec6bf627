"""The page of a study's life: buttons for what can be done now, settings, sharing, the log, the draw."""

import csv
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from studies.models import Study
from tests.studies.rows import add_pair, enrol, make_study, rate

pytestmark = pytest.mark.django_db


def address(study: Study, name: str = "manage", *more: Any) -> str:
    return reverse(f"studies:{name}", args=[study.slug, *more])


def buttons(client: Any, study: Study) -> set[str]:
    page = client.get(address(study)).content.decode()
    main = page[page.index("<main") :]
    return set(re.findall(r'<button class="btn[^"]*" type="submit"[^>]*>([^<]+)<', main))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("draft", {"Open study", "Copy study", "Delete draft", "Save settings", "Add seats", "Share"}),
        ("open", {"Close study", "Copy study", "Save settings", "Add seats", "Share"}),
        ("closed", {"Open again", "Freeze", "Copy study", "Save settings", "Add seats", "Share"}),
    ],
)
def test_a_study_offers_what_can_be_done_with_it_now(signed_in, status, expected):
    assert buttons(signed_in, make_study(status=status)) == expected


def test_a_frozen_study_can_be_copied_and_nothing_else(signed_in):
    study = make_study(status="closed")
    signed_in.post(address(study, "freeze"))
    assert Study.objects.get().frozen
    assert buttons(signed_in, study) == {"Copy study"}
    answer = signed_in.post(address(study, "open"), follow=True)
    assert "nothing of it may be changed any more" in answer.content.decode()
    assert Study.objects.get().status == "closed"


def test_who_may_only_look_is_offered_a_copy_alone(signed_in, administrator, researcher):
    study = make_study(owner=administrator)
    study.shares.create(user=researcher)
    assert buttons(signed_in, study) == {"Copy study"}
    for name in ("freeze", "delete", "change", "share"):
        assert signed_in.post(address(study, name), {"user": "x"}).status_code == 403


def test_who_may_change_a_study_does_not_share_it(signed_in, administrator, researcher):
    study = make_study(owner=administrator)
    study.shares.create(user=researcher, may_edit=True)
    assert signed_in.post(address(study, "share"), {"user": "administrator"}).status_code == 404
    assert "Share" not in buttons(signed_in, study)


def test_settings_are_saved_and_the_log_says_so(signed_in):
    study = make_study()
    day = timezone.localdate() + timedelta(days=5)
    sent = {
        "name": "Street walks",
        "closes_on": str(day),
        "rater_days": 7,
        "idle_minutes": 60,
        "return_url": "",
    }
    assert signed_in.post(address(study, "change"), sent).url == address(study)
    study.refresh_from_db()
    assert (study.closes_on, study.rater_days) == (day, 7)
    page = signed_in.get(address(study)).content.decode()
    assert f"Closes on: none, now {day}." in page
    assert "Days to finish: 14, now 7." in page
    assert "researcher" in page


def test_an_old_page_sets_back_nothing_that_was_changed_since(signed_in):
    study = make_study()
    shown = signed_in.get(address(study)).context["settings"]
    old = {f"initial-{name}": shown[name].value() or "" for name in shown.fields}
    sent = {name: shown[name].value() or "" for name in shown.fields if name != "count_abandoned"}
    day = timezone.localdate() + timedelta(days=5)
    Study.objects.update(closes_on=day, count_abandoned=True)

    signed_in.post(address(study, "change"), {**old, **sent, "idle_minutes": 90})

    study.refresh_from_db()
    assert (study.closes_on, study.count_abandoned, study.idle_minutes) == (day, True, 90)
    assert 'name="initial-closes_on"' in signed_in.get(address(study)).content.decode()


def test_wrong_settings_come_back_with_their_reasons(signed_in):
    study = make_study()
    make_study(name="taken")
    sent = {"name": "taken", "closes_on": "2024-01-01", "rater_days": 0, "idle_minutes": 60,
            "return_url": "https://evil.example/"}  # fmt: skip
    answer = signed_in.post(address(study, "change"), sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    for sentence in ("is named", "Choose tomorrow or later", "from 1 to 365", "known platforms only"):
        assert sentence in page
    assert Study.objects.get(pk=study.pk).rater_days == 14


def test_a_study_is_shared_by_user_name_and_taken_back(signed_in, client, django_user_model):
    other = django_user_model.objects.create_user("other")
    study = make_study()
    signed_in.post(address(study, "share"), {"user": "other", "may_edit": "on"})
    assert study.shares.get().may_edit
    signed_in.post(address(study, "unshare", other.pk))
    assert not study.shares.exists()
    answer = signed_in.post(address(study, "share"), {"user": "nobody"})
    assert answer.status_code == 422
    assert "Nobody here is named" in answer.content.decode()


def test_a_draft_is_deleted_and_its_page_gone(signed_in):
    study = make_study(status="draft")
    assert signed_in.post(address(study, "delete")).url == reverse("studies:studies")
    assert signed_in.get(address(study)).status_code == 404


# --- The draw -------------------------------------------------------------------------------------
def test_the_draw_is_told_place_by_place(signed_in):
    study = make_study(seed=11, seats=((5, 1, 2), (5, 3, 4)))
    add_pair(study, 5, 90, role="check", expected_score=5)
    rate(enrol(study), 1, 4)
    answer = signed_in.get(address(study, "design"))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    table = list(csv.DictReader(lines))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{study.slug}-design.csv"'
    assert [(row["seat"], row["position"], row["pair"], row["role"]) for row in table[:3]] == [
        ("1", "1", "5", "check"), ("1", "2", "1", "regular"), ("1", "3", "2", "regular"),
    ]  # fmt: skip
    assert {row["seed"] for row in table} == {"11"}
    assert Counter(row["occupied"] for row in table) == {"True": 3, "False": 3}
    assert table[0]["expected_score"] == "5"
    assert table[1]["clip_sha256"] == study.stimuli.get(number=1).test_clip.sha256


@pytest.mark.parametrize("name", ["manage", "design"])
def test_the_pages_are_the_studys_peoples(client, administrator, researcher, name):
    study = make_study(owner=administrator)
    client.force_login(researcher)
    assert client.get(address(study, name)).status_code == 404
