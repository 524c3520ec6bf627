"""The page on which a study's editors say who is told of it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from anonymizer.forms import SiteForm
from anonymizer.jobs import Refused
from studies import access
from studies import webhooks as telling
from studies.models import Study, Webhook, WebhookDelivery

DELIVERIES_SHOWN = 8


class WebhookForm(SiteForm):
    url = forms.URLField(
        max_length=500,
        label="Address",
        assume_scheme="https",
        help_text="https, on the public internet. It is told when a rater finishes and when the study closes.",
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhooks(request: HttpRequest, slug: str) -> HttpResponse:
    """A new webhook's secret stands in this one answer; nobody can read it again."""
    study = access.study_to_edit(request.user, slug)
    form, secret = WebhookForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = telling.make(study, form.cleaned_data["url"])
            form = WebhookForm()
        except Refused as refused:
            form.add_error("url", str(refused))
    newest = Prefetch("deliveries", WebhookDelivery.objects.order_by("-pk"), to_attr="newest")
    context = {
        "study": study,
        "form": form,
        "secret": secret,
        "webhooks": study.webhooks.prefetch_related(newest),
        "shown": DELIVERIES_SHOWN,
    }
    status = 201 if secret else 422 if form.errors else 200
    return render(request, "studies/webhooks.html", context, status=status)


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    study, webhook = _found(request, slug, pk)
    webhook.delete()
    messages.success(request, "The webhook is removed, and what it had not been told yet.")
    return redirect("studies:webhooks", study.slug)


@login_required
@require_POST
def trial(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    study, webhook = _found(request, slug, pk)
    telling.trial(webhook)
    messages.success(request, "A test message is on its way. Load the page again in a few seconds.")
    return redirect("studies:webhooks", study.slug)


def _found(request: HttpRequest, slug: str, pk: int) -> tuple[Study, Webhook]:
    study = access.study_to_edit(request.user, slug)
    return study, get_object_or_404(study.webhooks, pk=pk)
