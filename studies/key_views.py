"""The page on which researchers make and revoke their keys for programs."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from anonymizer.forms import SiteForm
from anonymizer.jobs import Refused
from studies import keys


class KeyForm(SiteForm):
    name = forms.CharField(max_length=64, label="Name", help_text="Such as the program that will use it.")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def api_keys(request: HttpRequest) -> HttpResponse:
    """A new key's secret stands in this one answer; nobody can read it again."""
    user = _user(request)
    form, secret = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = keys.make(user, form.cleaned_data["name"])
            form = KeyForm()
        except Refused as refused:
            form.add_error("name", str(refused))
    context: dict[str, Any] = {
        "form": form,
        "secret": secret,
        "keys": user.api_keys.order_by("revoked", "-pk"),
    }
    return render(request, "studies/keys.html", context, status=_status(bool(secret), bool(form.errors)))


def _status(made: bool, wrong: bool) -> int:
    return 201 if made else 422 if wrong else 200


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    if keys.revoke(_user(request), pk):
        messages.success(request, "The key is revoked. Programs that use it are refused from now on.")
    return redirect("api_keys")


def _user(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # login_required
    return request.user
