"""How far a rater is: counts that every part of the raters' side shares."""

from studies.models import Rater, Rating, Stimulus


def positions(rater: Rater) -> int:
    """How many pairs this rater was given, all roles counted."""
    return rater.presentations.values("position").distinct().count()


def practice(rater: Rater) -> int:
    """How many of them are practice; they come first."""
    training = rater.presentations.filter(stimulus__role=Stimulus.Role.TRAINING)
    return training.values("position").distinct().count()


def remaining(rater: Rater) -> list[int]:
    """The positions that still wait for a score, in order."""
    waiting = rater.presentations.filter(problem="", rating__isnull=True)
    return list(waiting.order_by("position").values_list("position", flat=True))


def rated(rater: Rater) -> int:
    return Rating.objects.filter(presentation__rater=rater).count()
