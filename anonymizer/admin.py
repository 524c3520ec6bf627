"""The anonymizer in the administration."""

from collections.abc import Sequence as Rows
from typing import Any, TypeAlias

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from import_export import resources
from import_export.admin import ExportMixin
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from anonymizer import jobs, kept, stored_files, tasks
from anonymizer.models import (
    Anonymization,
    AnonymizedSequence,
    Checkpoint,
    Clip,
    Dataset,
    Run,
    Sequence,
    Subject,
    Upload,
    Worker,
)

_Deleted: TypeAlias = tuple[
    list[str], dict[str, int], set[str], list[str]
]  # as Django's confirmation pages take it

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.action(permissions=["delete"], description="Delete the chosen %(verbose_name_plural)s")
def delete_chosen(modeladmin: ModelAdmin, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    """Django's own, but where a row can't go none does, and a sentence says why."""
    if why := kept.why_kept(list(chosen)):
        messages.error(
            request, f"None of the chosen {modeladmin.opts.verbose_name_plural} was deleted. {why}"
        )
        return None
    answer: HttpResponse | None = delete_selected(modeladmin, request, chosen)
    return answer


admin.site.add_action(delete_chosen, "delete_selected")


class ExportAdmin(ExportMixin, ModelAdmin):
    """A list that can be exported, and whose rows say why they stay where they can't be deleted."""

    export_form_class = ExportForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_per_page = 50
    show_full_result_count = False
    made_here = False  # whether rows are added by hand; others would lack their files, secrets or runs

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.made_here and bool(super().has_add_permission(request))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row and self.has_delete_permission(request, row) and (why := kept.why_kept([row])):
            messages.error(request, f"{capfirst(self.opts.verbose_name)} “{row}” was not deleted. {why}")
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)
        page: HttpResponse = super().delete_view(request, object_id, extra_context)
        return page

    def get_deleted_objects(self, objs: Rows[Any] | QuerySet[Any], request: HttpRequest) -> _Deleted:
        """What would go, counted by kind: a dataset takes tens of thousands of rows along, too many to name each."""
        going = kept.going_with(list(objs))
        unallowed = {
            str(model._meta.verbose_name)
            for model in going
            if self.admin_site.is_registered(model)
            and not self.admin_site.get_model_admin(model).has_delete_permission(request)
        }
        counts = {str(model._meta.verbose_name_plural): number for model, number in going.items()}
        return [str(row) for row in objs], counts, unallowed, []


@admin.register(User)
class SiteUserAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm


@admin.register(Group)
class SiteGroupAdmin(GroupAdmin, ModelAdmin):
    pass


@admin.register(Run)
class RunAdmin(ExportAdmin):
    list_display = ("pk", "kind", "status", "stage", "done", "total", "requested_by", "created", "finished")
    list_filter = ("kind", "status")
    list_select_related = ("requested_by",)
    search_fields = ("error", "=id")
    readonly_fields = tuple(field.name for field in Run._meta.fields)
    actions = ("cancel_runs", "retry_runs")

    @admin.action(description="Cancel the chosen runs")
    def cancel_runs(self, request: HttpRequest, chosen: QuerySet[Run]) -> None:
        for run in chosen:
            jobs.cancel(run)
        messages.success(request, "Waiting runs are cancelled; running ones stop at their next step.")

    @admin.action(description="Retry the chosen runs")
    def retry_runs(self, request: HttpRequest, chosen: QuerySet[Run]) -> None:
        for run in chosen:
            if jobs.retry(run):
                tasks.enqueue(run)
        messages.success(request, "Failed and cancelled runs go on from where they stood.")


@admin.register(Dataset)
class DatasetAdmin(ExportAdmin):
    list_display = ("name", "source", "licence", "may_be_shown_to_raters", "ready", "created")
    list_filter = ("source", "ready", "may_be_shown_to_raters")
    search_fields = ("name",)
    readonly_fields = (
        "slug",
        "source",
        "least_frames",
        "frame_rate",
        "parameters",
        "dropped",
        "ready",
        "run",
        "created",
    )

    def delete_model(self, request: HttpRequest, obj: Dataset) -> None:
        stored_files.delete_dataset(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        for dataset in queryset:
            stored_files.delete_dataset(dataset)


@admin.register(Subject)
class SubjectAdmin(ExportAdmin):
    list_display = ("label", "dataset")
    list_filter = ("dataset",)
    list_select_related = ("dataset",)
    search_fields = ("label",)


@admin.register(Sequence)
class SequenceAdmin(ExportAdmin):
    list_display = ("__str__", "gait_condition", "number", "view_angle", "frame_count")
    list_filter = ("gait_condition", "view_angle")
    list_select_related = ("subject",)
    raw_id_fields = ("subject",)
    search_fields = ("subject__label",)


@admin.register(Checkpoint)
class CheckpointAdmin(ExportAdmin):
    list_display = ("name", "method", "dataset", "created")
    list_select_related = ("dataset",)
    search_fields = ("name",)
    raw_id_fields = ("run",)


@admin.register(Anonymization)
class AnonymizationAdmin(ExportAdmin):
    list_display = ("run", "dataset", "method", "alpha", "donor_policy", "copy", "created")
    list_filter = ("method", "donor_policy", "copy")
    list_select_related = ("run", "dataset")
    raw_id_fields = ("run", "fixed_donor")


@admin.register(AnonymizedSequence)
class AnonymizedSequenceAdmin(ExportAdmin):
    list_display = ("pk", "source", "donor", "iou", "jitter")
    list_select_related = ("source__subject", "anonymization")
    raw_id_fields = ("source", "anonymization")


class UploadResource(resources.ModelResource):
    class Meta:
        model = Upload
        exclude = ("token",)


@admin.register(Upload)
class UploadAdmin(ExportAdmin):
    resource_classes = (UploadResource,)
    list_display = ("filename", "user", "size", "created", "last_part")
    list_select_related = ("user",)
    exclude = ("token",)
    readonly_fields = ("filename", "user", "size", "fingerprint")


@admin.register(Clip)
class ClipAdmin(ExportAdmin):
    list_display = ("pk", "seconds", "sha256", "created")
    raw_id_fields = ("sequence", "anonymized_sequence")


@admin.register(Worker)
class WorkerAdmin(ExportAdmin):
    list_display = ("name", "last_beat")
