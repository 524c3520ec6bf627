"""The pages of datasets, as a researcher meets them; pictures, films and clips."""

import html
import re

import pytest
from django.urls import reverse

from anonymizer.models import Run
from tests.factories import (
    DatasetFactory,
    RunFactory,
    SequenceFactory,
    SubjectFactory,
    clip_of,
    figure,
    walks,
)
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


PAGES = ["overview", "anonymizer:datasets", "anonymizer:dataset_import", "anonymizer:dataset_generate"]
PAGES += ["anonymizer:runs", "anonymizer:anonymize", "anonymizer:train_network"]


@pytest.mark.parametrize("name", PAGES)
def test_a_visitor_is_sent_to_sign_in(client, name):
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


def test_pictures_films_and_clips_are_for_those_who_signed_in(client):
    sequence = SequenceFactory()
    for name in ("anonymizer:sequence_picture", "anonymizer:sequence_film"):
        assert client.get(reverse(name, args=[sequence.pk])).status_code == 302
    assert client.get(reverse("anonymizer:clip", args=[clip_of(sequence).pk])).status_code == 302


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_on_an_empty_database(signed_in, name):
    assert signed_in.get(reverse(name)).status_code == 200


def test_a_dataset_shows_what_is_in_it_and_what_was_left_out(signed_in):
    dataset = DatasetFactory(
        name="three walkers",
        dropped=[{"sequence": "001-nm-02-090", "reason": "under 12 frames", "frames": 9}],
    )
    walks(dataset, subjects=3, view_angles=(0, 90), numbers=(1,))
    page = text(signed_in.get(reverse("anonymizer:dataset", args=[dataset.slug])))
    assert "3 subjects" in page
    assert "6 sequences of 7" in page
    assert "2 view angles, 0° to 90°" in page
    assert "72 frames, 12 each" in page
    assert "dropped under 12 frames: 9" in page
    assert "Under 12 frames 1 subject 001" in page
    assert "synthetic walkers" in page


def test_the_next_subject_is_one_link_away(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=3, view_angles=(90,), numbers=(1,))
    address = reverse("anonymizer:dataset", args=[dataset.slug])
    page = signed_in.get(address, {"subject": "002", "show": "gei"})
    assert "Subject 002" in text(page)
    for label, subject in (("Previous", "001"), ("Next", "003")):
        (link,) = re.findall(
            rf'href="([^"]+)" aria-label="{label} subject, {subject}"', page.content.decode()
        )
        followed = signed_in.get(address + html.unescape(link))
        assert f"Subject {subject}" in text(followed)
        assert followed.context["show"] == "gei"


def test_few_walks_show_every_gait_condition_and_all_can_be_asked_for(signed_in):
    subject = SubjectFactory(label="001")
    for condition, count in (("nm", 5), ("bg", 2), ("cl", 1)):
        for number in range(1, count + 1):
            SequenceFactory(subject=subject, gait_condition=condition, number=number)
    address = reverse("anonymizer:dataset", args=[subject.dataset.slug])
    few = signed_in.get(address).content.decode()
    assert re.findall(r'scope="row">((?:nm|bg|cl)-\d\d)', few) == ["nm-01", "nm-02", "bg-01", "cl-01"]
    every = signed_in.get(address, {"walks": "all"}).content.decode()
    assert len(re.findall(r'scope="row">(?:nm|bg|cl)-\d\d', every)) == 8


def test_what_was_left_out_can_be_downloaded_in_full(signed_in):
    dataset = DatasetFactory(dropped=[{"sequence": "005-cl-01-000", "reason": "folder empty", "frames": 0}])
    response = signed_in.get(reverse("anonymizer:dataset_left_out", args=[dataset.slug]))
    assert response["Content-Type"].startswith("text/csv")
    assert response.content.decode().splitlines() == [
        "sequence,reason,frames",
        "005-cl-01-000,folder empty,0",
    ]


def test_the_sequences_can_be_downloaded(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=1, view_angles=(0, 90), numbers=(1,))
    lines = (
        signed_in.get(reverse("anonymizer:dataset_sequences", args=[dataset.slug])).content.decode().split()
    )
    assert lines == ["subject,gait_condition,number,view_angle,frames", "001,nm,1,0,12", "001,nm,1,90,12"]


def test_a_dataset_whose_run_failed_says_why_and_where_to_retry(signed_in):
    run = RunFactory(status=Run.Status.FAILED, error="the archive ends in the middle")
    dataset = DatasetFactory(ready=False, run=run)
    response = signed_in.get(reverse("anonymizer:dataset", args=[dataset.slug]))
    assert "the archive ends in the middle" in text(response)
    assert reverse("anonymizer:run", args=[run.pk]) in response.content.decode()


def test_a_long_walks_film_is_played_in_the_time_that_it_took(signed_in):
    sequence = SequenceFactory(walk=figure(frames=300), subject__dataset__frame_rate=30)
    page = signed_in.get(reverse("anonymizer:dataset", args=[sequence.subject.dataset.slug])).content.decode()
    assert 'data-frames="300" data-cells="120" data-rate="30.0"' in page


def test_a_dataset_lists_the_runs_that_use_it(signed_in):
    dataset = DatasetFactory(name="used walkers")
    RunFactory(kind=Run.Kind.ANONYMIZE, parameters={"dataset": dataset.pk, "method": "sdf", "alpha": 1.5})
    RunFactory(
        kind=Run.Kind.ANONYMIZE, parameters={"dataset": dataset.pk + 1, "method": "blend", "alpha": 0.3}
    )
    page = text(signed_in.get(reverse("anonymizer:dataset", args=[dataset.slug])))
    assert "sdf α 1.5 on used walkers" in page
    assert "blend" not in page


def test_pictures_are_kept_by_the_browser_and_by_nobody_between(signed_in):
    response = signed_in.get(reverse("anonymizer:sequence_picture", args=[SequenceFactory().pk]))
    assert response["Content-Type"] == "image/png"
    assert {"private", "immutable"} <= set(response["Cache-Control"].split(", "))


def test_a_clip_plays_by_ranges(signed_in):
    clip = clip_of(SequenceFactory())
    response = signed_in.get(reverse("anonymizer:clip", args=[clip.pk]), headers={"Range": "bytes=0-99"})
    assert response.status_code == 206
    assert len(b"".join(response.streaming_content)) == 100


def test_what_was_left_out_runs_nothing_in_a_spreadsheet(signed_in):
    dataset = DatasetFactory(dropped=[{"sequence": "=1+1", "reason": "blank", "frames": 0}])
    table = signed_in.get(reverse("anonymizer:dataset_left_out", args=[dataset.slug])).content.decode()
    assert table.splitlines() == ["sequence,reason,frames", "'=1+1,blank,0"]
