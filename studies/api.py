"""The raters' side of the API: what the rater's page calls, and any other program that rates.

A rater's token in the address is the credential: these calls look at no cookie and need no CSRF token.
Refusals are raised in `rating.py` and below; `STATUS` says which HTTP status each of them has.
"""

import json
import math
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Router, Schema, Status
from pydantic import Field, StrictBool, StrictInt, StringConstraints, field_validator

from anonymizer import media
from studies import platforms, rating, showing, words
from studies.models import Presentation, Rater, Rating, Study
from studies.models.credentials import behind

CLIP_ADDRESS_SECONDS = 6 * 3600
DEVICE_BYTES = 4096
STATUS: dict[type[rating.Refused], int] = {
    rating.NoConsent: 403,
    rating.PersonalLinkNeeded: 403,
    rating.Withdrawn: 403,
    rating.PlatformNeeded: 403,
    rating.Preview: 403,
    rating.NotOpen: 404,
    rating.Closed: 410,
    rating.Expired: 410,
    rating.Frozen: 410,
    rating.Full: 409,
    rating.QuotaFull: 409,
    rating.NoSuchPresentation: 404,
    rating.OffTheScale: 422,
    rating.NotWatched: 422,
    rating.NoPairLeft: 409,
    rating.AlreadyRated: 409,
}
PLAIN = r"^[\x20-\x7e]*$"  # what every database stores
Parameter = Annotated[str, StringConstraints(max_length=platforms.LONGEST, pattern=PLAIN)]

router = Router(tags=["raters"])


class Application(Schema):
    consent: StrictBool = False
    consent_version: str | None = Field(None, max_length=16)
    idempotency_key: str | None = Field(
        None, max_length=64, pattern=PLAIN, description="makes a retry harmless"
    )
    external_id: str | None = Field(None, max_length=200, description="a platform's id; only an HMAC is kept")
    session_id: str | None = Field(None, max_length=200, description="the platform's session, likewise")
    platform: dict[str, Parameter] | None = Field(
        None, max_length=40, description="a crowd platform's parameters as they stand in the study's address"
    )
    locale: str | None = Field(None, max_length=16, pattern=PLAIN)
    device: dict[str, Any] | None = None

    @field_validator("device")
    @classmethod
    def device_is_short_and_storable(cls, device: dict[str, Any] | None) -> dict[str, Any] | None:
        try:
            text = json.dumps(device, allow_nan=False)
        except ValueError:
            raise ValueError("a number in it is not finite") from None
        if len(text) > DEVICE_BYTES or "\\u0000" in text:
            raise ValueError(f"must be plain JSON of at most {DEVICE_BYTES} bytes")
        return device


class Enrolled(Schema):
    rater: str = Field(description="the credential for every further call")
    presentations: int
    next: int | None


class WayBack(Schema):
    platform: str
    url: str
    method: str = Field(description="get: a link; post: a form with these fields")
    fields: dict[str, str]


class Progress(Schema):
    state: str
    next: int | None = Field(description="the first position that waits for a score")
    presentations: int
    practice: int = Field(description="how many of them are practice; they come first")
    pause_after: int | None = Field(description="the position after which there is a break")
    rated: int
    remaining: list[int] = Field(description="every position that waits for a score")
    completion_code: str | None = Field(description="only when complete")
    way_back: WayBack | None = Field(description="to the crowd platform, only when complete")


class ScaleEntry(Schema):
    score: int
    label: str


class Pair(Schema):
    position: int
    presentations: int
    presentation: int = Field(description="changes when another pair takes this position")
    training: bool
    question: str
    scale: list[ScaleEntry]
    clips: dict[str, str] = Field(description="addresses in order of showing; they expire")
    gap_seconds: float = Field(description="grey between the clips")


class Score(Schema):
    score: StrictInt
    presentation: int | None = Field(
        None, description="the pair that was watched: refused if another one has its place"
    )
    playback: dict[str, Any] = Field(
        default_factory=dict,
        description="watched_fraction (the least over the clips, or one a clip), stalls, started_at, …",
    )


class KeptScore(Schema):
    position: int
    score: int


class OtherScoreKept(Schema):
    kept: int


class Problem(Schema):
    reason: str = Field("", max_length=2000)
    presentation: int | None = Field(None, description="makes a retry harmless")


class Refusal(Schema):
    detail: str
    code: str = Field("", description="the reason, for programs")


class StoredRating(Schema):
    position: int
    score: int
    rated_at: datetime
    presented_at: datetime | None
    watched_fraction: float | None
    stalls: int | None
    playback: dict[str, Any]


class StoredData(Schema):
    study: str
    pseudonym: str
    state: str
    consent_version: str
    consented: datetime
    created: datetime
    last_seen: datetime
    completed: datetime | None
    locale: str
    device: dict[str, Any]
    platform_identity_kept: str
    ratings: list[StoredRating]
    problems: list[str]


def study_of(token: str) -> Study:
    study = behind(token, Study.objects.all())
    if study is None:
        raise Http404("There is no study under this link.")
    return study


def rater_of(token: str) -> Rater:
    rater = behind(token, Rater.objects.select_related("study"))
    if rater is None:
        raise Http404("Nothing is stored under this link. It may have been withdrawn.")
    return rater


