"""A study comes about: a proposal that is checked becomes a draft, and a run that prepares it."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from anonymizer import jobs
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Run
from studies import history, words
from studies.models import Study
from studies.proposals import Proposal, condition_labels, problems

CONSENT_VERSION = "1"
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are mistaken for one another
RESERVED_SLUGS = ("new", "drafts")  # pages of their own stand at studies/new/ and studies/drafts/


def request_study(
    anonymizations: Anonymization | Sequence[Anonymization],
    name: str,
    user: User | None = None,
    **options: Any,
) -> Study:
    """A draft of these conditions, and the run that prepares it. `options` are the fields of a Proposal."""
    chosen = [anonymizations] if isinstance(anonymizations, Anonymization) else anonymizations
    return make(Proposal(name=name, anonymizations=tuple(chosen), **options), user)


def make(proposal: Proposal, user: User | None = None, *, rehearse: bool = False) -> Study:
    """The draft. Enqueue `study.run`, or execute it here. Refused with the first problem there is.

    A rehearsal opens when it is prepared, is filled with simulated raters and closed.
    """
    if rehearse:  # nobody comes from a platform, and simulated raters have no language
        proposal = replace(proposal, platform=Study.Platform.LINK, quotas=(), open_when_prepared=False)
    _check(proposal)
    try:
        return _made(proposal, user, rehearse)
    except IntegrityError:  # somebody else, or a second press, took the name in between
        _check(proposal)
        raise


def _check(proposal: Proposal) -> None:
    problem = next(problems(proposal), None)
    if problem:
        raise Refused(problem[1])


def _made(proposal: Proposal, user: User | None, rehearse: bool) -> Study:
    with transaction.atomic():
        study = _draft(proposal, user)
        parameters: dict[str, Any] = {"study": study.slug}
        if proposal.manifest:
            parameters["manifest"] = str(proposal.manifest.path)
        else:
            _add_conditions(study, proposal.anonymizations)
        if rehearse:
            parameters["rehearse"] = True
        study.run = jobs.create(Run.Kind.PREPARE_STUDY, parameters, seed=proposal.seed, user=user)
        study.save(update_fields=["run"])
        history.record(
            study, user, f"Made as a {'rehearsal' if rehearse else 'draft'}, seed {proposal.seed}."
        )
    return study


def _draft(proposal: Proposal, user: User | None) -> Study:
    name = proposal.name.strip()
    same = (
        "template", "layout", "rendering", "pairs_per_rater", "pairs_per_view_angle", "clip_seconds",
        "training_pairs", "check_pairs", "pause_half_way", "idle_minutes", "rater_days", "closes_on",
        "count_abandoned", "platform", "return_url", "identity_days", "open_when_prepared", "seed",
    )  # fmt: skip
    study = Study(
        name=name,
        slug=free_slug(name),
        owner=user,
        question=proposal.asked,
        translations={
            tag: {"question": text.strip()} for tag, text in proposal.questions.items() if text.strip()
        },
        scale=words.default_scale(proposal.template),
        consent_text=words.default_consent(proposal.template),
        consent_version=CONSENT_VERSION,
        target_raters=proposal.raters,
        view_angles=sorted(proposal.view_angles),
        quotas=[dict(quota) for quota in proposal.quotas],
        playback_checked=proposal.playback_check,
        completion_code=proposal.completion_code or completion_code(),
        **{name: getattr(proposal, name) for name in same},
    )
    study.save()
    return study


def _add_conditions(study: Study, anonymizations: Sequence[Anonymization]) -> None:
    labels = condition_labels(anonymizations)
    for number, (each, label) in enumerate(zip(anonymizations, labels, strict=True), start=1):
        study.conditions.create(number=number, label=label, method=each.method, anonymization=each)


def completion_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(6))


def free_slug(name: str) -> str:
    """The name as a part of an address that no page of the site and no other study has."""
    base = slugify(name)[:100] or "study"
    slug, number = base, 1
    while slug in RESERVED_SLUGS or Study.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def free_name(name: str, what: str) -> str:
    """`name, what`, with a number where a study is called so already."""
    base, number = f"{name.strip()[:80]}, {what}", 1
    found = base
    while Study.objects.filter(name=found).exists():
        number += 1
        found = f"{base} {number}"
    return found


def summary(study: Study, site_url: str) -> dict[str, Any]:
    return {"study": study.slug, "rater_url": f"{site_url}/s/{study.token}/"}
