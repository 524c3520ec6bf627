"""Pages of a study's life: what may still be set, who sees it, what happened to it, and the draw for an audit."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from anonymizer import media
from anonymizer.jobs import Refused
from anonymizer.models import Clip
from recognition.tables import csv_lines
from studies import access, audit, dashboard, life, seat_plan
from studies.life_forms import SeatsForm, SettingsForm, ShareForm
from studies.models import Stimulus, Study

EVENTS = 200


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # every page here is for those who are signed in
    return request.user


def done_or_refused(request: HttpRequest, act: Callable[[], Any], said: str) -> bool:
    """Do it and say so, or say why it was not done."""
    try:
        act()
    except Refused as refused:
        messages.error(request, str(refused))
        return False
    messages.success(request, said)
    return True


# --- Opening and closing --------------------------------------------------------------------------
def _step(
    request: HttpRequest, slug: str, step: Callable[[Study, User], None], said: str, page: str
) -> HttpResponse:
    """One step of the study's life, then back to its `page`."""
    found = access.study_to_edit(request.user, slug)
    done_or_refused(request, lambda: step(found, person(request)), said)
    return redirect(page, slug)


@login_required
@require_POST
def open_study(request: HttpRequest, slug: str) -> HttpResponse:
    said = "The study is open. Share its link."
    return _step(request, slug, life.open_study, said, "studies:study")


@login_required
@require_POST
def close_study(request: HttpRequest, slug: str) -> HttpResponse:
    said = "The study is closed. Raters who are in may finish."
    return _step(request, slug, life.close_study, said, "studies:study")


@login_required
@require_POST
def freeze(request: HttpRequest, slug: str) -> HttpResponse:
    return _step(request, slug, life.freeze, "Frozen. Nothing of it changes any more.", "studies:manage")


@login_required
@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    if done_or_refused(request, lambda: life.delete_draft(found), "The draft is deleted."):
        return redirect("studies:studies")
    return redirect("studies:manage", slug)


# --- The page -------------------------------------------------------------------------------------
@login_required
@require_GET
def manage(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, access.study_to_view(request.user, slug))


def _page(
    request: HttpRequest,
    found: Study,
    settings: SettingsForm | None = None,
    sharing: ShareForm | None = None,
    more_seats: SeatsForm | None = None,
) -> HttpResponse:
    form = settings or sharing or more_seats
    context = {
        "study": found,
        "stage": dashboard.stage(found),
        "may_edit": access.may_edit(request.user, found) and found.frozen is None,
        "is_owner": access.is_owner(request.user, found) and found.frozen is None,
        "settings": settings or SettingsForm(study=found),
        "sharing": sharing or ShareForm(),
        "more_seats": more_seats or SeatsForm(),
        "form": form,
        "shares": found.shares.select_related("user"),
        "events": found.events.select_related("user").order_by("-pk")[:EVENTS],
        "roles": [(role.label, found.stimuli.filter(role=role.value).count()) for role in Stimulus.Role],
    }
    return render(request, "studies/manage.html", context, status=422 if form else 200)


@login_required
@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    form = SettingsForm(request.POST, study=found)
    if not form.is_valid():
        return _page(request, found, settings=form)
    done_or_refused(request, lambda: life.change(found, person(request), **form.changed()), "Saved.")
    return redirect("studies:manage", slug)


@login_required
@require_POST
def add_seats(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    form = SeatsForm(request.POST)
    if not form.is_valid():
        return _page(request, found, more_seats=form)
    raters = form.cleaned_data["raters"]
    said = f"The study has seats for {raters:,} raters now."
    done_or_refused(request, lambda: seat_plan.extend(found, raters, person(request)), said)
    return redirect("studies:manage", slug)


# --- Sharing --------------------------------------------------------------------------------------
def _owned(request: HttpRequest, slug: str) -> Study:
    found = access.study_to_edit(request.user, slug)
    if not access.is_owner(request.user, found):
        raise Http404("Only its owner shares a study.")
    return found


@login_required
@require_POST
def share(request: HttpRequest, slug: str) -> HttpResponse:
    found = _owned(request, slug)
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _page(request, found, sharing=form)
    other, may_edit = form.cleaned_data["user"], form.cleaned_data["may_edit"]
    done_or_refused(
        request,
        lambda: life.share(found, other, may_edit=may_edit, user=person(request)),
        f"{other.get_username()} sees the study now.",
    )
    return redirect("studies:manage", slug)


@login_required
@require_POST
def unshare(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    found = _owned(request, slug)
    other = get_object_or_404(User, pk=pk)
    said = f"{other.get_username()} doesn't see the study any more."
    done_or_refused(request, lambda: life.unshare(found, other, person(request)), said)
    return redirect("studies:manage", slug)


# --- The draw and its clips -----------------------------------------------------------------------
@login_required
@require_GET
def design_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Every place of every seat, with the seed it was drawn from."""
    found = access.study_to_view(request.user, slug)
    lines: Iterator[str] = csv_lines(audit.COLUMNS, audit.rows(found))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-design.csv"'
    return response


@login_required
@require_GET
def clip(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """A clip of the study, brought ones among them."""
    found = access.study_to_view(request.user, slug)
    shown = found.stimuli.values_list("test_clip", "reference_clip")
    if not any(pk in pair for pair in shown):
        raise Http404("This study has no such clip.")
    return media.ranged(request, get_object_or_404(Clip, pk=pk).file, "video/mp4")
