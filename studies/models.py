"""How natural does it look? Studies, the pairs they show, the seats they offer, raters and ratings."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q

from anonymizer.models import Anonymization, AnonymizedSequence, Clip, Run


def token() -> str:
    """A credential of 192 bits that stands in an address."""
    return secrets.token_urlsafe(24)


def pseudonym() -> str:
    """A name that means nothing outside the study."""
    return f"R-{secrets.token_hex(4).upper()}"


class Study(models.Model):
    """A crowd study: what is shown, what is asked, whom it is open to."""

    class Template(models.TextChoices):
        NATURALNESS = "naturalness", "MOS (ACR labels, explicit reference)"

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
    anonymization = models.ForeignKey(Anonymization, on_delete=models.PROTECT, related_name="studies")
    run = models.OneToOneField(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="study")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    template = models.CharField(max_length=16, choices=Template, default=Template.NATURALNESS)
    question = models.CharField(max_length=200, default="How natural does the changed walk look?")
    scale = models.JSONField(default=list)  # [{"score": 1, "label": "Bad"}, …]
    consent_text = models.TextField()
    consent_version = models.CharField(max_length=16, default="1")
    pairs_per_rater = models.PositiveSmallIntegerField(default=30)
    pairs_per_view_angle = models.PositiveSmallIntegerField(default=9)
    target_raters = models.PositiveIntegerField(default=30)
    clip_seconds = models.FloatField(default=10)
    idle_minutes = models.PositiveIntegerField(default=60)  # then a seat is given out again
    playback_checked = models.BooleanField(default=True)
    open_when_prepared = models.BooleanField(default=False)
    completion_code = models.CharField(max_length=16)
    seed = models.PositiveBigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    opened = models.DateTimeField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)

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


class Stimulus(models.Model):
    """A pair as raters see it: the original's clip, then the changed one's."""

    class Role(models.TextChoices):
        REGULAR = "regular", "regular"
        TRAINING = "training", "training"
        CHECK = "check", "check"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="stimuli")
    number = models.PositiveIntegerField()  # its name in the study, from 1
    view_angle = models.PositiveSmallIntegerField()  # degrees
    role = models.CharField(max_length=8, choices=Role, default=Role.REGULAR)
    reference_clip = models.ForeignKey(Clip, null=True, on_delete=models.PROTECT, related_name="+")
    test_clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    anonymized_sequence = models.ForeignKey(
        AnonymizedSequence, null=True, on_delete=models.PROTECT, related_name="stimuli"
    )
    expected_score = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["study", "number"]
        verbose_name_plural = "stimuli"
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="stimulus_number_once_a_study")
        ]

    def __str__(self) -> str:
        return f"pair {self.number}"


class Seat(models.Model):
    """A place in a study with its pairs in order; every prefix of the seats is balanced to one."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="seats")
    position = models.PositiveIntegerField()  # from 1; the lowest free one is given out first
    pairs = models.JSONField()  # stimulus numbers in the order of showing
    occupied = models.BooleanField(default=False)

    class Meta:
        ordering = ["study", "position"]
        constraints = [models.UniqueConstraint(fields=["study", "position"], name="seat_once_a_study")]

    def __str__(self) -> str:
        return f"seat {self.position}"


class Rater(models.Model):
    """Who scores. The token is the credential, the pseudonym is what results show."""

    class State(models.TextChoices):
        RATING = "rating", "rating"
        COMPLETE = "complete", "finished"
        ABANDONED = "abandoned", "abandoned"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="raters")
    seat = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.SET_NULL, related_name="raters")
    token = models.CharField(max_length=64, unique=True, default=token)
    pseudonym = models.CharField(max_length=16, default=pseudonym)
    state = models.CharField(max_length=16, choices=State, default=State.RATING)
    simulated = models.BooleanField(default=False)
    over_quota = models.BooleanField(default=False)  # came back after the seat was given out again
    consent_version = models.CharField(max_length=16)
    consented = models.DateTimeField()
    idempotency_key = models.CharField(max_length=64, blank=True)
    external_hmac = models.CharField(max_length=64, blank=True)  # of the platform's id, salted by study
    session_hmac = models.CharField(max_length=64, blank=True)  # of the platform's session, likewise
    locale = models.CharField(max_length=16, blank=True)
    device = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField()
    completed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "pseudonym"], name="rater_pseudonym_once_a_study"),
            models.UniqueConstraint(
                fields=["study", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="rater_enrolled_once_a_key",
            ),
            models.UniqueConstraint(
                fields=["study", "external_hmac"],
                condition=~Q(external_hmac=""),
                name="rater_enrolled_once_an_identity",
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class ErasedIdentity(models.Model):
    """Who withdrew, as an HMAC alone, so that they cannot enter again; deleted when the study closes."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="erased_identities")
    external_hmac = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "erased identities"
        constraints = [
            models.UniqueConstraint(fields=["study", "external_hmac"], name="erased_identity_once_a_study"),
        ]

    def __str__(self) -> str:
        return f"erased identity {self.pk}"


class Presentation(models.Model):
    """One pair at one position before one rater, frozen when the rater takes the seat."""

    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="presentations")
    stimulus = models.ForeignKey(Stimulus, on_delete=models.PROTECT, related_name="presentations")
    position = models.PositiveSmallIntegerField()  # from 1
    replaced_by = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces"
    )
    problem = models.CharField(max_length=200, blank=True)  # why it could not be played
    fetched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["rater", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rater", "position"], condition=Q(problem=""), name="presentation_once_a_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater} {self.position}"


class Rating(models.Model):
    """A score. One to one with its presentation: that is what stops a second submit from counting."""

    presentation = models.OneToOneField(Presentation, on_delete=models.CASCADE, related_name="rating")
    score = models.PositiveSmallIntegerField()
    playback = models.JSONField(default=dict, blank=True)  # as the rater's page reported it
    watched_fraction = models.FloatField(null=True, blank=True)  # the least over the pair's clips
    stalls = models.PositiveIntegerField(null=True, blank=True)
    presented_at = models.DateTimeField(null=True, blank=True)
    rated_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="rating_score_on_the_scale"),
        ]

    def __str__(self) -> str:
        return f"{self.presentation}: {self.score}"
