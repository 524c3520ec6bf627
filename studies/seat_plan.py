"""What a study's seats show: drawn when it is prepared, and drawn on when it shall take more raters than planned."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from anonymizer.jobs import Refused
from studies import history
from studies.models import Seat, Stimulus, Study
from studies.mos import design, sessions
from studies.proposals import LIMITS


def drawn(study: Study, stimuli: Sequence[Stimulus], seats: int) -> list[list[int]]:
    """The numbers of the pairs that each of so many seats shows, in order; more seats only append."""
    regular = [each for each in stimuli if each.role == Stimulus.Role.REGULAR]
    order = design.seats(
        [each.view_angle for each in regular],
        conditions_of_pairs=[each.condition.number if each.condition else 0 for each in regular],
        seats=seats,
        pairs_per_rater=study.pairs_per_rater,
        seed=study.seed,
    )
    return sessions.sessions(
        [[regular[pair].number for pair in seat] for seat in order.tolist()],
        training=_numbers(stimuli, Stimulus.Role.TRAINING),
        checks=_numbers(stimuli, Stimulus.Role.CHECK),
        seed=study.seed,
    )


def _numbers(stimuli: Sequence[Stimulus], role: str) -> list[int]:
    return [each.number for each in stimuli if each.role == role]


def extend(study: Study, raters: int, user: User | None = None) -> None:
    """Seats for so many raters in all: the ones that are there stay, the same balanced draw goes on behind them.

    Drawing takes a millisecond a seat, and on SQLite nobody can vote while a transaction writes: so it is drawn
    before, and compared inside with the seats that are there then.
    """
    row = Study.objects.get(pk=study.pk)
    _check(row, raters)
    stimuli = list(row.stimuli.select_related("condition").order_by("number"))
    plan = drawn(row, stimuli, max(raters, _seats_of_people(row).count()))
    with transaction.atomic():
        row = Study.objects.select_for_update().get(pk=study.pk)
        _check(row, raters)
        there = list(_seats_of_people(row).order_by("position").values_list("pairs", flat=True))
        if plan[: len(there)] != there:
            raise Refused(
                "The seats that are there were not drawn by this version of GaitMOS, so the balance can't be "
                "carried on. Copy the study to take more raters."
            )
        Seat.objects.bulk_create(
            Seat(study=row, position=position, pairs=plan[position - 1])
            for position in range(len(there) + 1, raters + 1)
        )
        history.record(study, user, f"Raters wanted: {row.target_raters}, now {raters}.")
        Study.objects.filter(pk=row.pk).update(target_raters=raters)
    study.target_raters = raters


def _seats_of_people(study: Study) -> QuerySet[Seat]:
    return study.seats.filter(simulated=False)


def _check(study: Study, raters: int) -> None:
    _, _, most = LIMITS["raters"]
    history.refuse_if_frozen(study)
    if raters <= study.target_raters:
        raise Refused(
            f"The study has seats for {study.target_raters} raters already; seats are only added. "
            "Close it to take fewer."
        )
    if raters > most:
        raise Refused(f"A study takes at most {most:g} raters.")
    if not _seats_of_people(study).exists():
        raise Refused("The study is not prepared yet: its clips are still being rendered. Wait for its run.")
