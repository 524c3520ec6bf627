"""The two pages a rater meets, and their clips. Everything they do goes through the API.

The addresses are credentials, so no page here tells another site its address or lets a cache keep it.
Drafts and unknown links are 404, a closed study is 410; a full one is still a page that can be reached (200).
"""

import math
from typing import Any

from django.core.signing import BadSignature, SignatureExpired
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from anonymizer import media
from studies import showing
from studies.models import Presentation, Rater, Study

SECONDS_TO_SCORE = 5  # beside the clips and the grey between them; for the time a visit takes
CLIP_CACHE_SECONDS = 3600


@require_safe
def start(request: HttpRequest, token: str) -> HttpResponse:
    """A rater's way in: what it is about, what is kept, consent."""
    study = Study.objects.filter(token=token).first()
    if study is None:
        return page("rater_start.html", {"state": "unknown"}, status=404)
    if study.status == Study.Status.DRAFT:
        return page("rater_start.html", {"state": "draft"}, status=404)
    if study.status == Study.Status.CLOSED:
        return page("rater_start.html", {"state": "closed", "study": study}, status=410)
    is_full = not study.seats.filter(occupied=False).exists()
    context = {"state": "full" if is_full else "open", "study": study, "minutes": minutes(study)}
    return page("rater_start.html", context)


@require_safe
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """The page on which pairs are watched and scored."""
    rater = Rater.objects.select_related("study").filter(token=token).first()
    if rater is None:
        return page("rater_start.html", {"state": "nothing_stored"}, status=404)
    context = {
        "rater": rater,
        "study": rater.study,
        "minutes": minutes(rater.study),
        "pair_seconds": pair_seconds(rater.study),
    }
    return page("rater.html", context)


@require_safe
def clip(request: HttpRequest, name: str, signed: str) -> HttpResponseBase:
    """One clip of a presentation, by its signed address. Expired: 410; forged or gone: 404."""
    try:
        pk = media.unsign("presentation", signed, name)
    except SignatureExpired:
        return HttpResponse(
            "This address has expired. Load the pair again.", status=410, content_type="text/plain"
        )
    except BadSignature:
        raise Http404("There is no clip at this address.") from None
    answer = media.ranged(request, _clip_file(pk, name), "video/mp4")
    answer["Cache-Control"] = f"private, max-age={CLIP_CACHE_SECONDS}"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _clip_file(pk: int, name: str) -> Any:
    rows = Presentation.objects.select_related(
        "rater__study", "stimulus__reference_clip", "stimulus__test_clip"
    )
    shown = rows.filter(pk=pk).first()
    found = shown and showing.clips(shown.rater.study, shown.stimulus).get(name)
    if not found:
        raise Http404("There is no clip at this address.")
    return found.file


def pair_seconds(study: Study) -> float:
    return showing.pair_seconds(study) + SECONDS_TO_SCORE


def minutes(study: Study) -> int:
    """How long a visit takes, rounded up."""
    return math.ceil(study.pairs_per_rater * pair_seconds(study) / 60)


def page(template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page with nothing of the signed-in site in it: no session is looked at, no cookie set."""
    response = HttpResponse(render_to_string(f"studies/{template}", context), status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
