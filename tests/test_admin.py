"""The administration opens for every kind of row, and gives no secret away."""

import pytest
from django.apps import apps
from django.urls import reverse

from tests.factories import AnonymizationFactory, SequenceFactory, clip_of

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


def test_who_is_no_administrator_sees_nothing(signed_in):
    answer = signed_in.get(reverse("admin:studies_rater_changelist"))
    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")


def test_an_export_of_raters_holds_no_token(client, administrator):
    client.force_login(administrator)
    page = client.get(reverse("admin:studies_rater_export")).content.decode()
    assert "pseudonym" in page
    assert "idempotency_key" not in page
    assert "session_hmac" not in page
