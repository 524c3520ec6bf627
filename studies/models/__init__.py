"""How natural does it look? Studies, the pairs they show, the seats they offer, raters and ratings."""

from studies.models.credentials import pseudonym, token
from studies.models.outside import ApiKey, Export, Webhook, WebhookDelivery
from studies.models.raters import ErasedIdentity, Mask, PlatformIdentity, Presentation, Rater, Rating, Seat
from studies.models.study import Condition, Stimulus, Study, StudyDraft, StudyEvent, StudyShare

__all__ = [
    "ApiKey",
    "Condition",
    "ErasedIdentity",
    "Export",
    "Mask",
    "PlatformIdentity",
    "Presentation",
    "Rater",
    "Rating",
    "Seat",
    "Stimulus",
    "Study",
    "StudyDraft",
    "StudyEvent",
    "StudyShare",
    "Webhook",
    "WebhookDelivery",
    "pseudonym",
    "token",
]
