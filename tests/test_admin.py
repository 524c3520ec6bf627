"""The administration opens for every kind of row, and gives no secret away."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from anonymizer import kept
from anonymizer.admin import ExportAdmin
from anonymizer.models import Checkpoint, Run
from recognition.models import Identification, Recognition, Recognizer
from studies import life, webhooks
from studies.models import Rating
from tests.factories import (
    AnonymizationFactory,
    AnonymizedSequenceFactory,
    DatasetFactory,
    RunFactory,
    SequenceFactory,
    clip_of,
)
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db
HIDDEN = {
    "ErasedIdentity",  # nothing but an HMAC, of somebody who asked to be forgotten
    "PlatformIdentity",  # for the study's owner alone
}
MODELS = [
    model
    for app in ("anonymizer", "recognition", "studies")
    for model in apps.get_app_config(app).get_models()
    if model.__name__ not in HIDDEN
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens(client, administrator, model):
    client.force_login(administrator)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    assert client.get(reverse(name)).status_code == 200


def test_rows_and_their_pages_are_shown(client, administrator):
    client.force_login(administrator)
    sequence = SequenceFactory()
    clip_of(sequence)
    AnonymizationFactory(dataset=sequence.subject.dataset)
    listed = client.get(reverse("admin:anonymizer_dataset_changelist")).content.decode()
    assert sequence.subject.dataset.name in listed
    page = client.get(reverse("admin:anonymizer_sequence_change", args=[sequence.pk]))
    assert page.status_code == 200


def test_only_shares_are_added_by_hand(client, administrator):
    client.force_login(administrator)
    addresses = {
        model: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add") for model in MODELS
    }
    opened = [
        model.__name__ for model, address in addresses.items() if client.get(address).status_code == 200
    ]
    assert opened == ["StudyShare"]
    assert client.post(addresses[Run], {}).status_code == 403


def test_an_address_without_a_scheme_is_taken_as_https(client, administrator):
    client.force_login(administrator)
    webhook, _ = webhooks.make(make_study(), "https://example.org")
    page = client.get(reverse("admin:studies_webhook_change", args=[webhook.pk]))
    assert page.context["adminform"].form.fields["url"].clean("example.org") == "https://example.org"


def test_who_is_no_administrator_sees_nothing(signed_in):
    answer = signed_in.get(reverse("admin:studies_rater_changelist"))
    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")


SECRETS = {"token", "idempotency_key", "external_hmac", "session_hmac", "sealed", "sealed_secret", "password"}


def test_no_export_holds_a_secret(rf):
    exported = {
        (model.__name__, name)
        for model, model_admin in admin.site._registry.items()
        if isinstance(model_admin, ExportAdmin)
        for resource in model_admin.get_export_resource_classes(rf.get("/"))
        for name in resource().fields
    }
    assert ("Rater", "pseudonym") in exported
    assert [each for each in sorted(exported) if each[1] in SECRETS or each == ("ApiKey", "sha256")] == []


# --- What is final --------------------------------------------------------------------------------
def test_of_a_frozen_study_nothing_is_changed_by_hand_and_a_rater_may_still_go(client, administrator):
    client.force_login(administrator)
    study = make_study()
    rater = enrol(study)
    rate(rater, 1, 4)
    rating = Rating.objects.get()
    mask = study.masks.create(rater=rater)
    life.close_study(study)
    life.freeze(study)

    def status(name, *of, **sent):
        return client.post(reverse(f"admin:studies_{name}", args=of), sent).status_code

    several = {"action": "delete_selected", "_selected_action": [rating.pk], "post": "yes"}
    assert [
        status("rating_change", rating.pk, score=1),
        status("rating_delete", rating.pk, post="yes"),
        status("rating_changelist", **several),
        status("mask_change", mask.pk, rule="manual"),
        status(
            "mask_add", study=study.pk, rater=rater.pk, rule="manual", presentation=rating.presentation_id
        ),
        status("study_change", study.pk, count_abandoned="on"),
    ] == [403] * 6
    assert Rating.objects.get().score == 4
    assert list(study.masks.all()) == [mask]
    assert status("rater_delete", rater.pk, post="yes") == 302
    assert not Rating.objects.exists()


# --- What deleting takes along --------------------------------------------------------------------
def test_what_goes_with_a_dataset_is_counted_by_kind_and_not_listed(client, administrator):
    client.force_login(administrator)
    made = AnonymizationFactory()
    walks = [SequenceFactory(subject__dataset=made.dataset) for _ in range(3)]
    changed = [AnonymizedSequenceFactory(anonymization=made, source=walk) for walk in walks]
    asked = Recognition.objects.create(
        run=RunFactory(), dataset=made.dataset, anonymization=made, attacker="naive"
    )
    for walk, other in zip(walks, changed, strict=True):
        named = {"predicted_subject": walk.subject, "true_rank": 1, "distance": 0.5, "gallery_view_angle": 90}
        Identification.objects.create(recognition=asked, probe=walk, anonymized_probe=other, **named)
    page = client.get(reverse("admin:anonymizer_dataset_delete", args=[made.dataset.pk])).context
    assert dict(page["model_count"]) == {
        "datasets": 1,
        "subjects": 3,
        "sequences": 3,
        "anonymizations": 1,
        "anonymized sequences": 3,
        "recognitions": 1,
        "identifications": 3,
    }
    assert page["deleted_objects"] == [made.dataset.name]


def test_who_may_not_delete_what_goes_along_is_told_so(client, django_user_model):
    helper = django_user_model.objects.create_user("helper", is_staff=True)
    allowed = ("view_dataset", "delete_dataset")
    helper.user_permissions.set(Permission.objects.filter(codename__in=allowed))
    client.force_login(helper)
    dataset = SequenceFactory().subject.dataset
    page = reverse("admin:anonymizer_dataset_delete", args=[dataset.pk])
    assert sorted(client.get(page).context["perms_lacking"]) == ["sequence", "subject"]
    assert client.post(page, {"post": "yes"}).status_code == 403
    dataset.refresh_from_db()


# --- What can't be deleted ------------------------------------------------------------------------
def deleted(client, row) -> str:
    """Ask to delete a row; what the page that follows says, without its marks."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_delete"
    answer = client.post(reverse(name, args=[row.pk]), {"post": "yes"}, follow=True)
    return " ".join(str(each) for each in answer.context["messages"])


