"""Platform ids beside pseudonyms, for paying raters: the study's owner alone may have them, administrators neither."""

from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from recognition.tables import csv_lines
from studies import access, identities, platforms
from studies.models import Study

COLUMNS = ("rater", "state", "completed")


@login_required
@require_GET
def platform_ids(request: HttpRequest, slug: str) -> HttpResponse:
    """One row a rater with the platform's own parameters, until they are deleted."""
    found = access.study_to_view(request.user, slug)
    if found.owner_id != request.user.pk or not platforms.parameters(found):
        raise Http404("There are no platform ids here for you.")
    lines = csv_lines([*COLUMNS, *platforms.parameters(found)], _rows(request, found))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-platform-ids.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _rows(request: HttpRequest, study: Study) -> Iterator[list[str | None]]:
    for rater, told in identities.seen_by(request.user, study):
        completed = rater.completed.isoformat() if rater.completed else None
        ids = [told.get(name) for name in platforms.parameters(study)]
        yield [rater.pseudonym, rater.state, completed, *ids]
