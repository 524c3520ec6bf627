"""Studies in the administration. Raters' tokens are credentials and are never listed."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export import resources

from anonymizer.admin import ExportAdmin
from anonymizer.jobs import Refused
from studies import runs
from studies.models import Presentation, Rater, Rating, Seat, Stimulus, Study


class StudyResource(resources.ModelResource):
    class Meta:
        model = Study
        exclude = ("token",)


@admin.register(Study)
class StudyAdmin(ExportAdmin):
    list_display = (
        "name",
        "status",
        "anonymization",
        "pairs_per_rater",
        "target_raters",
        "playback_checked",
        "opened",
    )
    list_filter = ("status", "template")
    list_select_related = ("anonymization__dataset",)
    search_fields = ("name", "slug")
    exclude = ("token",)
    resource_classes = (StudyResource,)
    raw_id_fields = ("anonymization", "run", "owner")
    actions = ("open_studies", "close_studies")

    @admin.action(description="Open the chosen studies")
    def open_studies(self, request: HttpRequest, chosen: QuerySet[Study]) -> None:
        for study in chosen:
            try:
                runs.open_study(study)
            except Refused as refused:
                messages.error(request, f"{study}: {refused}")

    @admin.action(description="Close the chosen studies")
    def close_studies(self, request: HttpRequest, chosen: QuerySet[Study]) -> None:
        for study in chosen:
            runs.close_study(study)


@admin.register(Stimulus)
class StimulusAdmin(ExportAdmin):
    list_display = ("number", "study", "view_angle", "role")
    list_filter = ("study", "role")
    list_select_related = ("study",)
    raw_id_fields = ("reference_clip", "test_clip", "anonymized_sequence")


@admin.register(Seat)
class SeatAdmin(ExportAdmin):
    list_display = ("position", "study", "occupied")
    list_filter = ("study", "occupied")
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


@admin.register(Presentation)
class PresentationAdmin(ExportAdmin):
    list_display = ("rater", "position", "stimulus", "problem", "fetched_at")
    list_select_related = ("rater", "stimulus")
    raw_id_fields = ("rater", "stimulus", "replaced_by")


@admin.register(Rating)
class RatingAdmin(ExportAdmin):
    list_display = ("presentation", "score", "watched_fraction", "stalls", "rated_at")
    list_select_related = ("presentation__rater",)
    raw_id_fields = ("presentation",)
