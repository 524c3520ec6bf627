"""The two pages a rater meets, and their clips. Everything they do goes through the API.

The addresses are credentials, so no page here tells another site its address or lets a cache keep it.
Drafts and unknown links are 404, a closed study and an expired link 410; a full study is still a page that can
be reached (200). Only the pages of MTurk studies may stand in a frame, and only in that platform's.
"""

import math
from typing import Any

from csp.constants import SELF
from csp.utils import build_policy
from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from anonymizer import media
from studies import platforms, rating, seats, showing, words
from studies.models import Presentation, Rater, Study
from studies.models.credentials import behind
from studies.mos.planning import CHOOSING_SECONDS
from studies.words import fill

CLIP_CACHE_SECONDS = 3600
START_SCRIPT = ("start", "device", "refused")  # the sections of words that each page's script needs
RATE_SCRIPT = (
    "clips",
    "trial",
    "practised",
    "welcome",
    "pause",
    "foot",
    "connection",
    "notice",
    "trouble",
    "done",
    "expired",
    "help",
    "data",
    "withdraw",
)


@require_safe
def start(request: HttpRequest, token: str) -> HttpResponse:
    """A rater's way in: what it is about, what is kept, consent."""
    study = behind(token, Study.objects.all())
    language = _language(request)
    if study is None:
        return _message(request, "unknown", language, 404)
    if study.status == Study.Status.DRAFT:
        return _message(request, "draft", language, 404)
    if seats.is_over(study):
        return _message(request, "closed", language, 410, study)
    state = _state(study, request, language)
    if state not in ("open", "preview"):
        return _message(request, state, language, 200, study)
    return page("rater_start.html", request, language, study, {"state": state, **_about(study, language)})


def _state(study: Study, request: HttpRequest, language: str) -> str:
    quota = seats.quota_of(study, language)
    if platforms.is_preview(request.GET.dict()):
        return "preview"
    if not platforms.says_who(study, request.GET.dict()):
        return "platform_needed"
    if not seats.for_people(study).filter(occupied=False).exists():
        return "full"
    return "quota_full" if quota and not seats.quota_is_free(study, quota) else "open"


def _about(study: Study, language: str) -> dict[str, Any]:
    """What the start page says of this study."""
    shape = showing.shape(study)
    say = words.sections(language, shape)["start"]
    practice, counted = _amounts(study)
    after = fill(say["after_practice"], practice) if practice else say["one_score_each"]
    stops = say["with_pause"] if study.pause_half_way else say["come_back"]
    facts = [
        (fill(say["amount"], counted), after),
        (fill(say["minutes"], minutes(study)), stops),
        (say["no_account"], say["no_sound"]),
    ]
    platform = platforms.name(study)
    kept = fill(say["keep_platform_id"], platform=platform, days=study.identity_days) if platform else ""
    return {
        "heading": words.heading(study, language),
        "lead": words.lead(study, language, shape),
        "facts": facts,
        "keep_platform_id": kept,
        "full_text": fill(say["full_text"], version=study.consent_version),
        "consent": words.consent(study, language),
        "begin": say["start_practice"] if practice else say["start"],
        "shape": shape,
    }


def _amounts(study: Study) -> tuple[int, int]:
    """How many practice pairs a rater is shown, and how many others: checks count as any pair, in silence."""
    seat = study.seats.order_by("position").first()
    shown = study.stimuli.filter(number__in=seat.pairs) if seat else study.stimuli.none()
    practice = shown.filter(role="training").count()
    return practice, (len(seat.pairs) if seat else study.pairs_per_rater) - practice


@require_safe
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """The page on which pairs are watched and scored."""
    rater = behind(token, Rater.objects.select_related("study"))
    if rater is None:
        return _message(request, "nothing_stored", _language(request), 404)
    language = _language(request, rater.locale)
    context = {"rater": rater, **_instructions(rater, language), "pair_seconds": pair_seconds(rater.study)}
    return page("rater.html", request, language, rater.study, context, 410 if rating.is_over(rater) else 200)


def _instructions(rater: Rater, language: str) -> dict[str, Any]:
    study, practice = rater.study, rating.practice(rater)
    say = words.sections(language, showing.shape(study))["instructions"]
    scale = words.scale(study, language)
    lowest, highest = (f"{entry['score']} {entry['label']}" for entry in (scale[0], scale[-1]))
    asked = words.question(study, language)
    return {
        "choose_text": fill(say["choose_text"], question=asked, lowest=lowest, highest=highest),
        "practice_text": fill(say["practice_text"], practice) if practice else "",
        "begin": say["begin_practice"] if practice else say["begin"],
        "clip_names": ["original", "changed", "walk", "both"],
    }


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
    return showing.pair_seconds(study) + CHOOSING_SECONDS


def minutes(study: Study) -> int:
    """How long a visit takes, rounded up."""
    return math.ceil(sum(_amounts(study)) * pair_seconds(study) / 60)


# --- Pages ------------------------------------------------------------------------------------------
def _language(request: HttpRequest, chosen: str = "") -> str:
    """The one asked for in the address, the one chosen before, the browser's, or English."""
    accepted = request.headers.get("Accept-Language", "")
    return words.negotiate(request.GET.get("lang", ""), chosen, accept_language=accepted)


def _message(
    request: HttpRequest, state: str, language: str, status: int, study: Study | None = None
) -> HttpResponse:
    """A page that says one thing: why nothing can begin here."""
    say = words.sections(language, "pair")["message"]
    context = {"state": state, "heading": say[f"{state}_title"], "text": say[state]}
    return page("rater_start.html", request, language, study, context, status)


def page(
    template: str,
    request: HttpRequest,
    language: str,
    study: Study | None,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """A page with nothing of the signed-in site in it: no session is looked at, no cookie set."""
    w = words.sections(language, showing.shape(study) if study else "pair")
    needed = RATE_SCRIPT if template == "rater.html" else START_SCRIPT
    common = {
        "language": language,
        "languages": [(tag, name, _in(request, tag)) for tag, name in words.languages().items()],
        "w": w,
        "script_words": {name: w[name] for name in needed},
        "study": study,
    }
    response = HttpResponse(render_to_string(f"studies/{template}", {**common, **context}), status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    response["Content-Language"] = language
    if study and study.platform == Study.Platform.MTURK:
        _may_be_framed(response)
    return response


def _in(request: HttpRequest, tag: str) -> str:
    """This very address in another language, whatever else the platform put into it."""
    query = request.GET.copy()
    query["lang"] = tag
    return f"?{query.urlencode()}"


def _may_be_framed(response: HttpResponse) -> None:
    """By the platform's own pages; and the last form may be posted to the platform."""
    hosts = [f"https://{host}" for host in settings.CROWD_HOSTS]
    response["Content-Security-Policy"] = build_policy(
        replace={"frame-ancestors": settings.CROWD_FRAMES, "form-action": [SELF, *hosts]}
    )
    response.xframe_options_exempt = True
