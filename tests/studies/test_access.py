"""Whose a study is: the owner's, those's with whom it is shared, the administrators'; nobody else knows of it."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from anonymizer.models import Clip, Run
from studies import access
from studies.models import Study
from tests.factories import RunFactory
from tests.studies.rows import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(django_user_model: Any, researcher: Any, administrator: Any) -> dict[str, Any]:
    def made(name: str, **fields: Any) -> Any:
        return django_user_model.objects.create_user(name, password="a long enough secret", **fields)

    return {
        "owner": researcher,
        "viewer": made("viewer"),
        "editor": made("editor"),
        "stranger": made("stranger"),
        "staff": made("staff", is_staff=True),
        "left": made("left", is_active=False),
        "administrator": administrator,
    }


@pytest.fixture
def study(people: dict[str, Any]) -> Study:
    made = make_study(run=RunFactory(kind=Run.Kind.PREPARE_STUDY))
    made.shares.create(user=people["viewer"])
    made.shares.create(user=people["editor"], may_edit=True)
    made.shares.create(user=people["left"], may_edit=True)
    return made


def may_view(user, study):
    return access.visible_studies(user).contains(study)


SEES = {"owner", "viewer", "editor", "administrator"}
CHANGES = {"owner", "editor", "administrator"}
OWNS = {"owner", "administrator"}


def test_who_sees_changes_and_owns_a_study(study, people):
    assert {name for name, user in people.items() if may_view(user, study)} == SEES
    assert {name for name, user in people.items() if access.may_edit(user, study)} == CHANGES
    assert {name for name, user in people.items() if access.is_owner(user, study)} == OWNS
    assert not may_view(AnonymousUser(), study)
    assert not access.may_edit(AnonymousUser(), study)


def test_a_study_without_an_owner_is_the_administrators_until_it_is_shared(people):
    study = make_study(owner=None)
    assert {name for name, user in people.items() if may_view(user, study)} == {"administrator"}
    study.shares.create(user=people["stranger"])
    assert may_view(people["stranger"], study)
    assert not access.may_edit(people["stranger"], study)


PAGES = ("study", "fragment", "export")


@pytest.mark.parametrize("name", PAGES)
def test_its_pages_are_not_there_for_anybody_else(study, people, client, name):
    answers = {}
    for person, user in people.items():
        client.force_login(user)
        answers[person] = client.get(reverse(f"studies:{name}", args=[study.slug])).status_code
    assert {person for person, status in answers.items() if status == 200} == SEES
    assert {answers[person] for person in set(people) - SEES - {"left"}} == {404}


def test_a_figure_of_it_is_not_there_either(study, people, client):
    address = reverse("studies:figure", args=[study.slug, "mos-by-view-angle"])
    client.force_login(people["stranger"])
    assert client.get(address).status_code == 404
    client.force_login(people["viewer"])
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("name", ["close", "open"])
def test_who_may_only_look_changes_nothing(study, people, client, name):
    before = Study.objects.values().get(pk=study.pk)
    client.force_login(people["viewer"])
    assert client.post(reverse(f"studies:{name}", args=[study.slug])).status_code == 403
    client.force_login(people["stranger"])
    assert client.post(reverse(f"studies:{name}", args=[study.slug])).status_code == 404
    assert Study.objects.values().get(pk=study.pk) == before


def test_who_may_only_look_is_shown_no_button_that_would_change_it(study, people, client):
    address = reverse("studies:study", args=[study.slug])
    client.force_login(people["viewer"])
    assert "Close study" not in client.get(address).content.decode()
    client.force_login(people["editor"])
    assert "Close study" in client.get(address).content.decode()


def test_lists_counts_and_the_overview_tell_of_ones_own_studies_alone(study, people, client):
    Study.objects.update(status=Study.Status.DRAFT)  # which the overview would offer to open
    for person, seen in (("stranger", False), ("viewer", True)):
        client.force_login(people[person])
        assert (study.name in client.get(reverse("studies:studies")).content.decode()) == seen
        overview = client.get(reverse("overview"))
        assert (study.name in overview.content.decode()) == seen
        assert overview.context["rail"]["studies"] == int(seen)


def test_a_studys_run_is_its_peoples(study, people, client):
    answers = {}
    for person, user in people.items():
        client.force_login(user)
        answers[person] = client.get(reverse("anonymizer:run", args=[study.run.pk])).status_code
    assert {person for person, status in answers.items() if status == 200} == SEES
    client.force_login(people["stranger"])
    assert study.name not in client.get(reverse("anonymizer:runs")).content.decode()
    other = RunFactory(kind=Run.Kind.ANONYMIZE, parameters={"method": "sdf"})
    assert client.get(reverse("anonymizer:run", args=[other.pk])).status_code == 200


def test_a_clip_that_was_brought_is_not_served_as_a_walks(study, people, client):
    client.force_login(people["stranger"])
    walk = study.stimuli.first().anonymized_sequence
    of_a_walk = walk.clips.get()
    assert client.get(reverse("anonymizer:clip", args=[of_a_walk.pk])).status_code == 200
    brought = Clip.objects.create(seconds=1, sha256="0" * 64, file=of_a_walk.file.name)
    assert client.get(reverse("anonymizer:clip", args=[brought.pk])).status_code == 404
