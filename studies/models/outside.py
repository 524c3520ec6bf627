"""What leaves a study: files of results, keys for programs, and addresses that are told."""

from django.conf import settings
from django.db import models

from anonymizer.models import Run
from studies.models.study import Study


class Export(models.Model):
    """A study's results as a file, made by a run, with its digest."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="exports")
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="export")
    format = models.CharField(max_length=16)
    file = models.FileField(upload_to="exports/%Y/%m", max_length=255)
    rows = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.study} as {self.format}"


class ApiKey(models.Model):
    """A researcher's key for programs. Shown once; only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12)  # what lists show, to tell keys apart
    sha256 = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"


class Webhook(models.Model):
    """An address that is told when a study's rater completes or the study closes; requests are signed."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    sealed_secret = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One message to one webhook, and how it went; it is sent again until it is taken or given up."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=32)
    payload = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt = models.DateTimeField(null=True, blank=True)
    delivered = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "webhook deliveries"

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
