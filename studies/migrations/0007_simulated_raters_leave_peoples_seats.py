"""Simulated raters who took people's seats get copies of them, and people get theirs back."""

from django.db import migrations


def move(apps, schema_editor):
    Rater, Seat = apps.get_model("studies", "Rater"), apps.get_model("studies", "Seat")
    for rater in Rater.objects.filter(simulated=True, seat__simulated=False).select_related("seat"):
        seat = rater.seat
        holds = rater.state in ("rating", "complete") and not rater.over_quota
        copy, _ = Seat.objects.get_or_create(
            study_id=seat.study_id, position=seat.position, simulated=True, defaults={"pairs": seat.pairs}
        )
        Rater.objects.filter(pk=rater.pk).update(seat=copy)
        if holds:
            Seat.objects.filter(pk=copy.pk).update(occupied=True)
            Seat.objects.filter(pk=seat.pk).update(occupied=False)


class Migration(migrations.Migration):
    dependencies = [("studies", "0006_simulated_seats")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
