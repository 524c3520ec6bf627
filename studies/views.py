"""The list of studies, and the drafts above it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anonymizer.forms import judged_anonymizations, ready_datasets
from studies import access
from studies.models import Stimulus, StudyDraft

STUDIES_A_PAGE = 40


@login_required
@require_GET
def studies(request: HttpRequest) -> HttpResponse:
    page = Paginator(_listed(request), STUDIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "drafts": StudyDraft.objects.filter(user=request.user.pk),
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
        .select_related("owner")
        .prefetch_related("conditions__anonymization__dataset")
        .order_by("-created")
    )
    return known.annotate(
        votes=Count("raters__presentations__rating", filter=regular & people),
        simulated_votes=Count("raters__presentations__rating", filter=regular & ~people),
        rater_count=Count("raters", filter=people, distinct=True),
    )
