"""Recognition in the administration."""

from django.contrib import admin

from anonymizer import kept
from anonymizer.admin import ExportAdmin
from recognition.models import Identification, Recognition, Recognizer


@kept.because(Recognition)
def _answered(recognitions: list[Recognition]) -> str:
    runs = kept.several(each.run_id for each in recognitions)
    return f"It answered who walks in recognition run {runs}: delete those runs first, or keep it."


@admin.register(Recognizer)
class RecognizerAdmin(ExportAdmin):
    list_display = ("name", "kind", "dataset", "trained_on", "created")
    list_select_related = ("dataset",)
    raw_id_fields = ("run",)
    search_fields = ("name",)


@admin.register(Recognition)
class RecognitionAdmin(ExportAdmin):
    list_display = ("pk", "attacker", "run", "dataset", "created")
    list_filter = ("attacker",)
    list_select_related = ("run", "dataset")
    raw_id_fields = ("run", "anonymization")


@admin.register(Identification)
class IdentificationAdmin(ExportAdmin):
    list_display = ("pk", "probe", "gallery_view_angle", "predicted_subject", "true_rank", "distance")
    list_filter = ("gallery_view_angle",)
    list_select_related = ("probe__subject", "predicted_subject")
    raw_id_fields = ("recognition", "probe", "anonymized_probe", "predicted_subject")
