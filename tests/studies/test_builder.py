"""The builder's pages: one form for all of a study, a draft that is kept, errors at their fields, what to expect."""

import io
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from anonymizer import jobs, uploads
from anonymizer.models import Clip, Run
from studies import bringing, runs
from studies.models import Study, StudyDraft
from tests.factories import AnonymizationFactory, AnonymizedSequenceFactory, clip_of
from tests.pages import text, without_tags
from tests.studies.rows import enrol, make_study, rate
from tests.studies.test_manifests import put, rows, zipped

pytestmark = pytest.mark.django_db
NEW = reverse("studies:new")


@pytest.fixture(autouse=True)
def _quiet(settings, tmp_path):
    settings.RUN_LEASE_SECONDS = 600  # the heartbeat would be a second connection to the database
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()


def asked(*anonymizations: Any, **changed: Any) -> dict[str, Any]:
    """What the builder's page sends."""
    sent = {
        "name": "Street walks", "anonymizations": [each.pk for each in anonymizations], "view_angles": ["0", "90"],
        "pairs_per_view_angle": 3, "clip_seconds": 0.4, "rendering": "centred", "template": "naturalness",
        "layout": "sequential", "question": "Does it walk like a person?", "raters": 5, "pairs_per_rater": 4,
        "platform": "link", "rater_days": 14, "idle_minutes": 60, "identity_days": 30, "training_pairs": 2,
        "check_pairs": 2, "playback_check": "on", "seed": 7, "do": "make", **changed,
    }  # fmt: skip
    return {name: value for name, value in sent.items() if value is not None}


# --- Made -----------------------------------------------------------------------------------------
def test_the_form_makes_a_draft_whose_clips_are_rendered_by_a_job(signed_in, judged):
    response = signed_in.post(NEW, asked(judged))
    study = Study.objects.get()
    assert response.url == reverse("studies:study", args=[study.slug])
    assert (study.status, study.question, study.pairs_per_rater, study.training_pairs, study.check_pairs) == (
        Study.Status.DRAFT, "Does it walk like a person?", 4, 2, 2,
    )  # fmt: skip
    assert (study.owner.username, study.open_when_prepared, study.playback_checked) == (
        "researcher",
        False,
        True,
    )
    assert study.run.kind == Run.Kind.PREPARE_STUDY
    assert study.run.requested_by == study.owner


def test_everything_that_is_chosen_is_what_the_study_is(signed_in, judged):
    other = AnonymizationFactory(dataset=judged.dataset, method="blend", alpha=0.3)
    for row in judged.sequences.all():
        AnonymizedSequenceFactory(anonymization=other, source=row.source)
    day = timezone.localdate() + timedelta(days=3)
    signed_in.post(
        NEW,
        asked(
            judged, other, view_angles=["90"], template="dcr", layout="side-by-side", rendering="in-place", question="",
            question_ja="自然ですか？", platform="prolific", completion_code="ABC123", closes_on=str(day),
            quotas="ja=3, vi=2", count_abandoned="on", pause_half_way="on", playback_check=None, do="open",
        ),
    )  # fmt: skip
    study = Study.objects.get()
    assert [each.label for each in study.conditions.all()] == ["sdf α 1.5", "blend α 0.3"]
    assert study.translations == {"ja": {"question": "自然ですか？"}}
    values = Study.objects.values(
        "view_angles", "template", "layout", "rendering", "question", "platform", "completion_code", "closes_on",
        "quotas", "count_abandoned", "pause_half_way", "playback_checked", "open_when_prepared",
    ).get()  # fmt: skip
    assert values == {
        "view_angles": [90], "template": "dcr", "layout": "side-by-side", "rendering": "in-place",
        "question": "How do you perceive the change in the changed walk?", "platform": "prolific",
        "completion_code": "ABC123", "closes_on": day, "count_abandoned": True, "pause_half_way": True,
        "quotas": [{"locale": "ja", "most": 3}, {"locale": "vi", "most": 2}], "playback_checked": False,
        "open_when_prepared": True,
    }  # fmt: skip


