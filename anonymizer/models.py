"""Gaits and how they are changed: datasets of walks, the runs that work on them, what the runs made."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from anonymizer.gait import catalogue

MOST_FILM_CELLS = 120  # wider pictures are slow to draw


class Run(models.Model):
    """One piece of long work, in any app. `jobs.py` holds its life; what it made points at it."""

    class Kind(models.TextChoices):
        DEMO = "demo", "Demo"
        IMPORT_CASIA_B = "import_casia_b", "Import"
        IMPORT_OPENGAIT = "import_opengait", "OpenGait import"
        GENERATE_WALKERS = "generate_walkers", "Walkers"
        TRAIN_NETWORK = "train_network", "Network training"
        ANONYMIZE = "anonymize", "Anonymization"
        TRAIN_RECOGNIZER = "train_recognizer", "Recognizer training"
        RECOGNIZE = "recognize", "Recognition"
        SWEEP = "sweep", "Sweep"
        ABLATE = "ablate", "Comparison of a recognizer's variants"
        PREPARE_STUDY = "prepare_study", "Study preparation"
        EXPORT_STUDY = "export_study", "Study export"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=32, choices=Kind)
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    parameters = models.JSONField(default=dict)
    seed = models.PositiveBigIntegerField(default=0)
    stage = models.CharField(max_length=64, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    log = models.JSONField(default=list, blank=True)  # [{"at": ISO 8601, "text": …, "level": …}]
    error = models.TextField(blank=True)
    code_version = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=32, blank=True)
    worker = models.CharField(max_length=64, blank=True)  # who holds the lease
    lease_until = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    sent = models.DateTimeField(null=True, blank=True)  # to the broker, last time
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "lease_until"])]
        constraints = [
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="run_done_within_total"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} run {self.pk}"

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    @property
    def is_finished(self) -> bool:
        return self.status in (self.Status.SUCCEEDED, self.Status.FAILED, self.Status.CANCELLED)


class Worker(models.Model):
    """A machine whose worker takes up runs, and when it was last heard of."""

    name = models.CharField(max_length=64, unique=True)
    last_beat = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Dataset(models.Model):
    """Walks of some subjects, brought in or made here, all of one licence."""

    class Source(models.TextChoices):
        CASIA_B = "casia_b", "CASIA-B layout"
        OPENGAIT = "opengait", "OpenGait layout"
        WALKERS = "walkers", "Synthetic walkers"

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=110, unique=True)
    source = models.CharField(max_length=16, choices=Source)
    licence = models.CharField(max_length=200, blank=True)
    may_be_shown_to_raters = models.BooleanField(default=False)
    least_frames = models.PositiveIntegerField(default=50)  # shorter sequences were dropped
    frame_rate = models.FloatField(default=25.0)  # frames a second, as they were recorded; clips play at it
    parameters = models.JSONField(default=dict, blank=True)  # of the walkers: difficulty, seed, …
    dropped = models.JSONField(default=list, blank=True)  # [{"sequence", "reason", "frames"}]
    ready = models.BooleanField(default=False)
    run = models.OneToOneField(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="dataset")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_synthetic(self) -> bool:
        return self.source == self.Source.WALKERS


class Subject(models.Model):
    """Who walks."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="subjects")
    label = models.CharField(max_length=32)  # "001"

    class Meta:
        ordering = ["label"]
        constraints = [models.UniqueConstraint(fields=["dataset", "label"], name="subject_once_a_dataset")]

    def __str__(self) -> str:
        return self.label


class StoredSilhouettes(models.Model):
    """Silhouettes as a file of packed bits, and a picture of them (middle frame beside the GEI)."""

    frame_count = models.PositiveIntegerField()
    height = models.PositiveIntegerField()  # px
    width = models.PositiveIntegerField()  # px
    silhouettes = models.FileField(upload_to="silhouettes/%Y/%m", max_length=255)
    picture = models.FileField(upload_to="pictures/%Y/%m", max_length=255)

    class Meta:
        abstract = True

    @property
    def film_cells(self) -> int:
        """Frames of the film that pages play of it."""
        return min(self.frame_count, MOST_FILM_CELLS)


class Sequence(StoredSilhouettes):
    """One recorded walk, seen by one camera."""

    class GaitCondition(models.TextChoices):
        NORMAL = "nm", "normal"
        BAG = "bg", "with a bag"
        COAT = "cl", "in a coat"

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="sequences")
    gait_condition = models.CharField(max_length=2, choices=GaitCondition)
    number = models.PositiveSmallIntegerField()
    view_angle = models.PositiveSmallIntegerField()  # degrees

    class Meta:
        ordering = ["subject__label", "gait_condition", "number", "view_angle"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "gait_condition", "number", "view_angle"], name="sequence_once_a_subject"
            ),
            models.CheckConstraint(condition=Q(frame_count__gt=0), name="sequence_has_frames"),
            models.CheckConstraint(condition=Q(view_angle__lte=359), name="sequence_view_angle_in_circle"),
        ]

    def __str__(self) -> str:
        return f"{self.subject.label}-{self.walk}-{self.view_angle:03d}"

    @property
    def walk(self) -> str:
        return f"{self.gait_condition}-{self.number:02d}"


