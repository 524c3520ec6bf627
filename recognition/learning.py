"""A recognizer learns from gaits inside a run: told how far it is, and gone on with after a lost worker."""

from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage

from anonymizer import jobs, stored_files

if TYPE_CHECKING:
    from recognition.identify.gaits import Gaits
    from recognition.identify.recognizer import Recognizer

KEEP_EVERY = 50  # training steps between two copies kept for going on after a lost worker


def learn(
    work: jobs.Work, recognizer: "Recognizer", training: "Gaits", *, stage: str, part: str = ""
) -> None:
    """Fit it; one that learns by steps goes on where an earlier attempt of the run was lost.

    `part` tells several trainings of one run apart.
    """
    from recognition.identify.recognizer import LearnsBySteps

    if isinstance(recognizer, LearnsBySteps):
        _learn_by_steps(work, recognizer, training, _unfinished(work, part), stage)
    else:
        work.progress(0, 0, stage)
        recognizer.fit(training.inputs, training.subjects, training.view_angles)


def forget_unfinished(work: jobs.Work, part: str = "") -> None:
    """What was kept is no longer needed once the recognizer has a row."""
    stored_files.forget(_unfinished(work, part))


def _learn_by_steps(work: jobs.Work, recognizer: Any, training: "Gaits", name: str, stage: str) -> None:
    kept = 0
    if default_storage.exists(name):
        with default_storage.open(name) as file:
            try:
                recognizer.resume(file.read())
            except ValueError as error:
                work.note(
                    f"What was learned before can't be gone on with, so training begins again: {error}."
                )
    for done, total in recognizer.learn(training.inputs, training.subjects, training.view_angles):
        work.progress(done, total, stage)
        if done - kept >= KEEP_EVERY:
            stored_files.replace(name, recognizer.kept())
            kept = done


def _unfinished(work: jobs.Work, part: str) -> str:
    return f"recognizers/unfinished-run-{work.run.pk}{part and f'-{part}'}.npz"