def test_a_rehearsal_is_a_study_of_its_own_and_the_draft_stays(signed_in, judged):
    signed_in.post(NEW, asked(judged, do="rehearse"))
    signed_in.post(NEW, asked(judged, do="rehearse"))
    assert sorted(Study.objects.values_list("name", flat=True)) == [
        "Street walks, rehearsal", "Street walks, rehearsal 2",
    ]  # fmt: skip
    assert all(run.parameters["rehearse"] for run in Run.objects.filter(kind=Run.Kind.PREPARE_STUDY))
    assert StudyDraft.objects.count() == 2


def test_a_template_s_own_question_follows_the_template(signed_in, judged):
    signed_in.post(NEW, asked(judged, template="acr", question="How natural does the changed walk look?"))
    assert Study.objects.get().question == "How natural does this walk look?"


# --- Refused --------------------------------------------------------------------------------------
def test_all_errors_stand_at_their_fields_and_nothing_typed_is_lost(signed_in, judged):
    response = signed_in.post(
        NEW, asked(judged, name="", raters="many", closes_on="soon", pairs_per_rater=50)
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert "<title>Error: New study" in " ".join(page.split())
    for field, sentence in (
        ("id_name", "This is needed."),
        ("id_raters", "Enter a whole number."),
        ("id_closes_on", "This is no day. Write it as 2030-12-31."),
        ("id_pairs_per_rater", "50 pairs a rater are asked for and there are only 6."),
    ):
        assert re.search(rf'<a href="#{field}">[^<]*{re.escape(sentence)}', page), field
    assert 'value="many"' in page
    assert 'value="soon"' in page
    assert "Does it walk like a person?" in page
    assert not Study.objects.exists()


def test_a_day_that_has_passed_is_refused(signed_in, judged):
    response = signed_in.post(NEW, asked(judged, closes_on="2024-03-02"))
    assert "That day has passed. Choose tomorrow or later, or leave it empty." in text(response)


def test_walks_that_raters_may_not_see_do_not_open(signed_in, judged):
    judged.dataset.may_be_shown_to_raters = False
    judged.dataset.save()
    response = signed_in.post(NEW, asked(judged, do="open"))
    assert response.status_code == 422
    assert "may not be shown to raters" in text(response)
    assert not Study.objects.exists()


def test_no_view_angle_and_no_run_are_errors(signed_in, judged):
    page = text(signed_in.post(NEW, asked(view_angles=[])))
    assert "Choose at least one view angle." in page
    assert "Choose at least one run to be judged." in page


def test_a_run_with_a_number_that_no_row_has_is_none_of_those_listed(signed_in, judged):
    number = "9" * 30
    assert signed_in.get(NEW, {"anonymization": number}).status_code == 200
    assert "Choose from those that are listed." in text(signed_in.post(NEW, asked(anonymizations=[number])))


# --- Drafts ---------------------------------------------------------------------------------------
def test_what_is_typed_is_kept_right_or_wrong_and_comes_back_as_it_was(signed_in, judged):
    told = signed_in.post(
        reverse("studies:save_draft"), asked(judged, raters="many", playback_check=None)
    ).json()
    page = signed_in.get(told["address"]).content.decode()
    assert 'value="many"' in page
    assert 'value="Street walks"' in page
    assert re.search(rf'name="anonymizations" value="{judged.pk}"[^>]* checked', page)
    assert not re.search(r'name="playback_check"[^>]* checked', page)
    assert not Study.objects.exists()


def test_saving_again_changes_the_same_draft(signed_in, judged):
    first = signed_in.post(reverse("studies:save_draft"), asked(judged)).json()
    again = signed_in.post(
        reverse("studies:save_draft"), asked(judged, draft=first["draft"], name="Other")
    ).json()
    assert first == again
    assert StudyDraft.objects.get().name == "Other"
    assert "Other" in text(signed_in.get(reverse("studies:studies")))


def test_a_draft_is_its_writers_alone(signed_in, administrator, judged):
    foreign = StudyDraft.objects.create(user=administrator, fields={"name": ["Secret"]})
    assert signed_in.get(reverse("studies:draft", args=[foreign.pk])).url == reverse("studies:studies")
    assert signed_in.post(reverse("studies:delete_draft", args=[foreign.pk])).status_code == 404
    told = signed_in.post(reverse("studies:save_draft"), asked(judged, draft=foreign.pk)).json()
    assert told["draft"] != foreign.pk
    foreign.refresh_from_db()
    assert foreign.name == "Secret"


def test_the_draft_goes_when_the_study_is_made_and_can_be_thrown_away(signed_in, judged):
    told = signed_in.post(reverse("studies:save_draft"), asked(judged)).json()
    signed_in.post(NEW, asked(judged, draft=told["draft"]))
    assert not StudyDraft.objects.exists()
    back = signed_in.get(reverse("studies:draft", args=[told["draft"]]), follow=True)
    assert "This draft is not there any more: a study was made of it, or it was deleted." in text(back)
    kept = signed_in.post(reverse("studies:save_draft"), asked(judged)).json()
    signed_in.post(reverse("studies:delete_draft", args=[kept["draft"]]))
    assert not StudyDraft.objects.exists()


def test_without_scripts_a_button_saves(signed_in, judged):
    response = signed_in.post(NEW, asked(judged, do="save", raters="many"))
    assert response.url == reverse("studies:draft", args=[StudyDraft.objects.get().pk])


def test_a_draft_keeps_the_forms_fields_and_no_secret(signed_in, judged):
    signed_in.post(
        reverse("studies:save_draft"), asked(judged, csrfmiddlewaretoken="x", other="y", name="n" * 9000)
    )
    kept = StudyDraft.objects.get().fields
    assert not {"csrfmiddlewaretoken", "other", "do", "draft"} & set(kept)
    assert len(kept["name"][0]) == 600


# --- Clips of one's own ---------------------------------------------------------------------------
def upload(folder, target):
    return SimpleUploadedFile("clips.zip", zipped(folder, target).read_bytes())


def test_clips_are_uploaded_with_their_manifest(signed_in, tmp_path, settings):
    folder = tmp_path / "mine"
    folder.mkdir()
    file = upload(put(folder, rows()), tmp_path / "clips.zip")
    response = signed_in.post(NEW, asked(clips=file, view_angles=None, training_pairs=0, pairs_per_rater=2))
    study = Study.objects.get()
    assert response.url == reverse("studies:study", args=[study.slug])
    jobs.execute(study.run.pk, runs.prepare_study)
    assert study.stimuli.filter(role="regular").count() == 4
    assert [each.label for each in study.conditions.all()] == ["mine", "theirs"]
    clip = study.stimuli.first().test_clip
    assert signed_in.get(reverse("studies:clip", args=[study.slug, clip.pk])).status_code == 200
    assert signed_in.get(reverse("anonymizer:clip", args=[clip.pk])).status_code == 404
    assert not list((tmp_path / "uploads").iterdir())


def test_clips_that_were_sent_in_parts_make_a_study_once_they_are_whole(signed_in, researcher, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    sent = zipped(put(folder, rows()), tmp_path / "clips.zip").read_bytes()
    begun = uploads.announce(researcher, "clips.zip", len(sent))
    fields = asked(upload=begun.token, view_angles=None, pairs_per_rater=2)
    uploads.append(begun, 0, io.BytesIO(sent[:100]).read)
    unfinished = signed_in.post(NEW, fields)
    assert unfinished.status_code == 422
    assert "The upload did not arrive whole. Choose the file again; it goes on." in text(unfinished)
    uploads.append(begun, 100, io.BytesIO(sent[100:]).read)
    refused = signed_in.post(NEW, fields | {"name": ""})
    kept = re.search(r'name="uploaded" value="([^"]+)"', refused.content.decode()).group(1)
    signed_in.post(NEW, asked(uploaded=kept, view_angles=None, pairs_per_rater=2))
    assert Path(Study.objects.get().run.parameters["manifest"]).read_bytes() == sent


def test_what_is_wrong_with_an_upload_names_it_as_it_came(signed_in):
    broken = SimpleUploadedFile("mine.zip", b"no archive")
    response = signed_in.post(NEW, asked(clips=broken, view_angles=None))
    assert response.status_code == 422
    page = response.content.decode()
    assert "mine.zip: is neither a folder nor a zip" in page
    assert re.findall(r"clips-[0-9a-f]{32}", page) == []


def test_an_upload_is_kept_while_something_else_is_corrected(signed_in, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    file = upload(put(folder, rows()), tmp_path / "clips.zip")
    response = signed_in.post(NEW, asked(clips=file, name="", view_angles=None, pairs_per_rater=2))
    assert response.status_code == 422
    page = response.content.decode()
    assert "The clips you sent are kept." in page
    kept = re.search(r'name="uploaded" value="([^"]+)"', page).group(1)
    signed_in.post(NEW, asked(uploaded=kept, view_angles=None, pairs_per_rater=2))
    assert Study.objects.get().run.parameters["manifest"].endswith(kept)


def test_an_upload_that_no_study_came_of_is_removed_after_a_week(signed_in, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    file = upload(put(folder, rows()), tmp_path / "clips.zip")
    signed_in.post(NEW, asked(clips=file, view_angles=None, training_pairs=0, pairs_per_rater=2))
    file.seek(0)
    signed_in.post(NEW, asked(clips=file, name="", view_angles=None, pairs_per_rater=2))
    wanted = Path(Study.objects.get().run.parameters["manifest"])
    assert len(list((tmp_path / "uploads").iterdir())) == 2
    assert bringing.forget_old_uploads() == 0
    assert bringing.forget_old_uploads(time.time() + 8 * 24 * 3600) == 1
    assert list((tmp_path / "uploads").iterdir()) == [wanted]


@pytest.mark.parametrize("name", ["../../etc/passwd", "clips-0.zip", "clips-" + "0" * 32 + ".zip"])
def test_no_other_file_can_be_named_as_an_upload(signed_in, name):
    response = signed_in.post(NEW, asked(uploaded=name))
    assert response.status_code == 422
    assert "Choose at least one run to be judged." in text(response)


def test_a_manifest_that_is_wrong_is_told_row_by_row_at_its_field(signed_in, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    put(folder, rows())
    (folder / "mine" / "1.mp4").unlink()
    response = signed_in.post(NEW, asked(clips=upload(folder, tmp_path / "clips.zip"), view_angles=None))
    assert "row 2: 'mine/1.mp4' is not there" in response.content.decode().replace("&#x27;", "'")


# --- Preview and plan -----------------------------------------------------------------------------
def aside(client: Any, sent: dict[str, Any]) -> str:
    response = client.post(reverse("studies:builder_aside"), sent)
    assert response.status_code == 200
    return response.content.decode()


def test_the_preview_shows_the_chosen_run_its_question_and_its_scale(signed_in, judged):
    page = aside(signed_in, asked(judged, template="dcr", question=""))
    changed = judged.sequences.filter(source__view_angle=90).order_by("pk").first()
    assert reverse("anonymizer:anonymized_film", args=[changed.pk]) in page
    assert reverse("anonymizer:sequence_film", args=[changed.source_id]) in page
    assert "How do you perceive the change" in page
    assert "Imperceptible" in page


def test_the_preview_plays_clips_where_there_are_any(signed_in, judged):
    changed = judged.sequences.filter(source__view_angle=90).order_by("pk").first()
    original, own = clip_of(changed.source), clip_of(changed)
    page = aside(signed_in, asked(judged))
    assert reverse("anonymizer:clip", args=[original.pk]) in page
    assert reverse("anonymizer:clip", args=[own.pk]) in page
    assert Clip.objects.count() == 2  # none was made for the preview


def test_the_preview_speaks_the_languages_there_are(signed_in, judged):
    page = aside(signed_in, asked(judged, question="", preview_language="ja"))
    assert "加工後の歩行はどのくらい自然に見えますか？" in page
    own = aside(signed_in, asked(judged, preview_language="ja"))
    assert "Does it walk like a person?" in own


def half_width(page: str) -> float:
    return float(re.search(r"± ([\d.]+) at \d+ raters", page).group(1))  # type: ignore[union-attr]


def test_more_raters_narrow_what_can_be_expected(signed_in, judged):
    few, many = (half_width(aside(signed_in, asked(judged, raters=raters))) for raters in (6, 60))
    assert many < few


def test_what_is_expected_counts_conditions_practice_and_checks(signed_in, judged):
    other = AnonymizationFactory(dataset=judged.dataset, method="blend")
    for row in judged.sequences.all():
        AnonymizedSequenceFactory(anonymization=other, source=row.source)
    page = without_tags(aside(signed_in, asked(judged, other, raters=5)))
    assert "20 votes in all 1 or 2 votes a pair 5 an angle and condition" in page
    assert "12 pairs at 2 view angles, 6 clips a condition · about 1 minute a rater" in page


def test_the_number_of_raters_for_a_wanted_width_is_told(signed_in, judged):
    page = aside(signed_in, asked(judged, wanted_width="1.5"))
    needed = int(re.search(r"<b>(\d+) raters</b> are needed", page).group(1))  # type: ignore[union-attr]
    assert half_width(aside(signed_in, asked(judged, raters=needed))) <= 1.5
    assert "no number of raters will do" in aside(signed_in, asked(judged, wanted_width="0.05"))


def test_an_earlier_study_of_ones_own_serves_as_pilot(signed_in, judged, administrator):
    pilot = make_study(seats=((1, 2, 3, 4),) * 3, view_angles=(0, 0, 90, 90))
    for scores in ((1, 2, 5, 4), (2, 1, 4, 5), (1, 1, 5, 5)):
        rater = enrol(pilot)
        for position, score in enumerate(scores, start=1):
            rate(rater, position, score)
    make_study(name="foreign", owner=administrator)
    page = aside(signed_in, asked(judged, pilot=pilot.pk))
    assert f"as people’s votes in {pilot.name} did" in page
    assert "foreign" not in page
    assert half_width(page) != half_width(aside(signed_in, asked(judged)))


@pytest.mark.parametrize("wrong", [{"pairs_per_rater": 99}, {"raters": "many"}])
def test_numbers_that_make_no_study_give_no_expectation(signed_in, judged, wrong):
    assert "These numbers make no study" in aside(signed_in, asked(judged, **wrong))


def test_one_clip_at_a_view_angle_gives_no_interval(signed_in, judged):
    page = aside(signed_in, asked(judged, pairs_per_view_angle=1, pairs_per_rater=2))
    assert "gives no interval" in page


# --- The page -------------------------------------------------------------------------------------
def test_the_page_begins_with_the_run_that_was_chosen(signed_in, judged):
    other = AnonymizationFactory(dataset=judged.dataset, method="blend")
    page = signed_in.get(NEW, {"anonymization": judged.pk}).content.decode()
    assert re.search(rf'value="{judged.pk}"[^>]* checked', page)
    assert not re.search(rf'name="anonymizations" value="{other.pk}"[^>]* checked', page)


def test_without_any_run_the_page_leads_to_one(signed_in):
    page = text(signed_in.get(NEW))
    assert "Nothing has been anonymized yet" in page
    assert "Make walkers" in page


# --- Copies ---------------------------------------------------------------------------------------
def test_a_copy_is_a_draft_of_the_same_settings(signed_in, judged):
    signed_in.post(
        NEW, asked(judged, template="dcr", quotas="ja=3", question_vi="Tự nhiên?", pause_half_way="on")
    )
    study = Study.objects.get()
    response = signed_in.post(reverse("studies:copy", args=[study.slug]))
    kept = StudyDraft.objects.get()
    assert response.url == reverse("studies:draft", args=[kept.pk])
    sent = {**kept.fields, "do": "make"}
    assert signed_in.post(NEW, sent).status_code == 302
    copy = Study.objects.exclude(pk=study.pk).get()
    assert copy.name == "Street walks, copy"
    same = ("template", "quotas", "translations", "pause_half_way", "pairs_per_rater", "target_raters", "view_angles",
            "training_pairs", "check_pairs", "clip_seconds", "seed", "playback_checked", "question")  # fmt: skip
    assert [getattr(copy, name) for name in same] == [getattr(study, name) for name in same]
    assert copy.completion_code != study.completion_code


def test_a_study_of_brought_clips_is_copied_with_them(signed_in, tmp_path, researcher):
    from studies import manifests
    from studies.proposals import Proposal

    found = manifests.read(put(tmp_path, rows()))
    study = runs.make(Proposal("brought", manifest=found, pairs_per_rater=2, raters=3), researcher)
    jobs.execute(study.run.pk, runs.prepare_study)
    clips = Clip.objects.count()
    response = signed_in.post(reverse("studies:copy", args=[study.slug]))
    copy = Study.objects.exclude(pk=study.pk).get()
    assert response.url == reverse("studies:study", args=[copy.slug])
    assert list(copy.stimuli.values_list("test_clip")) == list(study.stimuli.values_list("test_clip"))
    assert copy.seats.count() == 3
    assert Clip.objects.count() == clips
