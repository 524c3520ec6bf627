"""Pages on which a study comes about: the builder, its drafts, its rehearsals, copies of studies."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from anonymizer import tasks
from anonymizer.forms import judged_anonymizations, ready_datasets
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, AnonymizedSequence, Clip
from studies import access, copying, runs, words
from studies.building import free_name
from studies.forms import BuilderForm, copied, initial_of, kept_fields
from studies.models import Study, StudyDraft
from studies.proposals import Proposal
from studies.showing import ALONE

MOST_DRAFTS = 50


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # every page here is for those who are signed in
    return request.user


# --- The builder ----------------------------------------------------------------------------------
@login_required
def new(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _sent(request)
    asked = request.GET.getlist("anonymization") or [
        str(row.pk) for row in judged_anonymizations().order_by("-pk")[:1]
    ]
    form = BuilderForm(initial={"anonymizations": asked}, user=request.user)
    return _page(request, form)


@login_required
@require_GET
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    found = StudyDraft.objects.filter(pk=pk, user=person(request)).first()
    if found is None:  # the way back from the study that was made of it leads here
        messages.info(request, "This draft is not there any more: a study was made of it, or it was deleted.")
        return redirect("studies:studies")
    initial = {**dict(initial_of(found.fields)), "draft": found.pk}
    return _page(request, BuilderForm(initial=initial, user=request.user), found)


def _sent(request: HttpRequest) -> HttpResponse:
    """Make the study, or rehearse it, or show the form again with all that was typed and what is wrong."""
    kept = _keep(request)
    if request.POST.get("do") == "save":
        messages.success(request, "Saved. Nothing is shown to anyone until you open the study.")
        return redirect("studies:draft", kept.pk)
    form = BuilderForm(request.POST, request.FILES, user=request.user)
    if form.is_valid() and form.proposal is not None:
        study = _made(request, form, form.proposal)
        if study is not None:
            if request.POST.get("do") != "rehearse":
                kept.delete()
            return redirect("studies:study", study.slug)
    return _page(request, form, kept, status=422)


def _made(request: HttpRequest, form: BuilderForm, proposal: Proposal) -> Study | None:
    rehearse = request.POST.get("do") == "rehearse"
    if rehearse:
        manifest = copied(proposal.manifest) if proposal.manifest else None
        proposal = replace(proposal, name=free_name(proposal.name, "rehearsal"), manifest=manifest)
    else:
        proposal = replace(proposal, open_when_prepared=request.POST.get("do") == "open")
    try:
        study = runs.make(proposal, person(request), rehearse=rehearse)
    except Refused as refused:  # what only opening asks for, or a name that was taken just now
        form.add_error(None, str(refused))
        return None
    assert study.run is not None  # make gives it one
    tasks.enqueue(study.run)
    if rehearse:
        messages.info(request, "Simulated raters fill this rehearsal. Your draft is kept among the studies.")
    return study


def _page(
    request: HttpRequest, form: BuilderForm, kept: StudyDraft | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "draft": kept,
        "uploaded": getattr(form, "uploaded_name", "") or form["uploaded"].value(),
        "expected": form.expected(),
        "preview": preview(form),
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "studies/new.html", context, status=status)


@login_required
@require_POST
def aside(request: HttpRequest) -> HttpResponse:
    """What a rater sees and what can be expected, of the form as it stands."""
    form = BuilderForm(request.POST, user=request.user)
    context = {"form": form, "expected": form.expected(), "preview": preview(form)}
    return render(request, "studies/_aside.html", context)


# --- Drafts ---------------------------------------------------------------------------------------
@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """What the page sends while somebody types."""
    kept = _keep(request)
    return JsonResponse({"draft": kept.pk, "address": reverse("studies:draft", args=[kept.pk])})


def _keep(request: HttpRequest) -> StudyDraft:
    """The draft this form is of, or a new one; the oldest go when there are very many."""
    user, told = person(request), request.POST.get("draft", "")
    known = user.study_drafts.filter(pk=int(told)).first() if told.isdecimal() and len(told) < 18 else None
    kept = known or StudyDraft(user=user)
    kept.fields = kept_fields(request.POST)
    kept.save()
    old = list(user.study_drafts.order_by("-saved").values_list("pk", flat=True)[MOST_DRAFTS:])
    user.study_drafts.filter(pk__in=old).delete()
    return kept


@login_required
@require_POST
def delete_draft(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(StudyDraft, pk=pk, user=person(request)).delete()
    messages.success(request, "The draft is deleted.")
    return redirect("studies:studies")


@login_required
@require_POST
def copy(request: HttpRequest, slug: str) -> HttpResponse:
    """A study's settings as a draft to go on from; one of clips that were brought is copied with its clips."""
    found = access.study_to_view(request.user, slug)
    try:
        if found.conditions.exclude(anonymization=None).exists():
            kept = StudyDraft.objects.create(user=person(request), fields=copying.fields_of(found))
            messages.info(request, "This is a copy of its settings. Nothing is made until you say so.")
            return redirect("studies:draft", kept.pk)
        made = copying.with_clips(found, person(request))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("studies:manage", slug)
    messages.success(request, "This is a copy, with the same clips and no votes.")
    return redirect("studies:study", made.slug)


# --- The preview ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Preview:
    """A pair of the chosen run as its raters will see it."""

    changed: AnonymizedSequence | None
    clips: tuple[Clip, Clip] | None  # original, changed; where they have been rendered
    alone: bool
    side_by_side: bool
    question: str
    scale: list[dict[str, Any]]
    language: str
    languages: dict[str, str]
    device: str
    synthetic: bool


def preview(form: BuilderForm) -> Preview:
    proposal = form.loose_proposal()
    language = form.data.get("preview_language", words.DEFAULT)
    language = language if language in words.languages() else words.DEFAULT
    own = {**proposal.questions, words.DEFAULT: proposal.question}.get(language, "") or proposal.question
    changed = _shown(proposal)
    return Preview(
        changed=changed,
        clips=_clips(changed, proposal) if changed else None,
        alone=proposal.template in ALONE,
        side_by_side=proposal.layout == Study.Layout.SIDE_BY_SIDE and proposal.template not in ALONE,
        question=own or words.default_question(proposal.template, language),
        scale=words.default_scale(proposal.template, language),
        language=language,
        languages=words.languages(),
        device="desktop" if form.data.get("preview_device") == "desktop" else "phone",
        synthetic=bool(changed and changed.anonymization.dataset.is_synthetic),
    )


def _shown(proposal: Proposal) -> AnonymizedSequence | None:
    """A walk of the first condition, from the side if that is asked for."""
    first: Anonymization | None = next(iter(proposal.anonymizations), None)
    if first is None:
        return None
    rows = first.sequences.select_related("source__subject", "anonymization__dataset")
    angles = proposal.view_angles or tuple(rows.values_list("source__view_angle", flat=True).distinct())
    if not angles:
        return None
    wanted = min(angles, key=lambda angle: (abs(angle - 90), angle))
    return rows.filter(source__view_angle=wanted).order_by("pk").first()


def _clips(changed: AnonymizedSequence, proposal: Proposal) -> tuple[Clip, Clip] | None:
    """Clips of the pair in the wanted rendering, of any length; none are made for a preview."""
    known = Clip.objects.filter(rendering=proposal.rendering).filter(
        Q(anonymized_sequence=changed) | Q(sequence=changed.source_id)
    )
    own = known.filter(anonymized_sequence=changed).order_by("-seconds").first()
    original = known.filter(sequence=changed.source_id, seconds=own.seconds).first() if own else None
    return (original, own) if original and own else None
