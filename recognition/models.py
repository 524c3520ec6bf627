"""Who walks there? Trained recognizers, and what they said about every probe."""

from django.db import models
from django.db.models import Q

from anonymizer.models import Anonymization, AnonymizedSequence, Dataset, Run, Sequence, Subject


class Recognizer(models.Model):
    """A trained recognizer."""

    class TrainedOn(models.TextChoices):
        CLEAR = "clear", "clear gaits"
        ANONYMIZED = "anonymized", "anonymized gaits"

    kind = models.CharField(max_length=32, default="zheng")
    name = models.CharField(max_length=100, unique=True)
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.SET_NULL, related_name="recognizers")
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="recognizer")
    trained_on = models.CharField(max_length=16, choices=TrainedOn, default=TrainedOn.CLEAR)
    subjects = models.JSONField(default=list)  # labels of D1
    parameters = models.JSONField(default=dict)
    weights = models.FileField(upload_to="recognizers/", max_length=255)
    sha256 = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name


class Recognition(models.Model):
    """One attacker's answers about one set of probes: clear ones, or an anonymization's."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="recognitions")
    recognizer = models.ForeignKey(  # none: an attacker with a classifier of its own
        Recognizer, null=True, blank=True, on_delete=models.PROTECT, related_name="recognitions"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="recognitions")
    anonymization = models.ForeignKey(
        Anonymization, null=True, blank=True, on_delete=models.CASCADE, related_name="recognitions"
    )
    attacker = models.CharField(max_length=32, blank=True)  # empty: the originals
    gallery = models.JSONField(default=list)  # ["nm-01", …]
    probe = models.JSONField(default=list)
    split = models.CharField(max_length=16)
    view_angles = models.JSONField(default=list)
    details = models.JSONField(default=dict, blank=True)  # how the attacker went about it
    scores = models.FileField(upload_to="scores/%Y/%m", max_length=255)  # distances, every cell; .npz
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "attacker"], name="recognition_once_a_run_and_attacker"),
            models.CheckConstraint(
                condition=Q(attacker="", anonymization__isnull=True)
                | ~Q(attacker="") & Q(anonymization__isnull=False),
                name="recognition_attacker_needs_an_anonymization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attacker or 'originals'} of run {self.run_id}"


class Identification(models.Model):
    """The answer about one probe among the gallery of one view angle."""

    recognition = models.ForeignKey(Recognition, on_delete=models.CASCADE, related_name="identifications")
    probe = models.ForeignKey(Sequence, on_delete=models.CASCADE, related_name="+")
    anonymized_probe = models.ForeignKey(
        AnonymizedSequence, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    gallery_view_angle = models.PositiveSmallIntegerField()
    predicted_subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="+")
    true_rank = models.PositiveIntegerField()  # 1 = identified
    distance = models.FloatField()  # as the attacker measures it, to the nearest

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["recognition", "probe", "gallery_view_angle"], name="identification_once_a_cell"
            ),
            models.CheckConstraint(condition=Q(true_rank__gte=1), name="identification_rank_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.probe} at {self.gallery_view_angle}°: rank {self.true_rank}"