@pytest.fixture
def study():
    made = make_study(name="Street walks")
    rate(enrol(made), 1, 4)
    return made


def test_what_a_study_shows_says_which_study_and_stays(client, administrator, study):
    client.force_login(administrator)
    anonymization = study.anonymization
    rows = [anonymization.dataset, anonymization.run, anonymization, study.stimuli.first().test_clip]
    assert [deleted(client, row).partition(" was not deleted. ")[::2] for row in rows] == [
        (
            f"{row._meta.verbose_name.capitalize()} “{row}”",
            "The study “Street walks” shows its walks to raters: delete that study first, or keep both.",
        )
        for row in rows
    ]
    for row in rows:
        row.refresh_from_db()


def test_several_rows_stay_together_where_one_must(client, administrator, study):
    client.force_login(administrator)
    free = DatasetFactory()
    chosen = [free.pk, study.anonymization.dataset.pk]
    answer = client.post(
        reverse("admin:anonymizer_dataset_changelist"),
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
        follow=True,
    )
    (said,) = answer.context["messages"]
    assert str(said) == (
        "None of the chosen datasets was deleted. The study “Street walks” shows its walks to raters: "
        "delete that study first, or keep both."
    )
    free.refresh_from_db()


def test_a_study_that_somebody_rated_names_its_raters(client, administrator, study):
    client.force_login(administrator)
    assert deleted(client, study) == (
        "Study “Street walks” was not deleted. One rater of “Street walks” took pairs of it: delete that rater "
        "first, which erases their votes for good, or keep it."
    )
    study.raters.get().delete()
    assert "deleted successfully" in deleted(client, study)
    assert "deleted successfully" in deleted(client, study.anonymization.dataset)


def test_what_runs_stand_on_names_the_runs(client, administrator):
    client.force_login(administrator)
    checkpoint = Checkpoint.objects.create(name="a network", method="tieu", sha256="0" * 64)
    made = AnonymizationFactory(checkpoint=checkpoint)
    recognizer = Recognizer.objects.create(name="a recognizer", dataset=made.dataset, sha256="0" * 64)
    asked = Recognition.objects.create(
        run=RunFactory(), recognizer=recognizer, dataset=made.dataset, anonymization=made, attacker="naive"
    )
    assert deleted(client, checkpoint) == (
        f"Checkpoint “a network” was not deleted. Walks were changed with it, by run {made.run_id}: "
        "delete those runs first, or keep it."
    )
    assert deleted(client, recognizer) == (
        f"Recognizer “a recognizer” was not deleted. It answered who walks in recognition run {asked.run_id}: "
        "delete those runs first, or keep it."
    )


def test_of_many_that_hold_a_row_some_are_named_and_the_rest_counted():
    assert kept.several(["b", "a", "b"]) == "a and b"
    assert kept.several("gfedcba") == "a, b, c, d, e and 2 more"