@router.post(
    "studies/{token}/raters",
    response={200: Enrolled, 201: Enrolled, 403: Refusal, 404: Refusal, 409: Refusal, 410: Refusal},
    summary="Enrol",
)
def enrol(request: HttpRequest, token: str, application: Application) -> Status[Enrolled]:
    """Take a seat. The same key, or the same identity before its first vote, gets the same rater again."""
    study = study_of(token)
    rater, is_new = rating.enrol(study, _applicant(study, application))
    waiting = rating.remaining(rater)
    enrolled = Enrolled(
        rater=rater.token, presentations=rating.positions(rater), next=waiting[0] if waiting else None
    )
    return Status(201 if is_new else 200, enrolled)


def _applicant(study: Study, application: Application) -> rating.Applicant:
    told = application.dict(exclude_none=True, exclude={"platform"})
    if application.platform:
        visit = platforms.visit(study, application.platform)
        told |= {"external_id": visit.external_id, "session_id": visit.session_id, "identity": visit.told}
    return rating.Applicant(**told)


@router.get("raters/{rater}", response={200: Progress, 404: Refusal}, summary="How far")
def progress(request: HttpRequest, rater: str) -> Progress:
    row = rater_of(rater)
    is_over, waiting = rating.is_over(row), rating.remaining(row)
    total, practice = rating.positions(row), rating.practice(row)
    back = platforms.way_back(row)
    return Progress(
        state=Rater.State.EXPIRED if is_over else row.state,
        next=waiting[0] if waiting and not is_over else None,
        presentations=total,
        practice=practice,
        pause_after=practice + math.ceil((total - practice) / 2) if row.study.pause_half_way else None,
        rated=rating.rated(row),
        remaining=[] if is_over else waiting,
        completion_code=platforms.completion_code(row.study) if row.state == Rater.State.COMPLETE else None,
        way_back=WayBack(**vars(back)) if back else None,
    )


@router.get(
    "raters/{rater}/presentations/{int:position}",
    response={200: Pair, 404: Refusal, 410: Refusal},
    summary="A pair",
)
def presentation(request: HttpRequest, rater: str, position: int, lang: str = "") -> Pair:
    """The pair at a position. Nothing changes but when it was first fetched: load ahead as you like."""
    row = rater_of(rater)
    return _pair(row, rating.present(row, position), lang)


@router.put(
    "raters/{rater}/presentations/{int:position}/rating",
    response={200: KeptScore, 201: KeptScore, 404: Refusal, 409: OtherScoreKept, 410: Refusal, 422: Refusal},
    summary="Score a pair",
)
def rate(request: HttpRequest, rater: str, position: int, score: Score) -> Status[KeptScore]:
    """Keep the score. The first one stays: the same again is 200, another one 409 with what was kept."""
    kept, is_new = rating.rate(rater_of(rater), position, score.score, score.playback, score.presentation)
    return Status(201 if is_new else 200, KeptScore(position=position, score=kept.score))


@router.post(
    "raters/{rater}/presentations/{int:position}/problem",
    response={200: Pair, 404: Refusal, 409: Refusal | OtherScoreKept, 410: Refusal},
    summary="A clip can't be played",
)
def problem(request: HttpRequest, rater: str, position: int, problem: Problem, lang: str = "") -> Pair:
    """Another pair of the same view angle takes the place. 409 when none is left: the position is left out."""
    row = rater_of(rater)
    reason = problem.reason.replace("\x00", "")
    return _pair(row, rating.replace(row, position, reason, problem.presentation), lang)


@router.get(
    "raters/{rater}/data", response={200: StoredData, 404: Refusal}, summary="What is stored about me"
)
def data(request: HttpRequest, rater: str) -> StoredData:
    row = rater_of(rater)
    ratings = Rating.objects.filter(presentation__rater=row).select_related("presentation")
    told = [name for name in StoredData.model_fields if name != "study" and hasattr(row, name)]
    return StoredData(
        study=row.study.name,
        **{name: getattr(row, name) for name in told},
        platform_identity_kept=_identity_kept(row),
        ratings=[_stored_rating(kept) for kept in ratings.order_by("presentation__position")],
        problems=list(row.presentations.exclude(problem="").values_list("problem", flat=True)),
    )


@router.delete("raters/{rater}", response={204: None, 404: Refusal}, summary="Withdraw")
def withdraw(request: HttpRequest, rater: str) -> Status[None]:
    """Erase the scores and the identity, and give the seat back."""
    rating.withdraw(rater_of(rater))
    return Status(204, None)


def _pair(rater: Rater, shown: Presentation, lang: str = "") -> Pair:
    study, stimulus = rater.study, shown.stimulus
    language = words.negotiate(lang, rater.locale)
    return Pair(
        position=shown.position,
        presentations=rating.positions(rater),
        presentation=shown.pk,
        training=stimulus.role == stimulus.Role.TRAINING,
        question=words.question(study, language),
        scale=[ScaleEntry(**entry) for entry in words.scale(study, language)],
        clips={name: _clip_address(shown, name) for name in showing.clips(study, stimulus)},
        gap_seconds=showing.gap_seconds(study),
    )


def _clip_address(shown: Presentation, name: str) -> str:
    """Plays without a cookie and expires. It names the presentation, not the clip: a check looks like any pair."""
    signed = media.sign("presentation", shown.pk, name, CLIP_ADDRESS_SECONDS)
    return reverse("raters:clip", args=[name, signed])


def _identity_kept(rater: Rater) -> str:
    if hasattr(rater, "identity"):
        return "encrypted"
    return "as an HMAC of this study" if rater.external_hmac else "none"


def _stored_rating(kept: Rating) -> StoredRating:
    return StoredRating(
        position=kept.presentation.position,
        **{name: getattr(kept, name) for name in StoredRating.model_fields if hasattr(kept, name)},
    )
