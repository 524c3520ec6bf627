import pytest

from studies.models import Study, StudyShare
from tests.studies.rows import enrol, make_study

pytestmark = pytest.mark.django_db

TOLD = {"PROLIFIC_PID": "5f1a", "STUDY_ID": "64b0", "SESSION_ID": "77c2"}


@pytest.fixture
def address(researcher) -> str:
    study = make_study(view_angles=[0], seats=[[1]], platform="prolific", owner=researcher)
    enrol(study, external_id="5f1a", identity=TOLD)
    return f"/studies/{study.slug}/platform-ids.csv"


def test_the_owner_gets_each_raters_platform_ids(signed_in, address) -> None:
    answer = signed_in.get(address)

    rater = Study.objects.get().raters.get()
    assert answer.content.decode().splitlines() == [
        "rater,state,completed,PROLIFIC_PID,STUDY_ID,SESSION_ID",
        f"{rater.pseudonym},rating,,5f1a,64b0,77c2",
    ]
    assert answer["Cache-Control"] == "no-store"


def test_neither_administrators_nor_people_it_is_shared_with_get_them(
    client, administrator, django_user_model, address
) -> None:
    friend = django_user_model.objects.create_user("friend", password="a long enough secret")
    StudyShare.objects.create(study=Study.objects.get(), user=friend, may_edit=True)

    for person in (administrator, friend):
        client.force_login(person)
        assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302