class Upload(models.Model):
    """A file that arrives in parts; what has arrived lies in `uploads.path`, and its length is how far it is."""

    token = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()  # bytes, as announced
    fingerprint = models.CharField(max_length=64, blank=True)  # tells the same file chosen again
    created = models.DateTimeField(auto_now_add=True)
    last_part = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.filename


class Checkpoint(models.Model):
    """A trained network's weights."""

    name = models.CharField(max_length=100, unique=True)
    method = models.CharField(max_length=32)
    parameters = models.JSONField(default=dict)
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.SET_NULL, related_name="checkpoints")
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="checkpoint")
    weights = models.FileField(upload_to="checkpoints/", max_length=255)
    sha256 = models.CharField(max_length=64)
    losses = models.JSONField(default=list)  # one an epoch
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name


class Anonymization(models.Model):
    """What one method made of a dataset's walks."""

    class Copy(models.TextChoices):
        PROBE = "probe", "to be judged"
        ATTACKER = "attacker", "the attacker's own"

    class DonorPolicy(models.TextChoices):
        FIXED = "fixed", "one subject for all"
        RANDOM = "random", "a random subject a walk"
        SYNTHETIC = "synthetic", "fresh synthetic walkers"
        NONE = "none", "nobody: the method needs none"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="anonymization")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="anonymizations")
    method = models.CharField(max_length=32)
    alpha = models.FloatField(null=True, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    donor_policy = models.CharField(max_length=16, choices=DonorPolicy)
    fixed_donor = models.ForeignKey(
        Subject, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    checkpoint = models.ForeignKey(Checkpoint, null=True, blank=True, on_delete=models.PROTECT)
    copy = models.CharField(max_length=16, choices=Copy, default=Copy.PROBE)
    split = models.CharField(max_length=16, blank=True, default="30:15:55")  # empty: everybody
    proxies = models.JSONField(default=dict, blank=True)  # {"iou", "jitter_ratio", …}
    skipped = models.JSONField(default=list, blank=True)  # [{"sequence", "reason"}]
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.described} on {self.dataset.name}"

    @property
    def described(self) -> str:
        """The method with its settings, short: `blend α 0.3, order raster`."""
        return catalogue.described(self.method, self.alpha, self.parameters)

    @property
    def method_parameters(self) -> dict[str, Any]:
        """All parameters of the method, α among them where it has one."""
        return self.parameters if self.alpha is None else {**self.parameters, "alpha": self.alpha}


class AnonymizedSequence(StoredSilhouettes):
    """One walk, changed."""

    anonymization = models.ForeignKey(Anonymization, on_delete=models.CASCADE, related_name="sequences")
    source = models.ForeignKey(Sequence, on_delete=models.CASCADE, related_name="anonymized")
    donor = models.TextField(blank=True)  # subjects' labels or "synthetic 12", with commas between
    iou = models.FloatField(null=True, blank=True)  # with the original
    jitter = models.FloatField(null=True, blank=True)  # second difference in time against the original's
    detached = models.FloatField(null=True, blank=True)  # share of frames with parts that have come off
    detached_before = models.FloatField(null=True, blank=True)  # the same in the original

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["anonymization", "source"], name="anonymized_once_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.source} by {self.anonymization.method}"


class Clip(models.Model):
    """A video file: a sequence, original or changed, repeated to the wanted length; or one that was brought."""

    class Rendering(models.TextChoices):
        CENTRED = "centred", "centred at constant height"
        IN_PLACE = "in-place", "where it stood in the frame"
        SIDE_BY_SIDE = "side-by-side", "original and changed in one picture"
        SIDE_BY_SIDE_IN_PLACE = "side-by-side-in-place", "both in one picture, where they stood"
        BROKEN = "broken", "broken on purpose, for checks"
        BROKEN_IN_PLACE = "broken-in-place", "broken on purpose, where it stood in the frame"
        BROKEN_SIDE_BY_SIDE = "broken-side-by-side", "original and broken in one picture"
        BROKEN_SIDE_BY_SIDE_IN_PLACE = "broken-side-by-side-in-place", "both in one picture, where they stood"

    sequence = models.ForeignKey(
        Sequence, null=True, blank=True, on_delete=models.CASCADE, related_name="clips"
    )
    anonymized_sequence = models.ForeignKey(
        AnonymizedSequence, null=True, blank=True, on_delete=models.CASCADE, related_name="clips"
    )
    rendering = models.CharField(max_length=32, choices=Rendering, default=Rendering.CENTRED)
    seconds = models.FloatField()
    file = models.FileField(upload_to="clips/%Y/%m", max_length=255)
    sha256 = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sequence__isnull=True) | Q(anonymized_sequence__isnull=True),
                name="clip_of_at_most_one_sequence",
            ),
            models.UniqueConstraint(
                fields=["sequence", "seconds", "rendering"],
                condition=Q(sequence__isnull=False),
                name="clip_once_a_sequence",
            ),
            models.UniqueConstraint(
                fields=["anonymized_sequence", "seconds", "rendering"],
                condition=Q(anonymized_sequence__isnull=False),
                name="clip_once_an_anonymized_sequence",
            ),
        ]

    def __str__(self) -> str:
        return f"clip {self.pk}"


# Rows by the name of the parameter in which a run keeps their number; apps above add theirs.
NAMED_ROWS: dict[str, type[models.Model]] = {"dataset": Dataset, "checkpoint": Checkpoint}
