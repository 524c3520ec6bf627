"""Earlier studies as pilots: their votes' variances, for planning the next one."""

from django.db.models import QuerySet

from studies.access import Person, visible_studies
from studies.models import Rating, Stimulus, Study
from studies.mos.pilot import spread_of
from studies.mos.planning import Spread


def pilots(user: Person) -> QuerySet[Study]:
    """The studies this person may see that people have rated."""
    voted = Rating.objects.filter(presentation__rater__simulated=False)
    return (
        visible_studies(user)
        .filter(pk__in=voted.values("presentation__stimulus__study"))
        .order_by("-created")
    )


def spread(study: Study) -> Spread | None:
    """Of people's votes on regular pairs, without what is set aside; None where they are too few to tell."""
    aside = study.masks.filter(lifted=None)
    masked_raters = aside.filter(presentation=None).values("rater")
    masked_votes = aside.exclude(presentation=None).values("presentation")
    kept = Rating.objects.filter(
        presentation__stimulus__study=study,
        presentation__stimulus__role=Stimulus.Role.REGULAR,
        presentation__rater__simulated=False,
        presentation__problem="",
    )
    kept = kept.exclude(presentation__rater__in=masked_raters).exclude(presentation__in=masked_votes)
    columns = kept.values_list(
        "presentation__stimulus__view_angle",
        "presentation__stimulus__condition",
        "presentation__rater",
        "presentation__stimulus",
        "score",
    )
    rows = list(columns)
    if not rows:
        return None
    groups = {group: number for number, group in enumerate(dict.fromkeys(row[:2] for row in rows))}
    return spread_of(
        [groups[row[:2]] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
        [row[4] for row in rows],
    )
