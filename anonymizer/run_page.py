"""What pages say about a run: title, stages and pace, what was asked, what it made, what comes next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from anonymizer import jobs
from anonymizer.gait.catalogue import described
from anonymizer.importing import SOURCES, is_upload
from anonymizer.models import NAMED_ROWS, Anonymization, AnonymizedSequence, Dataset, Run, Sequence

Kind = Run.Kind
STAGES: dict[str, tuple[str, ...]] = {
    Kind.IMPORT_CASIA_B: ("Reading",),
    Kind.IMPORT_OPENGAIT: ("Reading",),
    Kind.GENERATE_WALKERS: ("Walking",),
    Kind.TRAIN_NETWORK: ("Tracing contours", "Training"),
    Kind.ANONYMIZE: ("Changing", "Measuring"),
    Kind.TRAIN_RECOGNIZER: ("Looking at walks", "Fitting"),
    Kind.ABLATE: ("Comparing variants",),
    Kind.RECOGNIZE: ("Looking at walks", "The attacker anonymizes", "Attacking"),
    Kind.SWEEP: ("Experiments",),
    Kind.PREPARE_STUDY: ("Encoding clips",),
    Kind.EXPORT_STUDY: ("Writing rows",),
}
UNITS = {
    "Reading": "sequences",
    "Walking": "walks",
    "Changing": "walks",
    "Measuring": "walks",
    "Tracing contours": "walks",
    "Training": "epochs",
    "Looking at walks": "sequences",
    "The attacker anonymizes": "walks",
    "Experiments": "experiments",
    "Attacking": "attackers",
    "Encoding clips": "clips",
    "Writing rows": "rows",
}
LABELS = {
    "alpha": "Alpha",
    "anonymization_run": "Anonymization",
    "donor": "Donors",
    "filename": "Archive",
    "may_be_shown_to_raters": "For raters",
    "view_angles": "View angles",
    "pairs_per_rater": "Pairs a rater",
    "pairs_per_view_angle": "Pairs an angle",
    "clip_seconds": "Clip length, s",
}
LEFT_UNSAID = {"name", "copy", "state"}


# --- Titles ---------------------------------------------------------------------------------------
def titled(runs: Iterable[Run]) -> list[Run]:
    """The runs with a `title` each; what they name is read in two queries for all of them."""
    rows = list(runs)
    datasets = Dataset.objects.in_bulk(
        {r.parameters["dataset"] for r in rows if isinstance(r.parameters.get("dataset"), int)}
    )
    judged = {r.parameters["anonymization_run"] for r in rows if "anonymization_run" in r.parameters}
    changed = Anonymization.objects.filter(run__in=judged).select_related("dataset")
    changes = {each.run_id: each for each in changed}
    for run in rows:
        dataset = datasets.get(run.parameters.get("dataset", 0))
        change = changes.get(run.parameters.get("anonymization_run", 0))
        title = _title(run, dataset.name if dataset else "a deleted dataset", change)
        run.title = title.replace("α ", "α\u00a0")  # type: ignore[attr-defined]
    return rows


def _title(run: Run, dataset: str, changed: Anonymization | None) -> str:
    asked = run.parameters
    match run.kind:
        case Kind.IMPORT_CASIA_B | Kind.IMPORT_OPENGAIT:
            return f"Import of {asked.get('name', 'a dataset')}"
        case Kind.GENERATE_WALKERS:
            return f"Walkers for {asked.get('name', 'a dataset')}"
        case Kind.TRAIN_NETWORK:
            return f"{asked.get('method')} network on {dataset}"
        case Kind.ANONYMIZE:
            how = described(asked.get("method", ""), asked.get("alpha"), asked.get("parameters", {}))
            own = ", the attacker’s own copy" if asked.get("copy") == Anonymization.Copy.ATTACKER else ""
            return f"{how} on {dataset}{own}"
        case Kind.TRAIN_RECOGNIZER:
            return f"Recognizer on {dataset}"
        case Kind.ABLATE:
            return f"Variants of the recognizer on {dataset}"
        case Kind.RECOGNIZE:
            return f"Attackers on {changed}" if changed else "Attackers"
        case Kind.SWEEP:
            methods = dict.fromkeys(each["method"] for each in asked.get("conditions", []))
            return f"Sweep over {', '.join(methods)}"
        case Kind.PREPARE_STUDY:
            return f"Clips for {run.study.name}" if hasattr(run, "study") else "Clips for a study"
        case Kind.EXPORT_STUDY:
            return f"Export of {asked.get('study')} as {asked.get('format')}"
    return str(run.get_kind_display())


def method_of(run: Run) -> str:
    """The method the run is about, for its colour and shape; empty where there is none."""
    return str(run.parameters.get("method", "")) if run.kind in (Kind.ANONYMIZE, Kind.TRAIN_NETWORK) else ""


# --- Stages and pace ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Stage:
    """One step of a run as the page lists it."""

    name: str
    state: str  # done, now, todo, failed
    about: str


def stages(run: Run) -> list[Stage]:
    names = list(STAGES.get(run.kind, ()))
    if run.stage and run.stage not in names:
        names.append(run.stage)
    if run.status == Run.Status.SUCCEEDED:
        return [Stage(name, "done", "done") for name in names]
    at = names.index(run.stage) if run.stage in names else -1
    return [_stage(run, name, index - at, at) for index, name in enumerate(names)]


def _stage(run: Run, name: str, distance: int, at: int) -> Stage:
    if at < 0 or distance > 0:
        return Stage(name, "todo", "not begun" if run.is_finished else "waits")
    if distance < 0:
        return Stage(name, "done", "done")
    state = "now" if run.status in (Run.Status.RUNNING, Run.Status.QUEUED) else "failed"
    return Stage(name, state, f"{run.done:,} of {run.total:,}" if run.total else "began")


NOT_COUNTED = {  # said of a run that has no number of steps
    Run.Status.QUEUED: "Waiting for a worker",
    Run.Status.RUNNING: "Beginning; nothing counted yet",
    Run.Status.SUCCEEDED: "Done",
    Run.Status.FAILED: "Stopped before anything was counted",
    Run.Status.CANCELLED: "Cancelled before anything was counted",
}


def counted(run: Run) -> str:
    """How far the run is, in its own unit."""
    if not run.total:
        return NOT_COUNTED[Run.Status(run.status)]
    return f"{run.done:,} of {run.total:,} {UNITS.get(run.stage, 'steps')}"


@dataclass(frozen=True)
class Seen:
    """Where the run stood when this page first looked at this stage."""

    at: datetime
    done: int
    stage: str

    @classmethod
    def now(cls, run: Run) -> "Seen":
        return cls(timezone.now(), run.done, run.stage)

    @classmethod
    def read(cls, run: Run, query: Any) -> "Seen":
        """From a poll's own address; a new stage, or a wrong address, begins anew."""
        try:
            seen = cls(
                datetime.fromtimestamp(float(query["at"]), tz=timezone.get_current_timezone()),
                int(query["done"]),
                query["stage"],
            )
        except (KeyError, ValueError, OverflowError, OSError):
            return cls.now(run)
        return seen if seen.stage == run.stage and seen.done <= run.done else cls.now(run)


