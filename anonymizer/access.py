"""Who may see a run. Everybody who is signed in sees all runs but a study's: these belong to the study's people."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from anonymizer.models import Run

OF_A_STUDY = (Run.Kind.PREPARE_STUDY, Run.Kind.EXPORT_STUDY)


def visible_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    if user.is_active and user.is_staff and user.is_superuser:
        return Run.objects.all()
    people = (
        Q(requested_by=user.pk),
        Q(study__owner=user.pk),
        Q(study__shares__user=user.pk),
        Q(export__study__owner=user.pk),
        Q(export__study__shares__user=user.pk),
    )
    theirs = Q()
    for each in people:
        theirs |= Q(pk__in=Run.objects.filter(each, kind__in=OF_A_STUDY).values("pk"))
    return Run.objects.filter(~Q(kind__in=OF_A_STUDY) | theirs)
