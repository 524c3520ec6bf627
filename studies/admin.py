"""Studies in the administration. Raters' tokens are credentials and are never listed."""

from collections import Counter
from typing import Any

import tablib
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export import fields, resources

from anonymizer import kept
from anonymizer.admin import ExportAdmin
from anonymizer.formulas import harmless
from anonymizer.jobs import Refused
from recognition.tables import plain
from studies import export, runs
from studies.models import (
    ApiKey,
    Condition,
    Export,
    Mask,
    Presentation,
    Rater,
    Rating,
    Seat,
    Stimulus,
    Study,
    StudyDraft,
    StudyEvent,
    StudyShare,
    Webhook,
    WebhookDelivery,
)
from studies.screening import votes_corrected


class StudyResource(resources.ModelResource):
    class Meta:
        model = Study
        exclude = ("token",)


@kept.because(Condition, Stimulus)
def _shown(used: list[Condition | Stimulus]) -> str:
    names = Study.objects.filter(pk__in={each.study_id for each in used}).values_list("name", flat=True)
    which = f"study {kept.quoted(names)} shows" if len(names) == 1 else f"studies {kept.quoted(names)} show"
    what = "that study" if len(names) == 1 else "those studies"
    return f"The {which} its walks to raters: delete {what} first, or keep both."


@kept.because(Presentation)
def _rated(presentations: list[Presentation]) -> str:
    raters = Rater.objects.filter(pk__in={each.rater_id for each in presentations})
    names = Study.objects.filter(raters__in=raters).values_list("name", flat=True)
    number = len(raters)
    who = "One rater" if number == 1 else f"{number:,} raters"
    whom = "that rater" if number == 1 else "those raters"
    return (
        f"{who} of {kept.quoted(names)} took pairs of it: delete {whom} first, which erases their votes for good, "
        "or keep it."
    )


class OfAStudyAdmin(ExportAdmin):
    """Rows of a study. Once it is frozen nobody changes them by hand either; with their rater or study they may go."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and not (obj and study_of(obj).frozen)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and not (obj and study_of(obj).frozen)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        _deny_if_frozen([obj])
        super().save_model(request, obj, form, change)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _deny_if_frozen(list(queryset))
        super().delete_queryset(request, queryset)


def study_of(row: Any) -> Study:
    """The study that a row is of, directly or by its rater."""
    of_rater = getattr(row, "presentation", None) or row
    found: Study = row.study if hasattr(row, "study") else of_rater.rater.study
    return found


def _deny_if_frozen(rows: list[Any]) -> None:
    if any(study_of(row).frozen for row in rows):
        raise PermissionDenied("The study is frozen: nothing of it may be changed any more.")


@admin.register(Study)
class StudyAdmin(ExportAdmin):
    list_display = (
        "name",
        "status",
        "template",
        "pairs_per_rater",
        "target_raters",
        "playback_checked",
        "opened",
    )
    list_filter = ("status", "template")
    search_fields = ("name", "slug")
    exclude = ("token",)
    resource_classes = (StudyResource,)
    raw_id_fields = ("run", "owner")
    actions = ("open_studies", "close_studies")

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and not (obj and obj.frozen)

    @admin.action(description="Open the chosen studies")
    def open_studies(self, request: HttpRequest, chosen: QuerySet[Study]) -> None:
        for study in chosen:
            try:
                runs.open_study(study, request.user if isinstance(request.user, User) else None)
            except Refused as refused:
                messages.error(request, f"{study}: {refused}")

    @admin.action(description="Close the chosen studies")
    def close_studies(self, request: HttpRequest, chosen: QuerySet[Study]) -> None:
        for study in chosen:
            try:
                runs.close_study(study, request.user if isinstance(request.user, User) else None)
            except Refused as refused:
                messages.error(request, f"{study}: {refused}")


@admin.register(StudyDraft)
class StudyDraftAdmin(ExportAdmin):
    list_display = ("__str__", "user", "saved")
    list_select_related = ("user",)
    raw_id_fields = ("user",)


@admin.register(Stimulus)
class StimulusAdmin(OfAStudyAdmin):
    list_display = ("number", "study", "view_angle", "role")
    list_filter = ("study", "role")
    list_select_related = ("study",)
    raw_id_fields = ("reference_clip", "test_clip", "anonymized_sequence")


@admin.register(Seat)
class SeatAdmin(OfAStudyAdmin):
    list_display = ("position", "study", "occupied", "simulated")
    list_filter = ("study", "occupied", "simulated")
    list_select_related = ("study",)


SECRET = ("token", "idempotency_key", "external_hmac", "session_hmac")


class RaterResource(resources.ModelResource):
    """What may leave of a rater: nothing that lets somebody in or tells who it was."""

    class Meta:
        model = Rater
        exclude = SECRET


@admin.register(Rater)
class RaterAdmin(ExportAdmin):
    list_display = ("pseudonym", "study", "state", "simulated", "over_quota", "created", "completed")
    list_filter = ("study", "state", "simulated")
    list_select_related = ("study",)
    search_fields = ("pseudonym",)
    exclude = SECRET
    resource_classes = (RaterResource,)
    raw_id_fields = ("seat",)


class VotesAdmin(OfAStudyAdmin):
    """Rows that dashboards count: whoever changes one by hand leaves a line in the study's log."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._corrected(request, [obj], "changed")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._corrected(request, [obj], "deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _deny_if_frozen(list(queryset))
        self._corrected(request, list(queryset), "deleted")
        super().delete_queryset(request, queryset)

    def _corrected(self, request: HttpRequest, rows: list[Any], how: str) -> None:
        studies = Counter(map(study_of, rows))
        for study, number in studies.items():
            what = self.opts.verbose_name if number == 1 else self.opts.verbose_name_plural
            votes_corrected(study, f"{number} {what} {how} in the administration", request.user)