def rate(run: Run, seen: Seen) -> float | None:
    """Steps a second, measured since the page looked, or over the whole run where that is fair."""
    seconds = (timezone.now() - seen.at).total_seconds()
    if run.done > seen.done and seconds > 1:
        return (run.done - seen.done) / seconds
    first_stage = STAGES.get(run.kind, ("",))[0] == run.stage
    if run.done and run.started and run.attempts <= 1 and first_stage:
        return run.done / max(1.0, (timezone.now() - run.started).total_seconds())
    return None


def time_left(run: Run, steps_a_second: float | None) -> str:
    """In words, or nothing while it can't be said."""
    if not steps_a_second or run.status != Run.Status.RUNNING or run.done >= run.total:
        return ""
    return f"{in_words((run.total - run.done) / steps_a_second)} left"


def in_words(seconds: float) -> str:
    if seconds < 50:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    if seconds < 90 * 60:
        return f"about {max(1, round(seconds / 60))} min"
    return f"about {seconds / 3600:.1f} h"


def took(run: Run) -> str:
    if not run.started or not run.finished:
        return ""
    seconds = (run.finished - run.started).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else in_words(seconds)


def ahead(run: Run) -> int:
    """How many runs wait or work before this one."""
    busy = Run.objects.filter(status__in=[Run.Status.QUEUED, Run.Status.RUNNING], pk__lt=run.pk)
    return busy.exclude(kind=Kind.DEMO).count()


# --- What was asked, what happened ----------------------------------------------------------------
def asked(run: Run) -> list[tuple[str, str]]:
    """Labels and values of what the run was asked to do."""
    pairs = [
        (LABELS.get(name, name.replace("_", " ").capitalize()), _said(name, value))
        for name, value in run.parameters.items()
        if name not in LEFT_UNSAID
        and value not in (None, "", [], {})
        and not (name == "path" and "filename" in run.parameters)
    ]
    if run.kind not in SOURCES:  # an import draws nothing
        pairs.append(("Seed", str(run.seed)))
    if run.code_version:
        pairs.append(("Code", run.code_version))
    if run.device:
        pairs.append(("Device", run.device))
    return pairs


