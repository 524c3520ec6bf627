"""What a new dataset may be called."""

from anonymizer.jobs import Refused
from anonymizer.models import Dataset, Run

LONGEST = 100  # characters
JOINERS = "\u200c\u200d"  # what Persian words and some emoji are made with


def check(name: str) -> None:
    """Refuse a name, without blanks around it, that none can have or that one has already."""
    if not name:
        raise Refused("The dataset needs a name.", "name")
    if len(name) > LONGEST:
        raise Refused(f"The dataset's name has more than {LONGEST} characters. Shorten it.", "name")
    if unseen := [each for each in name if not (each.isprintable() or each in JOINERS)]:
        raise Refused(
            f"The dataset's name holds {unseen[0]!r}, which can't be seen or turns the text round. Leave it out.",
            "name",
        )
    taken = Dataset.objects.filter(name=name).first()
    if taken is not None:
        raise Refused(f"A dataset is named {name!r} already. {_instead_of(taken)}", "name")


def _instead_of(taken: Dataset) -> str:
    """What to do where the name is taken: commands say it too, so it names the run and where its buttons are."""
    if taken.ready:
        return "Choose another name."
    if taken.run is None:
        return "It was never finished: delete it in the administration, or choose another name."
    if not taken.run.is_finished:
        doing = "waits for a worker to fill it" if taken.run.status == Run.Status.QUEUED else "still fills it"
        return f"Run {taken.run_id} {doing}: wait for it, or choose another name."
    ended = "was cancelled" if taken.run.status == Run.Status.CANCELLED else "failed"
    return (
        f"It is not finished, since run {taken.run_id} {ended}: press Retry on that run's page to go on, delete the "
        "dataset in the administration to begin again, or choose another name."
    )