@admin.register(Presentation)
class PresentationAdmin(VotesAdmin):
    list_display = ("rater", "position", "stimulus", "problem", "fetched_at")
    list_select_related = ("rater", "stimulus")
    raw_id_fields = ("rater", "stimulus", "replaced_by")


class RatingResource(resources.ModelResource):
    """The documented columns of exported ratings."""

    class Meta:
        model = Rating

    def export(self, queryset: QuerySet[Rating] | None = None, **_: Any) -> tablib.Dataset:
        chosen = Rating.objects.all() if queryset is None else queryset
        table = ([harmless(plain(value)) for value in row] for row in export.rows_of(chosen))
        return tablib.Dataset(*table, headers=list(export.COLUMNS))

    def get_user_visible_fields(self) -> list[fields.Field]:
        return [fields.Field(column_name=name) for name in export.COLUMNS]


@admin.register(Rating)
class RatingAdmin(VotesAdmin):
    resource_classes = (RatingResource,)
    list_display = ("presentation", "score", "watched_fraction", "stalls", "rated_at")
    list_select_related = ("presentation__rater",)
    raw_id_fields = ("presentation",)


@admin.register(Condition)
class ConditionAdmin(OfAStudyAdmin):
    list_display = ("label", "study", "number", "method")
    list_filter = ("study",)
    list_select_related = ("study",)
    raw_id_fields = ("study", "anonymization")


@admin.register(Mask)
class MaskAdmin(OfAStudyAdmin):
    list_display = ("rater", "study", "rule", "reason", "made_by", "made", "lifted_by", "lifted")
    list_filter = ("study", "rule")
    list_select_related = ("rater", "study", "made_by", "lifted_by")
    raw_id_fields = ("study", "rater", "presentation", "made_by", "lifted_by")


@admin.register(StudyEvent)
class StudyEventAdmin(ExportAdmin):
    list_display = ("study", "at", "user", "what")
    list_filter = ("study",)
    list_select_related = ("study", "user")
    readonly_fields = ("study", "user", "what")


@admin.register(StudyShare)
class StudyShareAdmin(ExportAdmin):
    made_here = True
    list_display = ("study", "user", "may_edit")
    list_select_related = ("study", "user")
    raw_id_fields = ("study", "user")


@admin.register(Export)
class ExportFileAdmin(ExportAdmin):
    list_display = ("study", "format", "rows", "sha256", "created")
    list_select_related = ("study",)
    raw_id_fields = ("study", "run")


class ApiKeyResource(resources.ModelResource):
    class Meta:
        model = ApiKey
        exclude = ("sha256",)


@admin.register(ApiKey)
class ApiKeyAdmin(ExportAdmin):
    list_display = ("prefix", "name", "user", "created", "last_used", "revoked")
    list_select_related = ("user",)
    exclude = ("sha256",)
    readonly_fields = ("prefix", "user", "last_used")
    resource_classes = (ApiKeyResource,)


class WebhookResource(resources.ModelResource):
    class Meta:
        model = Webhook
        exclude = ("sealed_secret",)


@admin.register(Webhook)
class WebhookAdmin(ExportAdmin):
    list_display = ("url", "study", "created")
    list_select_related = ("study",)
    exclude = ("sealed_secret",)
    raw_id_fields = ("study",)
    resource_classes = (WebhookResource,)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ExportAdmin):
    list_display = ("event", "webhook", "attempts", "delivered", "answer")
    list_select_related = ("webhook",)
    readonly_fields = ("webhook", "event", "payload")