def _said(name: str, value: Any) -> str:
    if name == "anonymization_run":
        return f"run {value}, {Anonymization.objects.filter(run=value).first() or 'deleted since'}"
    if name in NAMED_ROWS and isinstance(value, int):
        row = NAMED_ROWS[name]._default_manager.filter(pk=value).first()
        return str(row) if row else "deleted since"
    if name == "path" and is_upload(value):
        return "an uploaded archive"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "conditions":  # of a sweep
        return "; ".join(described(each["method"], each["alpha"], each["parameters"]) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items() if each not in (None, "", [], {}))
    if name == "view_angles":
        return ", ".join(f"{angle}°" for angle in value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def log(run: Run) -> list[dict[str, Any]]:
    """The log, newest first, with times to show."""
    return [{**line, "at": datetime.fromisoformat(line["at"])} for line in reversed(run.log)]


# --- What it made ---------------------------------------------------------------------------------
def newest(run: Run) -> tuple[Sequence | None, AnonymizedSequence | None]:
    """The newest walk that the run made: an original, and below it what became of it."""
    if hasattr(run, "anonymization"):
        changed = run.anonymization.sequences.select_related("source__subject").order_by("-pk").first()
        return (changed.source, changed) if changed else (None, None)
    if hasattr(run, "dataset"):
        made = Sequence.objects.filter(subject__dataset=run.dataset).select_related("subject")
        return made.order_by("-pk").first(), None
    return None, None


def samples(run: Run, most: int = 11) -> list[AnonymizedSequence]:
    """One pair a view angle, the angles spread over the half circle."""
    if not hasattr(run, "anonymization"):
        return []
    rows = run.anonymization.sequences.select_related("source__subject__dataset").order_by(
        "source__view_angle", "pk"
    )
    first: dict[int, AnonymizedSequence] = {}
    for row in rows:
        first.setdefault(row.source.view_angle, row)
    angles = list(first)
    step = max(1, (len(angles) - 1) / max(1, most - 1))
    kept = sorted(
        {angles[min(len(angles) - 1, round(index * step))] for index in range(min(most, len(angles)))}
    )
    return [first[angle] for angle in kept]


@dataclass(frozen=True)
class Step:
    """Something to do next; its address."""

    label: str
    address: str


STARTS = {
    Kind.IMPORT_CASIA_B: ("Import again", "anonymizer:dataset_import"),
    Kind.IMPORT_OPENGAIT: ("Import again", "anonymizer:dataset_import"),
    Kind.GENERATE_WALKERS: ("Make walkers again", "anonymizer:dataset_generate"),
    Kind.TRAIN_NETWORK: ("Train again", "anonymizer:train_network"),
    Kind.ANONYMIZE: ("Anonymize again", "anonymizer:anonymize"),
    Kind.TRAIN_RECOGNIZER: ("Train again", "recognition:train"),
    Kind.ABLATE: ("Compare again", "recognition:ablations"),
    Kind.RECOGNIZE: ("Start attackers again", "recognition:start"),
    Kind.SWEEP: ("Sweep again", "recognition:sweeps"),
    Kind.PREPARE_STUDY: ("Make another study", "studies:new"),
}


def start_again(run: Run) -> Step | None:
    """Where to ask anew, for a run whose request was refused: the same again won't help."""
    if run.status != Run.Status.FAILED or not run.result.get(jobs.REFUSED) or run.kind not in STARTS:
        return None
    label, page = STARTS[Kind(run.kind)]
    return Step(label, reverse(page))


def next_steps(run: Run) -> list[Step]:
    """The first is the one most people want."""
    if run.status != Run.Status.SUCCEEDED:
        return []
    match run.kind:
        case Kind.IMPORT_CASIA_B | Kind.IMPORT_OPENGAIT | Kind.GENERATE_WALKERS if hasattr(run, "dataset"):
            return [Step("See the dataset", reverse("anonymizer:dataset", args=[run.dataset.slug]))]
        case Kind.TRAIN_NETWORK if hasattr(run, "checkpoint"):
            query = f"?checkpoint={run.checkpoint.pk}&method={run.checkpoint.method}"
            return [Step("Anonymize with it", reverse("anonymizer:anonymize") + query)]
        case Kind.ANONYMIZE if hasattr(run, "anonymization"):
            query = f"?anonymization={run.anonymization.pk}"
            return [
                Step("Who is still named?", reverse("recognition:start") + query),
                Step("Make a study", reverse("studies:new") + query),
            ]
        case Kind.TRAIN_RECOGNIZER:
            return [Step("Start the attackers", reverse("recognition:start"))]
        case Kind.ABLATE:
            return [Step("See the comparison", reverse("recognition:ablations"))]
        case Kind.RECOGNIZE:
            return [Step("See who is still named", reverse("recognition:recognition", args=[run.pk]))]
        case Kind.SWEEP:
            return [Step("See the table", reverse("recognition:sweep", args=[run.pk]))]
        case Kind.PREPARE_STUDY if hasattr(run, "study"):
            return [Step("See the study", reverse("studies:study", args=[run.study.slug]))]
        case Kind.EXPORT_STUDY if hasattr(run, "export"):
            return [Step("Download the file", reverse("studies:exports", args=[run.parameters["study"]]))]
    return []


def recent(days: int = 14) -> datetime:
    return timezone.now() - timedelta(days=days)
