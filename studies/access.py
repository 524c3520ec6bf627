"""Who may see a study, and who may change it.

Administrators (superusers on the staff) may do all. A researcher may do all with a study of their own, look at
those that are shared with them, and change them where the share says so. Everybody else is told that there is
no such study. A study without an owner, made by a command or the demo, is the administrators' until one of
them gives it away or shares it.
"""

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from studies.models import Study

Person = User | AnonymousUser


def is_administrator(user: Person) -> bool:
    return bool(user.is_active and user.is_staff and user.is_superuser)


def visible_studies(user: Person) -> QuerySet[Study]:
    """All that this person may look at, newest first."""
    if is_administrator(user):
        return Study.objects.all()
    if not (user.is_authenticated and user.is_active):
        return Study.objects.none()
    shared = Study.objects.filter(shares__user=user).values("pk")
    return Study.objects.filter(Q(owner=user) | Q(pk__in=shared))


def may_edit(user: Person, study: Study) -> bool:
    if is_owner(user, study):
        return True
    return bool(
        user.is_authenticated and user.is_active and study.shares.filter(user=user, may_edit=True).exists()
    )


def is_owner(user: Person, study: Study) -> bool:
    """Whether this person may also share the study and see what is the owner's alone."""
    return is_administrator(user) or bool(user.is_active and study.owner_id and study.owner_id == user.pk)


def study_to_view(user: Person, slug: str) -> Study:
    """The study; Http404 where there is none, and where this person may not know of it."""
    found = visible_studies(user).select_related("run", "owner").filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such study, or it is not shared with you.")
    return found


def study_to_edit(user: Person, slug: str) -> Study:
    """The study; Http404 as above, PermissionDenied where this person may look and not change."""
    found = study_to_view(user, slug)
    if not may_edit(user, found):
        raise PermissionDenied(
            "This study is shared with you to look at. Ask its owner to let you change it."
        )
    return found
