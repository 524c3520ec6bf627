"""The forms that ask for datasets, networks and anonymizations: each ends in a run, or says in words why not."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from anonymizer.command_line import command
from anonymizer.models import Run
from tests.factories import CheckpointFactory, DatasetFactory, walks
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


WALKERS = {
    "name": "new walkers",
    "subjects": 3,
    "normal": 2,
    "bag": 0,
    "coat": 1,
    "frames": 25,
    "view_angles": ["0", "90"],
    "difficulty": "casia",
    "seed": 7,
}


def test_making_walkers_starts_a_run_and_goes_to_its_page(
    signed_in, researcher, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in.post(reverse("anonymizer:dataset_generate"), WALKERS)
    run = Run.objects.get()
    assert response["Location"] == reverse("anonymizer:run", args=[run.pk])
    assert run.kind == Run.Kind.GENERATE_WALKERS
    assert run.parameters["sequences"] == {"nm": 2, "cl": 1}
    assert run.parameters["view_angles"] == [0, 90]
    assert (run.seed, run.requested_by) == (7, researcher)
    assert sent == [run]


def test_an_error_is_listed_linked_and_named_in_the_title_and_no_input_is_lost(signed_in):
    response = signed_in.post(reverse("anonymizer:dataset_generate"), {**WALKERS, "subjects": 5000})
    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: Make walkers" in page
    assert "1 thing to correct" in page
    assert 'href="#id_subjects"' in page
    assert 'value="5000"' in page
    assert 'value="new walkers"' in page
    assert 'aria-describedby="id_subjects_helptext id_subjects_error"' in page
    assert not Run.objects.exists()


def test_what_the_anonymizer_refuses_becomes_an_error_of_its_field(signed_in):
    DatasetFactory(name="new walkers")
    response = signed_in.post(reverse("anonymizer:dataset_generate"), WALKERS)
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "name": ["A dataset is named 'new walkers' already. Choose another name."]
    }
    assert '<a href="#id_name">' in response.content.decode()
    assert not Run.objects.exists()


def test_a_form_needs_its_token(researcher):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(researcher)
    assert strict.post(reverse("anonymizer:dataset_generate"), WALKERS).status_code == 403


def archive(name: str = "walks.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"PK\x05\x06" + bytes(18))


def test_an_upload_outlives_its_request(signed_in, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    fields = {"name": "mine", "frames": 50, "licence": "my own", "archive": archive()}
    signed_in.post(reverse("anonymizer:dataset_import"), fields)
    run = Run.objects.get()
    assert run.kind == Run.Kind.IMPORT_CASIA_B
    with open(run.parameters["path"], "rb") as file:
        assert file.read().startswith(b"PK")
    assert run.parameters["path"].startswith(str(tmp_path.resolve()))
    assert run.parameters["filename"] == fields["archive"].name
    page = text(signed_in.get(reverse("anonymizer:run", args=[run.pk])))
    assert f"Archive {fields['archive'].name} " in page
    assert run.parameters["may_be_shown_to_raters"] is False


def test_an_import_says_how_many_frames_a_second_there_are(signed_in, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    fields = {"name": "mine", "frames": 50, "archive": archive()}
    address = reverse("anonymizer:dataset_import")
    assert "Use at least 4." in text(signed_in.post(address, {**fields, "frame_rate": "0"}))
    signed_in.post(address, {**fields, "frame_rate": "12.5", "archive": archive()})
    signed_in.post(address, {**fields, "name": "usual", "archive": archive()})
    usual, mine = Run.objects.all()
    assert (mine.parameters["frame_rate"], usual.parameters["frame_rate"]) == (12.5, 25)


def test_a_refused_upload_is_not_kept(signed_in, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    DatasetFactory(name="mine")
    fields = {"name": "mine", "frames": 50, "archive": archive()}
    assert signed_in.post(reverse("anonymizer:dataset_import"), fields).status_code == 422
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "limit", "said"),
    [
        ("walks.rar", 1000, "This is no .zip and no .tar.gz"),
        ("walks.zip", 5, "is more than can be uploaded here"),
    ],
)
def test_an_upload_that_can_not_be_read_is_refused_with_what_to_do(signed_in, settings, name, limit, said):
    settings.UPLOAD_LIMIT_BYTES = limit
    fields = {"name": "mine", "frames": 50, "archive": archive(name)}
    response = signed_in.post(reverse("anonymizer:dataset_import"), fields)
    assert response.status_code == 422
    assert said in text(response)


def test_only_staff_may_name_a_path_on_the_server(signed_in, client, administrator, tmp_path):
    fields = {"name": "mine", "frames": 50, "path": str(tmp_path)}
    assert signed_in.post(reverse("anonymizer:dataset_import"), fields).status_code == 422
    client.force_login(administrator)
    assert client.post(reverse("anonymizer:dataset_import"), fields).status_code == 302
    assert Run.objects.get().parameters["path"] == str(tmp_path.resolve())


def test_a_method_with_a_network_asks_for_its_checkpoint(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=8, view_angles=(90,), numbers=(1,))
    fields = {"dataset": dataset.pk, "method": "tieu", "split": "30:30:40", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    assert response.status_code == 422
    assert "needs a trained network" in text(response)
    checkpoint = CheckpointFactory(method="tieu")
    assert (
        signed_in.post(reverse("anonymizer:anonymize"), {**fields, "checkpoint": checkpoint.pk}).status_code
        == 302
    )
    assert Run.objects.filter(kind=Run.Kind.ANONYMIZE).get().parameters["checkpoint"] == checkpoint.pk


def test_a_methods_own_parameters_are_asked_for_and_kept(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=8, view_angles=(90,), numbers=(1,))
    assert 'name="blend.order"' in signed_in.get(reverse("anonymizer:anonymize")).content.decode()
    fields = {"dataset": dataset.pk, "method": "blend", "split": "30:30:40", "seed": 0}
    wrong = signed_in.post(reverse("anonymizer:anonymize"), {**fields, "blend.noise_view_angle": "left"})
    assert wrong.status_code == 422
    assert "must be &#x27;original&#x27; or whole degrees" in wrong.content.decode()
    signed_in.post(reverse("anonymizer:anonymize"), {**fields, "blend.order": "raster"})
    assert Run.objects.get().parameters["parameters"]["order"] == "raster"
    assert command(Run.objects.get()).endswith("--set order=raster --seed 0")


def test_too_few_subjects_for_a_split_are_refused_in_words(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=2, view_angles=(90,), numbers=(1,))
    fields = {"dataset": dataset.pk, "method": "sdf", "split": "30:15:55", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    assert response.status_code == 422
    assert "Use at least" in text(response)


def test_without_a_split_everybody_is_changed_as_few_as_there_are(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=2, view_angles=(90,), numbers=(1,))
    fields = {"dataset": dataset.pk, "method": "sdf", "split": "", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    run = Run.objects.get()
    assert response["Location"] == reverse("anonymizer:run", args=[run.pk])
    assert run.parameters["split"] is None
    assert signed_in.get(response["Location"]).status_code == 200
    assert "--split" not in command(run)


def test_training_a_network_starts_a_run(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=8, view_angles=(90,), numbers=(1,))
    fields = {
        "dataset": dataset.pk,
        "method": "tieu",
        "split": "30:30:40",
        "epochs": 3,
        "stride": 2,
        "seed": 0,
    }
    assert signed_in.post(reverse("anonymizer:train_network"), fields).status_code == 302
    assert Run.objects.get(kind=Run.Kind.TRAIN_NETWORK).parameters["epochs"] == 3


def test_a_refused_split_is_an_error_of_its_field_without_a_commands_dashes(signed_in):
    dataset = DatasetFactory()
    fields = {"dataset": dataset.pk, "method": "sdf", "split": "90:90:90", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    assert response.context["form"].errors == {
        "split": ["Split 90:90:90: three percents above 0 must add up to 100."]
    }


def test_a_link_can_choose_the_dataset_beforehand(signed_in):
    DatasetFactory()
    chosen = DatasetFactory()
    page = signed_in.get(reverse("anonymizer:anonymize"), {"dataset": chosen.pk}).content.decode()
    assert f'<option value="{chosen.pk}" selected>' in page
