"""Crowd platforms: what they tell when they send somebody, and how they take people back.

Prolific appends PROLIFIC_PID, STUDY_ID and SESSION_ID and takes people back at a completion URL with cc=CODE.
Mechanical Turk's external question appends workerId, assignmentId, hitId and turkSubmitTo, shows previews with
assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE, and takes a form posted to turkSubmitTo/mturk/externalSubmit. People
are sent to hosts of settings.CROWD_HOSTS alone.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from django.conf import settings

from studies import identities
from studies.models import Rater, Study
from studies.refusals import PlatformNeeded, Preview

PARAMETERS = {
    Study.Platform.PROLIFIC: ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
    Study.Platform.MTURK: ("workerId", "assignmentId", "hitId", "turkSubmitTo"),
}
WHO = ("PROLIFIC_PID", "workerId")  # of the parameters, the person
SESSION = ("SESSION_ID", "assignmentId")  # and the person's visit
PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
PROLIFIC_COMPLETE = "https://app.prolific.com/submissions/complete"
LONGEST = 300  # characters of one parameter
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visit:
    """Who comes, as a platform tells it. Empty means unknown."""

    external_id: str = ""
    session_id: str = ""
    told: Mapping[str, str] = field(default_factory=dict)  # what is sealed; nothing for a plain link


@dataclass(frozen=True)
class WayBack:
    """Where a finished rater goes: a link (`get`), or a form that is posted."""

    platform: str
    url: str
    method: str = "get"
    fields: Mapping[str, str] = field(default_factory=dict)


def is_preview(parameters: Mapping[str, str]) -> bool:
    return parameters.get("assignmentId") == PREVIEW


def name(study: Study) -> str:
    """The platform's name for people to read; empty for a plain link."""
    return {"prolific": "Prolific", "mturk": "Mechanical Turk"}.get(study.platform, "")


def parameters(study: Study) -> tuple[str, ...]:
    """What the study's platform tells of a rater; nothing for a plain link."""
    return PARAMETERS.get(Study.Platform(study.platform), ())


def says_who(study: Study, told: Mapping[str, str]) -> bool:
    """Whether the address names the person, where the study's platform must."""
    known = parameters(study)
    return not known or any(told.get(parameter) for parameter in WHO if parameter in known)


def visit(study: Study, parameters: Mapping[str, str]) -> Visit:
    """Whom the address's parameters name. Raises Preview, or PlatformNeeded if the study must know and can't."""
    if is_preview(parameters):
        raise Preview("This is a preview. Accept the task first, then the study can start here.")
    known = PARAMETERS.get(Study.Platform(study.platform))
    names = known or sum(PARAMETERS.values(), ())
    told = {each: parameters[each][:LONGEST] for each in names if parameters.get(each)}
    who = next((told[each] for each in WHO if each in told), "")
    if known and not who:
        raise PlatformNeeded("This study takes people through a crowd platform. Please open it from there.")
    session = next((told[each] for each in SESSION if each in told), "")
    return Visit(who, session, told if known else {})


def completion_code(study: Study) -> str:
    """The code in the platform's own completion URL where the researcher brought one with it."""
    own = parse_qs(urlsplit(study.return_url).query).get("cc") if study.platform == "prolific" else None
    return own[0] if own else study.completion_code


def way_back(rater: Rater) -> WayBack | None:
    """For a finished rater; None where there is none, or where it would lead to a host that isn't allowed."""
    study = rater.study
    if rater.state != Rater.State.COMPLETE:
        return None
    if study.platform == Study.Platform.MTURK:
        back = _to_mturk(rater)
    elif study.platform == Study.Platform.PROLIFIC:
        url = with_code(study.return_url or PROLIFIC_COMPLETE, completion_code(study))
        back = WayBack(name(study), url)
    else:
        back = WayBack(urlsplit(study.return_url).hostname or "", study.return_url)
    return back if back and is_allowed(back.url) else None


def _to_mturk(rater: Rater) -> WayBack | None:
    told = identities.told_of(rater)
    if not (told.get("turkSubmitTo") and told.get("assignmentId")):
        return None
    fields = {"assignmentId": told["assignmentId"], "code": completion_code(rater.study)}
    url = f"{told['turkSubmitTo'].rstrip('/')}/mturk/externalSubmit"
    return WayBack(name(rater.study), url, "post", fields)


def with_code(url: str, code: str) -> str:
    """The address with cc=CODE, whatever else its query holds."""
    parts = urlsplit(url)
    query = {**parse_qs(parts.query), "cc": [code]}
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))


def is_allowed(url: str) -> bool:
    """Whether people may be sent there: https, and a host that the site's operator allows."""
    parts = urlsplit(url)
    allowed = parts.scheme == "https" and parts.hostname in settings.CROWD_HOSTS and parts.port in (None, 443)
    if url and not (allowed and parts.username is None):
        log.warning("Nobody is sent to host %s: it is not in CROWD_HOSTS.", parts.hostname)
        return False
    return bool(url)
