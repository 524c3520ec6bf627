"""Researchers' keys: shown once, kept as a hash, good until revoked."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from anonymizer.jobs import Refused
from studies import keys
from studies.models import ApiKey

pytestmark = pytest.mark.django_db


def test_a_key_is_its_makers_and_only_its_hash_is_kept(researcher):
    key, secret = keys.make(researcher, " notebook ")
    assert keys.user_of(secret) == researcher
    assert (key.name, key.prefix) == ("notebook", secret[:12])
    row = ApiKey.objects.values().get()
    assert [name for name, value in row.items() if secret in str(value) or secret[12:] in str(value)] == []


def test_another_secret_is_nobodys(researcher):
    _, secret = keys.make(researcher, "notebook")
    assert [keys.user_of(wrong) for wrong in ("", secret[:-1], secret + "x", secret.upper())] == [None] * 4


def test_a_revoked_key_is_nobodys_and_so_is_that_of_somebody_who_left(researcher):
    key, secret = keys.make(researcher, "notebook")
    assert keys.revoke(researcher, key.pk)
    assert not keys.revoke(researcher, key.pk)
    assert keys.user_of(secret) is None
    _, other = keys.make(researcher, "script")
    researcher.is_active = False
    researcher.save()
    assert keys.user_of(other) is None


def test_nobody_revokes_another_ones_key(researcher, administrator):
    key, secret = keys.make(researcher, "notebook")
    assert not keys.revoke(administrator, key.pk)
    assert keys.user_of(secret) == researcher


def test_its_last_use_is_noted_at_most_once_a_minute(researcher):
    key, secret = keys.make(researcher, "notebook")
    keys.user_of(secret)
    key.refresh_from_db()
    assert key.last_used is not None
    for seconds, noted in ((30, False), (90, True)):
        before = timezone.now() - timedelta(seconds=seconds)
        ApiKey.objects.update(last_used=before)
        keys.user_of(secret)
        key.refresh_from_db()
        assert (key.last_used != before) == noted


@pytest.mark.parametrize("name", ["", "  ", "x" * 65])
def test_a_key_needs_a_name_that_fits(researcher, name):
    with pytest.raises(Refused, match="at most 64 characters"):
        keys.make(researcher, name)


def test_there_is_a_most_of_keys_in_use(researcher, monkeypatch):
    monkeypatch.setattr(keys, "MOST", 1)
    key, _ = keys.make(researcher, "first")
    with pytest.raises(Refused, match="Revoke one"):
        keys.make(researcher, "second")
    keys.revoke(researcher, key.pk)
    keys.make(researcher, "second")


# --- The page -------------------------------------------------------------------------------------
def test_the_page_tells_a_new_keys_secret_once(signed_in, researcher):
    made = signed_in.post(reverse("api_keys"), {"name": "notebook"})
    secret = re.search(r'<code id="secret">([^<]+)</code>', made.content.decode()).group(1)
    assert (made.status_code, keys.user_of(secret)) == (201, researcher)
    assert "no-store" in made.headers["Cache-Control"]
    again = signed_in.get(reverse("api_keys")).content.decode()
    assert secret not in again
    assert secret[:12] in again


def test_a_key_without_a_name_is_an_error_at_its_field(signed_in):
    answer = signed_in.post(reverse("api_keys"), {"name": " "})
    assert answer.status_code == 422
    assert "1 thing to correct" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_the_page_lists_and_revokes_ones_own_keys(signed_in, researcher, administrator):
    own, _ = keys.make(researcher, "mine")
    other, _ = keys.make(administrator, "theirs")
    page = signed_in.get(reverse("api_keys")).content.decode()
    assert "mine" in page
    assert "theirs" not in page
    for key in (own, other):
        signed_in.post(reverse("api_key_revoke", args=[key.pk]))
    assert list(ApiKey.objects.filter(revoked=None)) == [other]


def test_who_is_not_signed_in_sees_no_keys(client):
    assert client.get(reverse("api_keys")).url.startswith("/accounts/login/")
