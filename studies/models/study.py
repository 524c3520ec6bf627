"""A study: what it asks, what it compares and shows, who looks after it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from anonymizer.models import Anonymization, AnonymizedSequence, Clip, Run
from studies.models.credentials import token


class Study(models.Model):
    """A crowd study: what is shown, what is asked, whom it is open to."""

    class Template(models.TextChoices):
        NATURALNESS = "naturalness", "MOS (ACR labels, explicit reference)"
        ACR = "acr", "MOS (ACR)"
        ACR_HR = "acr-hr", "DMOS (ACR with hidden reference)"
        DCR = "dcr", "DMOS (DCR)"

    class Layout(models.TextChoices):
        SEQUENTIAL = "sequential", "one after the other"
        SIDE_BY_SIDE = "side-by-side", "side by side, as one clip"

    class Rendering(models.TextChoices):
        CENTRED = "centred", "on the spot, at constant height"
        IN_PLACE = "in-place", "where the walk stood in the frame"

    class Platform(models.TextChoices):
        LINK = "link", "a plain link"
        PROLIFIC = "prolific", "Prolific"
        MTURK = "mturk", "Amazon Mechanical Turk"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=110, unique=True)
    token = models.CharField(max_length=64, unique=True, default=token)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="studies"
    )
    shared_with = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="StudyShare", related_name="shared_studies"
    )
    run = models.OneToOneField(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="study")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    template = models.CharField(max_length=16, choices=Template, default=Template.NATURALNESS)
    layout = models.CharField(max_length=16, choices=Layout, default=Layout.SEQUENTIAL)
    rendering = models.CharField(max_length=16, choices=Rendering, default=Rendering.CENTRED)
    question = models.CharField(max_length=200, default="How natural does the changed walk look?")
    translations = models.JSONField(default=dict, blank=True)  # {"ja": {"question": …, "consent": …}}
    scale = models.JSONField(default=list)  # [{"score": 1, "label": "Bad"}, …]
    consent_text = models.TextField()
    consent_version = models.CharField(max_length=16, default="1")
    pairs_per_rater = models.PositiveSmallIntegerField(default=30)
    pairs_per_view_angle = models.PositiveSmallIntegerField(default=9)  # of each condition
    view_angles = models.JSONField(default=list, blank=True)  # degrees; empty: all there are
    training_pairs = models.PositiveSmallIntegerField(default=0)
    check_pairs = models.PositiveSmallIntegerField(default=0)
    pause_half_way = models.BooleanField(default=False)
    target_raters = models.PositiveIntegerField(default=30)
    clip_seconds = models.FloatField(default=10)
    quotas = models.JSONField(default=list, blank=True)  # [{"locale": "ja", "most": 10}, …]
    idle_minutes = models.PositiveIntegerField(default=60)  # then a seat is given out again
    rater_days = models.PositiveSmallIntegerField(default=14)  # then a personal link expires
    closes_on = models.DateField(null=True, blank=True)
    count_abandoned = models.BooleanField(default=False)  # whether votes of raters who left enter MOS
    platform = models.CharField(max_length=16, choices=Platform, default=Platform.LINK)
    return_url = models.URLField(max_length=500, blank=True)  # where the platform takes raters back
    identity_days = models.PositiveSmallIntegerField(default=30)  # after closing, platform ids are deleted
    playback_checked = models.BooleanField(default=True)
    open_when_prepared = models.BooleanField(default=False)
    completion_code = models.CharField(max_length=16)
    seed = models.PositiveBigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    opened = models.DateTimeField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    frozen = models.DateTimeField(null=True, blank=True)  # nothing of it may be changed any more

    class Meta:
        ordering = ["-created"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(condition=Q(clip_seconds__gt=0), name="study_clips_last"),
            models.CheckConstraint(condition=Q(pairs_per_rater__gte=1), name="study_shows_pairs"),
            models.CheckConstraint(condition=Q(target_raters__gte=1), name="study_wants_raters"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def anonymization(self) -> Anonymization | None:
        """Its first condition's; None where clips were brought."""
        first = self.conditions.select_related("anonymization__dataset", "anonymization__run").first()
        return first.anonymization if first else None


class StudyDraft(models.Model):
    """What somebody has typed into the builder so far, as it stands there, right or wrong."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="study_drafts")
    fields = models.JSONField(default=dict)  # {"name": ["…"], …}, as a form sends them
    saved = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-saved"]

    def __str__(self) -> str:
        return self.name or "Unnamed draft"

    @property
    def name(self) -> str:
        return " ".join(str(each) for each in self.fields.get("name", [])).strip()


class Condition(models.Model):
    """One way of changing walks that a study compares: an anonymization of ours, or clips that were brought."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="conditions")
    number = models.PositiveSmallIntegerField()  # from 1
    label = models.CharField(max_length=64)
    method = models.CharField(max_length=32, blank=True)  # decides colour and marker
    anonymization = models.ForeignKey(
        Anonymization, null=True, blank=True, on_delete=models.PROTECT, related_name="conditions"
    )

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="condition_number_once_a_study"),
            models.UniqueConstraint(fields=["study", "label"], name="condition_label_once_a_study"),
        ]

    def __str__(self) -> str:
        return self.label


class Stimulus(models.Model):
    """A pair as raters see it: the original's clip, then the changed one's; or one clip alone."""

    class Role(models.TextChoices):
        REGULAR = "regular", "regular"
        TRAINING = "training", "training"
        CHECK = "check", "check"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="stimuli")
    number = models.PositiveIntegerField()  # its name in the study, from 1
    view_angle = models.PositiveSmallIntegerField()  # degrees
    role = models.CharField(max_length=8, choices=Role, default=Role.REGULAR)
    condition = models.ForeignKey(
        Condition, null=True, blank=True, on_delete=models.CASCADE, related_name="stimuli"
    )  # none: a hidden reference, or a check of no method
    reference_clip = models.ForeignKey(Clip, null=True, on_delete=models.PROTECT, related_name="+")
    test_clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    anonymized_sequence = models.ForeignKey(
        AnonymizedSequence, null=True, on_delete=models.PROTECT, related_name="stimuli"
    )
    expected_score = models.PositiveSmallIntegerField(null=True, blank=True)
    labels = models.JSONField(default=dict, blank=True)  # what a manifest says of it

    class Meta:
        ordering = ["study", "number"]
        verbose_name_plural = "stimuli"
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="stimulus_number_once_a_study")
        ]

    def __str__(self) -> str:
        return f"pair {self.number}"


class StudyEvent(models.Model):
    """A line of a study's log: who changed what, and when."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    what = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.what


class StudyShare(models.Model):
    """Another researcher who may look at a study, or change it too."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="study_shares")
    may_edit = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["study", "user"], name="share_once_a_user")]

    def __str__(self) -> str:
        return f"{self.study} with {self.user}"
