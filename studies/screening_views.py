"""Raters one by one, the screens and what they would reject, and setting aside and letting count again."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from anonymizer.jobs import Refused
from recognition.tables import csv_lines, no_such_format
from studies import access, counting, dashboard, rater_table, screening
from studies.dashboard import Present, Scope
from studies.models import Mask, Presentation, Rater, Study

RATERS_A_PAGE, MASKS_A_PAGE, NAMES_SHOWN = 25, 25, 12


# --- Raters -----------------------------------------------------------------------------------------
@login_required
@require_GET
def raters(request: HttpRequest, slug: str) -> HttpResponse:
    found, form = access.study_to_view(request.user, slug), request.GET.get("format")
    if form not in (None, "csv"):
        return no_such_format(request, form, ["csv"])
    now, scope = dashboard.present(found), dashboard.scope_of(request.GET.dict())
    order = request.GET.get("order", "r")
    order = order if order in rater_table.ORDERS else "r"
    descending = request.GET.get("descending") == "1"
    codes = rater_table.ordered(now, _kinds(now, scope), order, descending)
    if form == "csv":
        return _raters_csv(found, rater_table.rows(now, codes))
    page = Paginator(codes, RATERS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": found,
        "scope": scope,
        "page": page,
        "rows": rater_table.rows(now, list(page.object_list)),
        "order": order,
        "descending": descending,
        "orders": rater_table.ORDERS,
        "some_simulated": bool(now.votes.simulated.any() and not now.votes.simulated.all()),
        "set_aside": dashboard.set_aside(found),
    }
    return render(request, "studies/raters.html", context)


def _kinds(now: Present, scope: Scope) -> list[bool]:
    """Simulated raters where they are asked for, or where there is nobody else."""
    people = not now.votes.simulated.all()
    return [kind for kind in (False, True) if (people if not kind else scope.simulated or not people)] or [
        False
    ]


def _raters_csv(found: Study, rows: list[rater_table.Row]) -> HttpResponse:
    names = (
        "rater", "simulated", "state", "votes", "bias", "inconsistency", "r", "checks", "watched", "stalls",
        "over_quota", "set_aside_by", "reason", "counts",
    )  # fmt: skip
    lines = csv_lines(names, (_cells(row) for row in rows))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.slug}-raters.csv"'
    return response


def _cells(row: rater_table.Row) -> list[Any]:
    rater, mask = row.rater, row.mask
    return [
        rater.pseudonym, rater.simulated, rater.state, row.votes, row.bias, row.inconsistency, row.r,
        row.checks, row.watched, row.stalls, rater.over_quota, mask.rule if mask else "",
        mask.reason if mask else "", row.counts,
    ]  # fmt: skip


@login_required
@require_GET
def rater(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """One rater: the numbers, every vote, and a way to set either aside."""
    found = access.study_to_view(request.user, slug)
    who = get_object_or_404(found.raters, pseudonym=pseudonym)
    now = dashboard.present(found)
    code = now.votes.rater_pks.tolist().index(who.pk)
    shown = who.presentations.select_related("stimulus__condition", "rating").order_by("position", "pk")
    aside = {mask.presentation_id: mask for mask in found.masks.filter(rater=who, lifted=None)}
    context = {
        "study": found,
        "row": rater_table.rows(now, [code])[0],
        "shown": [(each, getattr(each, "rating", None), aside.get(each.pk)) for each in shown],
        "may_change": _may_change(request, found),
        "log": _masks(found).filter(rater=who),
    }
    return render(request, "studies/rater_numbers.html", context)


# --- Screens ----------------------------------------------------------------------------------------
@login_required
@require_GET
def screens(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_view(request.user, slug)
    now, scope = dashboard.present(found), dashboard.scope_of(request.GET.dict())
    kinds = [
        kind
        for kind, votes in ((False, now.people), (True, now.simulated))
        if kind in _kinds(now, scope) and len(votes)
    ]
    masks = Paginator(_masks(found), MASKS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": found,
        "scope": scope,
        "measure": counting.measure_of(found),
        "conditions": now.stimuli.conditions,
        "rules": [_rule(now, rule) for rule in screening.RULES],
        "compared": [(kind, screening.outcomes(now, scope, simulated=kind)) for kind in kinds],
        "note": dashboard.note(found),
        "masks": masks,
        "may_change": _may_change(request, found),
        "some_simulated": bool(now.votes.simulated.any() and not now.votes.simulated.all()),
    }
    return render(request, "studies/screening.html", context)


def _rule(now: Present, rule: Mask.Rule) -> dict[str, Any]:
    """What a rule would reject, of people and of simulated raters, and how many of them are set aside already."""
    both = [screening.judgements(now, simulated=kind)[rule] for kind in (False, True)]
    codes = [code for judgement in both for code in judgement.rejected]
    pks = now.votes.rater_pks[codes].tolist()
    aside = {rater for rater, presentation in now.masks if presentation is None}
    names = Rater.objects.filter(pk__in=pks[:NAMES_SHOWN]).order_by("simulated", "pk")
    return {
        "rule": rule,
        "about": screening.ABOUT[rule],
        "details": [
            f"{said}{judgement.detail}"
            for said, judgement in zip(("", "Simulated raters: "), both, strict=True)
            if judgement.detail
        ],
        "rejected": len(pks),
        "simulated": len(both[1].rejected),
        "raters": list(names),
        "more": len(pks) - len(names),
        "new": sum(pk not in aside for pk in pks),
        "in_force": now.study.masks.filter(rule=rule, lifted=None).count(),
    }


def _masks(found: Study) -> Any:
    return found.masks.select_related("rater", "presentation", "made_by", "lifted_by").order_by("-pk")


def _may_change(request: HttpRequest, found: Study) -> bool:
    return found.frozen is None and access.may_edit(request.user, found)


# --- Setting aside, letting count again -------------------------------------------------------------
@login_required
@require_POST
def apply(request: HttpRequest, slug: str, rule: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    if rule not in screening.RULES:
        return redirect("studies:screening", slug)
    chosen, reason = Mask.Rule(rule), request.POST.get("reason", "")
    return _done(
        request, slug, lambda: screening.apply(found, chosen, request.user, reason),
        "{} set aside.", "Everybody whom this rule rejects is set aside already.",
    )  # fmt: skip


@login_required
@require_POST
def lift(request: HttpRequest, slug: str) -> HttpResponse:
    """Let one mask's rater or vote, or all of a rule's raters, count again."""
    found = access.study_to_edit(request.user, slug)
    rule, pk = request.POST.get("rule", ""), request.POST.get("mask", "")
    masks = found.masks.filter(rule=rule) if rule else found.masks.filter(pk=pk if pk.isdecimal() else 0)
    return _done(
        request, slug, lambda: screening.lift(found, masks, request.user, request.POST.get("reason", "")),
        "{} counting again.", "That counted already.", noun="set-aside",
    )  # fmt: skip


@login_required
@require_POST
def aside(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Set a rater aside by hand, or one vote of theirs."""
    found = access.study_to_edit(request.user, slug)
    who, reason = get_object_or_404(found.raters, pseudonym=pseudonym), request.POST.get("reason", "")
    vote = request.POST.get("presentation", "")
    if vote:
        shown = get_object_or_404(
            Presentation, rater=who, pk=vote if vote.isdecimal() else 0, rating__isnull=False
        )
        return _done(
            request, slug, lambda: screening.set_vote_aside(found, shown, request.user, reason),
            "{} set aside.", "This vote is set aside already.", noun="vote",
        )  # fmt: skip
    return _done(
        request, slug, lambda: screening.set_rater_aside(found, who, request.user, reason),
        "{} set aside.", "This rater is set aside already.",
    )  # fmt: skip


def _done(
    request: HttpRequest, slug: str, act: Callable[[], int], said: str, nothing: str, *, noun: str = "rater"
) -> HttpResponse:
    """Act, say what came of it, and go back to where it was asked for."""
    try:
        number = act()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        words = said.format(f"{number} {noun}{'s' * (number != 1)}") if number else nothing
        messages.success(request, words)
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("studies:screening", slug)
