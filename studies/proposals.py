"""A study as somebody proposes it, checked as a whole before anything of it is made.

`problems` names every field that stands in the way, so that a form can say all of it at once; a command says the
first.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from anonymizer.models import Anonymization, Run
from studies import walks, words
from studies.manifests import Manifest
from studies.models import Study
from studies.showing import ALONE

Problem = tuple[str, str]  # the field, what is wrong with it and what to do
MOST_CONDITIONS = 12
LIMITS: dict[str, tuple[str, float, float]] = {
    "pairs_per_rater": ("Pairs a rater", 1, 500),
    "raters": ("Raters", 1, 10_000),
    "pairs_per_view_angle": ("Pairs a view angle", 1, 1000),
    "clip_seconds": ("Seconds a clip", 0.4, 60),
    "training_pairs": ("Practice pairs", 0, 20),
    "check_pairs": ("Check pairs", 0, 20),
    "idle_minutes": ("Idle minutes", 5, 7 * 24 * 60),
    "rater_days": ("Days to finish", 1, 365),
    "identity_days": ("Days platform ids are kept", 0, 365),
}
CHOICES: dict[str, tuple[str, Any]] = {
    "template": ("Template", Study.Template),
    "layout": ("Layout", Study.Layout),
    "rendering": ("Rendering", Study.Rendering),
    "platform": ("Platform", Study.Platform),
}
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
CODE = re.compile(r"[A-Za-z0-9-]{1,16}")


@dataclass(frozen=True)
class Proposal:
    """What is asked for. The defaults are those of the paper: no practice, no checks."""

    name: str
    anonymizations: tuple[Anonymization, ...] = ()
    manifest: Manifest | None = None  # clips that are brought, in place of anonymizations
    view_angles: tuple[int, ...] = ()  # none: all there are
    pairs_per_view_angle: int = 9  # of each condition
    template: str = Study.Template.NATURALNESS.value
    layout: str = Study.Layout.SEQUENTIAL.value
    rendering: str = Study.Rendering.CENTRED.value
    clip_seconds: float = 10
    question: str = ""  # none: the template's
    questions: Mapping[str, str] = field(default_factory=dict)  # in other languages, by code
    pairs_per_rater: int = 30
    raters: int = 30
    training_pairs: int = 0
    check_pairs: int = 0
    pause_half_way: bool = False
    playback_check: bool = True
    quotas: tuple[Mapping[str, Any], ...] = ()  # {"locale": "ja", "most": 10}
    idle_minutes: int = 60
    rater_days: int = 14
    closes_on: date | None = None
    count_abandoned: bool = False
    platform: str = Study.Platform.LINK.value
    completion_code: str = ""  # none: drawn
    return_url: str = ""
    identity_days: int = 30
    open_when_prepared: bool = False
    seed: int = 0

    @property
    def asked(self) -> str:
        return self.question.strip() or words.default_question(self.template)

    @property
    def shown_conditions(self) -> int:
        """Conditions whose pairs are rated; with hidden references the originals are one more."""
        hidden = self.template == Study.Template.ACR_HR
        return len(self.anonymizations) + hidden


def problems(proposal: Proposal) -> Iterator[Problem]:
    yield from _name(proposal)
    yield from _choices(proposal)
    yield from _numbers(proposal)
    yield from _who(proposal)
    wrong_conditions = list(_conditions(proposal))
    yield from wrong_conditions
    if not wrong_conditions:
        yield from _pairs(proposal)


def _name(proposal: Proposal) -> Iterator[Problem]:
    name = proposal.name.strip()
    if not name or len(name) > 100:
        yield "name", "The study needs a name of at most 100 characters."
    elif Study.objects.filter(name=name).exists():
        yield "name", f"A study is named {name!r} already. Choose another name."


def _choices(proposal: Proposal) -> Iterator[Problem]:
    for name, (label, choices) in CHOICES.items():
        if getattr(proposal, name) not in choices.values:
            yield (
                name,
                f"{label} {getattr(proposal, name)!r} is not known. Use one of: {', '.join(choices.values)}.",
            )
    side_by_side = proposal.layout == Study.Layout.SIDE_BY_SIDE
    if side_by_side and proposal.template in ALONE:
        yield "layout", f"Template {proposal.template} shows one walk alone, so nothing can stand beside it."


def _numbers(proposal: Proposal) -> Iterator[Problem]:
    for name, (label, least, most) in LIMITS.items():
        value = getattr(proposal, name)
        if not least <= value <= most:
            yield name, f"{label} must be from {least:g} to {most:g}, not {value:g}."
    if len(proposal.question.strip()) > 200:
        yield "question", "A question has at most 200 characters."
    unknown = sorted(set(proposal.questions) - set(words.languages()))
    if unknown:
        yield "questions", f"There is no language {unknown[0]!r}. Known: {', '.join(words.languages())}."


def _who(proposal: Proposal) -> Iterator[Problem]:
    if proposal.closes_on is not None and proposal.closes_on <= timezone.localdate():
        passed = "That day has passed." if proposal.closes_on < timezone.localdate() else "That day is today."
        yield "closes_on", f"{passed} Choose tomorrow or later, or leave it empty."
    for quota in proposal.quotas:
        if not LOCALE.fullmatch(str(quota.get("locale", ""))) or not isinstance(quota.get("most"), int):
            yield "quotas", "Write a language's code and a number, such as ja=10."
        elif not 1 <= quota["most"] <= 10_000:
            yield "quotas", f"A quota must be from 1 to 10000, not {quota['most']}."
    if len({str(quota.get("locale")) for quota in proposal.quotas}) < len(proposal.quotas):
        yield "quotas", "Name each language once."
    if proposal.completion_code and not CODE.fullmatch(proposal.completion_code):
        yield "completion_code", "A completion code is made of at most 16 letters and digits."
    if proposal.return_url and not may_return_to(proposal.return_url):
        hosts = ", ".join(sorted(settings.CROWD_HOSTS))
        yield "return_url", f"Raters are sent to https addresses of known platforms only: {hosts}."


def may_return_to(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname in settings.CROWD_HOSTS


def _conditions(proposal: Proposal) -> Iterator[Problem]:
    if proposal.manifest is not None:
        if proposal.anonymizations:
            yield "anonymizations", "Choose runs, or bring clips, not both: they show different walks."
        yield from (("manifest", each) for each in proposal.manifest.problems(proposal.template))
        return
    if not proposal.anonymizations:
        yield "anonymizations", "Choose at least one run to be judged."
    if len(proposal.anonymizations) > MOST_CONDITIONS:
        yield "anonymizations", f"A study compares at most {MOST_CONDITIONS} conditions."
    for each in proposal.anonymizations:
        if each.copy != Anonymization.Copy.PROBE:
            yield (
                "anonymizations",
                "This anonymization is an attacker's own copy. Choose the one that is to be judged.",
            )
        elif each.run.status != Run.Status.SUCCEEDED:
            yield "anonymizations", f"Run {each.run_id} has not succeeded. Wait for it, or retry it."
        elif proposal.open_when_prepared and (why := why_not_shown(each)):
            yield "anonymizations", why


def why_not_shown(anonymization: Anonymization) -> str:
    """Why raters may not see these walks; empty where they may."""
    if anonymization.dataset.may_be_shown_to_raters:
        return ""
    return (
        f"Dataset {anonymization.dataset.name!r} may not be shown to raters. If its licence allows it, say so on the "
        "dataset's page in the administration."
    )


def _pairs(proposal: Proposal) -> Iterator[Problem]:
    """Whether there are the view angles and as many pairs as a rater shall see."""
    found = pairs_by_view_angle(proposal)
    if not found and len(proposal.anonymizations) > 1:
        yield (
            "anonymizations",
            (
                "These runs have changed no walk in common, so they can't be compared on the same walks. Choose runs "
                "over one dataset and the same walks of it."
            ),
        )
        return
    missing = sorted(set(proposal.view_angles) - set(found))
    if missing:
        yield "view_angles", f"There is no changed walk at {', '.join(f'{angle}°' for angle in missing)}."
    elif not found:
        yield "anonymizations", "This run has changed no walk that could be shown. Choose another."
    pairs = sum(found.values())
    if found and pairs < proposal.pairs_per_rater:
        yield (
            "pairs_per_rater",
            (
                f"{proposal.pairs_per_rater} pairs a rater are asked for and there are only {pairs}. Ask for at most "
                f"{pairs}, or for more pairs a view angle."
            ),
        )


def with_pairs_that_fit(proposal: Proposal) -> Proposal:
    """As many pairs a rater as usual, or all there are where they are fewer; nobody sees one twice."""
    pairs = sum(pairs_by_view_angle(proposal).values())
    return replace(proposal, pairs_per_rater=min(proposal.pairs_per_rater, pairs)) if pairs > 0 else proposal


def pairs_by_view_angle(proposal: Proposal) -> dict[int, int]:
    """How many pairs will be rated at each view angle, all conditions counted."""
    if proposal.manifest is not None:
        return proposal.manifest.pairs_by_view_angle(proposal.template)
    there = walks.counted(proposal.anonymizations, proposal.view_angles)
    each = {angle: min(number, proposal.pairs_per_view_angle) for angle, number in there.items()}
    return {angle: number * proposal.shown_conditions for angle, number in each.items()}


def condition_labels(anonymizations: Sequence[Anonymization]) -> list[str]:
    """What tells the conditions apart: the methods, with their run where two are called alike."""
    names = [label_of(each) for each in anonymizations]
    return [
        f"{name} (run {each.run_id})" if names.count(name) > 1 else name
        for name, each in zip(names, anonymizations, strict=True)
    ]


def label_of(anonymization: Anonymization) -> str:
    """The method with its settings, in the 64 characters a condition's label has."""
    return anonymization.described[:48]
