"""Who rates a study and what they said: seats, raters, what each was shown, scores, and what is set aside."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from studies.models.credentials import pseudonym, token
from studies.models.study import Stimulus, Study


class Seat(models.Model):
    """A place in a study with its pairs in order; every prefix of the seats is balanced to one."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="seats")
    position = models.PositiveIntegerField()  # from 1; the lowest free one is given out first
    pairs = models.JSONField()  # stimulus numbers in the order of showing
    occupied = models.BooleanField(default=False)
    simulated = models.BooleanField(
        default=False
    )  # shows what people's seat of its position does, to no person

    class Meta:
        ordering = ["study", "simulated", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "simulated", "position"], name="seat_once_a_study")
        ]

    def __str__(self) -> str:
        return f"seat {self.position}"


class Rater(models.Model):
    """Who scores. The token is the credential, the pseudonym is what results show."""

    class State(models.TextChoices):
        RATING = "rating", "rating"
        COMPLETE = "complete", "finished"
        ABANDONED = "abandoned", "abandoned"
        EXPIRED = "expired", "expired"

    LEFT = (State.ABANDONED, State.EXPIRED)  # before the last pair
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
    expires = models.DateTimeField(null=True, blank=True)  # of the personal link
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


class PlatformIdentity(models.Model):
    """Who a platform says a rater is, encrypted; for the study's owner alone, deleted a set time after closing."""

    rater = models.OneToOneField(Rater, on_delete=models.CASCADE, related_name="identity")
    sealed = models.TextField()

    class Meta:
        verbose_name_plural = "platform identities"

    def __str__(self) -> str:
        return f"identity of rater {self.rater_id}"


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


class Mask(models.Model):
    """A rater, or one vote, set aside: reversible, with who, when and why. What is masked enters no figure."""

    class Rule(models.TextChoices):
        MANUAL = "manual", "by hand"
        BT500 = "bt500", "BT.500"
        CORRELATION = "correlation", "correlation"
        P913 = "p913", "P.913, after bias removal"
        CHECKS = "checks", "check pairs"
        PLAYBACK = "playback", "playback"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="masks")
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="masks")
    presentation = models.ForeignKey(
        Presentation, null=True, blank=True, on_delete=models.CASCADE, related_name="masks"
    )  # none: the whole rater
    rule = models.CharField(max_length=16, choices=Rule, default=Rule.MANUAL)
    reason = models.CharField(max_length=300, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    lifted = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rater"],
                condition=Q(lifted=None, presentation=None),
                name="mask_once_a_rater",
            ),
            models.UniqueConstraint(
                fields=["presentation"], condition=Q(lifted=None), name="mask_once_a_presentation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_rule_display()} on {self.rater}"
