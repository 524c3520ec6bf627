"""Pages of studies for researchers: the list, a new one, opening and closing."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from anonymizer import tasks
from anonymizer.forms import judged_anonymizations, ready_datasets
from anonymizer.jobs import Refused
from studies import access, runs
from studies.forms import StudyForm
from studies.models import Stimulus

STUDIES_A_PAGE = 40


@login_required
@require_GET
def studies(request: HttpRequest) -> HttpResponse:
    page = Paginator(_listed(request), STUDIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "studies/studies.html", context)


def _listed(request: HttpRequest) -> Any:
    regular = Q(
        raters__presentations__stimulus__role=Stimulus.Role.REGULAR, raters__presentations__problem=""
    )
    people = Q(raters__simulated=False)
    known = (
        access.visible_studies(request.user)
        .prefetch_related("conditions__anonymization__dataset")
        .order_by("-created")
    )
    return known.annotate(
        votes=Count("raters__presentations__rating", filter=regular & people),
        simulated_votes=Count("raters__presentations__rating", filter=regular & ~people),
        rater_count=Count("raters", filter=people, distinct=True),
    )


# --- A new one ------------------------------------------------------------------------------------
@login_required
def new(request: HttpRequest) -> HttpResponse:
    if request.method == "GET" and request.headers.get("HX-Request"):
        return render(request, "studies/_expected.html", {"expected": StudyForm(request.GET).expected()})
    asked = request.GET.get("anonymization")
    form = StudyForm(request.POST or None, initial={"anonymization": asked} if asked else {})
    if request.method == "POST" and form.is_valid():
        run = form.start(request.user if request.user.is_authenticated else None)
        if run is not None:
            tasks.enqueue(run)
            return redirect("studies:study", run.study.slug)
    context = {
        "form": form,
        "expected": form.expected(),
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "studies/new.html", context, status=422 if form.errors else 200)


# --- Opening and closing --------------------------------------------------------------------------
def person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@login_required
@require_POST
def open_study(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    try:
        runs.open_study(found, person(request))
        messages.success(request, "The study is open. Share its link.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("studies:study", slug)


@login_required
@require_POST
def close_study(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    try:
        runs.close_study(found, person(request))
        messages.success(request, "The study is closed. Raters who are in may finish.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("studies:study", slug)
