"""The run that makes a draft ready: its clips are rendered, its pairs and its seats written down.

Nothing is shown to anyone before the study is open. A rehearsal is opened, filled with simulated raters and
closed in the same run.
"""

from collections.abc import Sequence

from django.db import transaction

from anonymizer import clips, jobs
from studies import bringing, history, life, pairs, seat_plan, simulation
from studies.models import Rater, Seat, Stimulus, Study

ENCODING, VOTING = "Encoding clips", "Voting"


def prepare_study(work: jobs.Work) -> None:
    """Render the clips, write the pairs and the seats, open the study if that was asked for."""
    study = Study.objects.get(slug=work.run.parameters["study"])
    if not study.seats.exists():
        stimuli = (
            bringing.stimuli(work, study) if "manifest" in work.run.parameters else _rendered(work, study)
        )
        write_design(study, stimuli, seat_plan.drawn(study, stimuli, study.target_raters))
        history.record(study, None, f"Prepared: {len(stimuli)} pairs, {study.target_raters} seats.")
    if work.run.parameters.get("rehearse"):
        rehearse(work, study)
    elif study.open_when_prepared and study.status == Study.Status.DRAFT:
        life.open_study(study, work.run.requested_by)
    work.run.result = {
        "study": study.slug,
        "pairs": study.stimuli.filter(role=Stimulus.Role.REGULAR).count(),
        "seats": study.seats.filter(simulated=False).count(),
    }


def _rendered(work: jobs.Work, study: Study) -> list[Stimulus]:
    wanted = pairs.of_study(study)
    takes = [take for pair in wanted for take in pair.takes]
    work.progress(0, len(set(takes)), ENCODING)
    made = clips.rendered(takes, study.clip_seconds, lambda done, total: work.progress(done, total, ENCODING))
    work.progress(len(set(takes)), len(set(takes)), ENCODING)  # clips that were there already count as well
    return [
        Stimulus(
            study=study,
            number=number,
            view_angle=pair.walk.view_angle,
            role=pair.role,
            condition=pair.condition,
            reference_clip=made[pair.reference] if pair.reference else None,
            test_clip=made[pair.test],
            anonymized_sequence=pair.changed,
            expected_score=pair.expected_score,
            labels=pair.labels,
        )
        for number, pair in enumerate(wanted, start=1)
    ]


def write_design(study: Study, stimuli: Sequence[Stimulus], seats: Sequence[list[int]]) -> None:
    """The pairs and the seats, both or neither; `seats` are the numbers of the pairs that each shows."""
    with transaction.atomic():
        study.stimuli.all().delete()
        Stimulus.objects.bulk_create(stimuli)
        Seat.objects.bulk_create(
            Seat(study=study, position=position, pairs=numbers)
            for position, numbers in enumerate(seats, start=1)
        )


def rehearse(work: jobs.Work, study: Study) -> None:
    """Fill the study with simulated raters, however far an earlier attempt came, and close it."""
    if study.status == Study.Status.DRAFT:
        life.open_study(study, work.run.requested_by)
    complete = study.raters.filter(simulated=True, state=Rater.State.COMPLETE).count()
    missing = study.target_raters - complete
    if study.status == Study.Status.OPEN:
        if missing > 0:
            simulation.simulate(
                study,
                missing,
                seed=study.seed,
                progress=lambda done, total: work.progress(done, total, VOTING),
            )
        life.close_study(study, work.run.requested_by)
