"""Every command: what one prints the next takes, JSON stands alone, and what is wrong is one line."""

import csv
import itertools
import json
import os
import subprocess
import sys
from argparse import SUPPRESS
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from anonymizer import anonymizing, store
from anonymizer.management.console import JobCommand
from anonymizer.models import Anonymization, Clip, Dataset, Run, Sequence
from recognition import runs as recognition_runs
from studies import demo
from studies.models import Rating, Study
from tests.factories import (
    AnonymizationFactory,
    AnonymizedSequenceFactory,
    DatasetFactory,
    RunFactory,
    walks,
)
from tests.studies.rows import make_study

pytestmark = pytest.mark.django_db
OURS = ("anonymizer", "recognition", "studies")
SMALL = ("--subjects", 12, "--sequences", "nm=4", "--view-angles", "0,90", "--frames", 16)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Only smaller: fewer donors are drawn and measured on."""
    for name, value in {"DONOR_FRAMES": 12, "MANIFOLD_WALKS": 2}.items():
        monkeypatch.setattr(anonymizing, name, value)


def files() -> set[Path]:
    """What belongs to rows; what is computed once and kept for whoever asks next may stay."""
    owned = (Path(settings.MEDIA_ROOT) / name for name in ("silhouettes", "pictures", "clips", "checkpoints"))
    return {path for folder in owned for path in folder.rglob("*") if path.is_file()}


# --- From walkers to an export, command by command ------------------------------------------------
def test_what_one_command_prints_the_next_one_takes(manage, tmp_path):
    made = manage("generate_walkers", "--name", "walkers", *SMALL, "--seed", 5, "--json", "-").json
    assert made == {"dataset": "walkers", "subjects": 12, "sequences": 96, "frames": 96 * 16, "dropped": []}
    dataset = ("--dataset", made["dataset"])

    recognizer = manage("train_recognizer", *dataset, "--json", "-").json["recognizer"]
    trained = manage("train_network", *dataset, "--epochs", 2, "--json", "-").json
    assert len(trained["losses"]) == 2

    probes = ("--split", "30:15:55", "--sequences", "nm-03,nm-04")
    by_tieu = ("--method", "tieu", "--checkpoint", trained["checkpoint"])
    changed = manage("anonymize", *dataset, *by_tieu, *probes, "--json", "-").json
    assert changed["sequences"] == Anonymization.objects.get(method="tieu").sequences.count() > 0
    by_sdf = manage("anonymize", *dataset, "--method", "sdf", *probes, "--clips", 1, "--json", "-").json
    assert [(settings.MEDIA_ROOT / clip["changed"]).is_file() for clip in by_sdf["clips"]] == [True]

    run = ("--run", by_sdf["anonymization_run"])
    walks_asked = ("--gallery", "nm-01,nm-02", "--probe", "nm-03,nm-04")
    asked = ("--recognizer", recognizer, "--attackers", "naive", *walks_asked)
    attacked = manage("recognize", *run, *asked, "--json", "-").json
    assert attacked["ladder"][0]["attacker"] == "naive"
    assert Run.objects.get(pk=attacked["recognition_run"]).kind == Run.Kind.RECOGNIZE

    sizes = ("--pairs-per-rater", 4, "--raters", 3, "--clip-seconds", 0.6, "--pairs-per-view-angle", 3)
    study = manage("create_study", *run, "--name", "Commands", *sizes, "--open", "--json", "-").json
    row = Study.objects.get(slug=study["study"])
    assert (row.status, study["rater_url"]) == ("open", f"{settings.SITE_URL}/s/{row.token}/")

    simulated = manage("simulate_raters", study["study"], "--raters", 3, "--json", "-").json
    assert simulated == {"study": study["study"], "raters": 3, "votes": 12}

    output = tmp_path / "ratings.csv"
    manage("export_study", study["study"], "--format", "csv", "--output", output, "--json", "-").json  # noqa: B018
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == Rating.objects.count() == 12
    assert {each["simulated"].lower() for each in rows} == {"true"}


def test_an_experiment_is_the_documented_json(manage, tmp_path):
    manage("generate_walkers", "--name", "walkers", *SMALL, "--seed", 5)
    asked = ("--dataset", "walkers", "--method", "sdf", "--gallery", "nm-01,nm-02", "--probe", "nm-03,nm-04")
    said = manage("experiment", *asked, "--attackers", "naive", "--json", tmp_path / "result.json")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("sdf on walkers\n")
    result = json.loads((tmp_path / "result.json").read_text())
    made = [Run.objects.get(pk=result[name]).kind for name in ("anonymization_run", "recognition_run")]
    assert made == [Run.Kind.ANONYMIZE, Run.Kind.RECOGNIZE]
    top = {
        "dataset",
        "method",
        "alpha",
        "donor",
        "seed",
        "view_angles",
        "protocol",
        "recognizer",
        "originals",
    }
    assert top | {"attackers", "by_probe_view_angle", "proxies", "seconds"} <= result.keys()
    assert (result["dataset"], result["method"], result["view_angles"]) == ("walkers", "sdf", [0, 90])
    assert result["protocol"]["gallery"] == ["nm-01", "nm-02"]
    assert result["recognizer"]["name"] == "zheng"
    naive = result["attackers"]["naive"]
    for name in ("rank1", "success_rate", "recognized", "success_ci95", "impersonation"):
        assert [len(line) for line in naive[name]] == [2, 2], name
    assert all(isinstance(count, int) for line in naive["recognized"] for count in line)
    assert [each["view_angle"] for each in result["by_probe_view_angle"]] == [0, 90]
    assert {"iou", "jitter_ratio", "manifold_ratio"} <= result["proxies"].keys()


def test_a_command_that_was_stopped_goes_on_when_it_is_given_again(manage, monkeypatch):
    """Of walkers, whose name is taken by then, and of an experiment, whose first runs are done by then."""

    def stopped_once(target, name, stopped_at=1):
        body, calls = getattr(target, name), itertools.count(1)

        def stop(*asked, **options):
            if next(calls) == stopped_at:
                raise KeyboardInterrupt
            return body(*asked, **options)

        monkeypatch.setattr(target, name, stop)

    walkers = ("generate_walkers", "--name", "walkers", *SMALL, "--seed", 5)
    stopped_once(store, "add_walk", stopped_at=3)
    assert manage(*walkers).status == 130
    assert (manage(*walkers).status, Dataset.objects.get().run_id) == (0, Run.objects.get().pk)

    experiment = ("experiment", "--dataset", "walkers", "--method", "sdf", "--attackers", "naive")
    stopped_once(recognition_runs, "recognize")
    for status, attacks in ((130, 1), (0, 1), (0, 2)):  # the third is another experiment
        assert manage(*experiment).status == status
        kinds = Run.Kind.TRAIN_RECOGNIZER, Run.Kind.ANONYMIZE, Run.Kind.RECOGNIZE
        assert [Run.objects.filter(kind=kind).count() for kind in kinds] == [attacks] * 3


def test_walkers_as_files_come_back_by_import(manage, tmp_path):
    tree = tmp_path / "tree"
    some = ("--subjects", 2, "--sequences", "nm=1", "--view-angles", "0,90", "--frames", 12)
    assert manage("generate_walkers", *some, "--export", tree, "--json", "-").json["walks"] == 2
    assert not Dataset.objects.exists()
    asked = (tree, "--name", "back", "--frames", 12, "--json", "-")
    assert manage("import_casia_b", *asked).json == {
        "dataset": "back", "subjects": 2, "sequences": 4, "frames": 4 * 12, "dropped": [],
    }  # fmt: skip


def test_the_demo_says_where_everything_is(manage, monkeypatch):
    sizes = {"VIEW_ANGLES": (0, 90), "FRAMES": 16, "EPOCHS": 2, "SIMULATED_RATERS": 3, "PAIRS_PER_RATER": 6}
    for name, value in {**sizes, "CLIP_SECONDS": 0.6}.items():
        monkeypatch.setattr(demo, name, value)
    first = manage("demo", "--subjects", 12, "--json", "-").json
    named = {"dataset", "anonymization_run", "recognition_run", "study", "rater_url", "seconds"}
    assert first.keys() == named
    assert first["dataset"] == "Demo walkers 12"
    assert Anonymization.objects.get(run=first["anonymization_run"]).method == demo.MAIN
    assert Study.objects.get(slug=first["study"]).status == Study.Status.OPEN
    assert set(first["seconds"]) == {stage.name for stage in demo.STAGES}
    before = Sequence.objects.count(), Clip.objects.count(), Run.objects.count()
    assert manage("demo", "--subjects", 12, "--json", "-").json == first
    assert before == (Sequence.objects.count(), Clip.objects.count(), Run.objects.count())


# --- What is wrong --------------------------------------------------------------------------------
@pytest.fixture
def rows():
    """Two datasets, a finished anonymization without walks, and a study of another."""
    dataset = DatasetFactory(name="walkers", slug="walkers")
    walks(dataset, subjects=12, numbers=(1,), view_angles=(90,))
    walks(DatasetFactory(name="two", slug="two"), subjects=2, numbers=(1,), view_angles=(90,))
    run = RunFactory(pk=900, kind=Run.Kind.ANONYMIZE)
    AnonymizationFactory(run=run, dataset=dataset, split="30:15:55")
    several = DatasetFactory(name="several", slug="several")
    rows = walks(several, subjects=12, numbers=(1, 2), view_angles=(90,))
    judged = AnonymizationFactory(
        run=RunFactory(pk=901, kind=Run.Kind.ANONYMIZE), dataset=several, split="30:15:55"
    )
    AnonymizedSequenceFactory(anonymization=judged, source=rows[-1])
    return make_study()


# What every case of these says besides.
SAID_BESIDES = {
    "experiment, before its first stage": ("--dataset", "several", "--method", "tieu"),
    "sweep, before its first experiment": ("--datasets", "several", "--methods", "sdf"),
}


WRONG = {
    "generate_walkers": [
        ([], "The following arguments are required: --subjects; see --help."),
        (["--subjects", "many", "--name", "w"], "Argument --subjects: invalid int value: 'many'; see --help."),
        (["--subjects", 2], "Give --name for a dataset, or --export for a folder of PNGs."),
        (["--subjects", 0, "--name", "w"], "Subjects must be from 1 to 999, not 0."),
        (["--subjects", 2, "--name", "walkers"], "A dataset is named 'walkers' already. Choose another name."),
        (["--subjects", 2, "--name", "w", "--sequences", "nm"], "'nm' is not a number of sequences. Write"),
        (["--subjects", 2, "--name", "w", "--view-angles", "a"], "'a' are not view angles in degrees. Write"),
        (["--subjects", 2, "--name", "w", "--difficulty", "none"], "Difficulty 'none' is not known. Use one of:"),
        (["--subjects", 2, "--export", "/"], "--export /: the folder holds files already. Give an empty or new one."),
        (["--subjects", 2, "--export", "/etc/hostname"], "--export /etc/hostname: it is a file. Give the path of"),
        (["--subjects", 2, "--export", "/proc/none/x"], "--export /proc/none/x: nothing can be written there (no such"),
        (["--subjects", 2, "--export", "/dev/null/x"], "/dev/null/x: nothing can be written there (not a directory)."),
        (["--subjects", 2, "--export", "/var/empty-folder", "--seed", -1], "The seed must be a whole number from 0"),
        (["--subjects", 2, "--name", "w", "--path-variation", "inf"], "Path variation must be from 0 to 10, not inf."),
        (["--subjects", 2, "--name", "w", "--json", "/proc/none"], "--json /proc/none: no file can be written there"),
        (["--subjects", 2, "--name", "w", "--json", "/none/r.json"], "--json /none/r.json: the folder does not"),
        (["--subjects", 2, "--name", "w", "--json", "/"], "--json /: no file can be written there, it is a folder."),
    ],
    "import_casia_b": [
        ([], "The following arguments are required: PATH, --name; see --help."),
        (["/none", "--name", "w"], "/none does not exist. Give a folder, a .zip or a .tar.gz in CASIA-B layout."),
        (["/etc/hostname", "--name", "w"], "hostname: is neither a folder nor a zip, tar or tar.gz file"),
        (["/var/empty-folder", "--name", "w"], "/var/empty-folder does not exist."),
        (["/", "--name", " "], "The dataset needs a name."),
        (["/", "--name", "w", "--frames", 0], "Frames must be from 1 to 10000, not 0."),
    ],
    "train_network": [
        (["--dataset", "nobody"], "No dataset is named 'nobody'. Known: "),
        (["--dataset", "walkers", "--method", "sdf"], "Method 'sdf' has no network to train."),
        (["--dataset", "walkers", "--split", "half"], "--split half is not a split. Write paper, or "),
        (["--dataset", "two", "--split", "paper"], "--split"),
        (["--dataset", "walkers", "--epochs", 0], "Epochs must be from 1 to 10000, not 0."),
    ],
    "train_recognizer": [
        (["--dataset", "nobody"], "No dataset is named 'nobody'. Known: "),
        (["--dataset", "walkers", "--split", "1:2"], "1:2"),
        (["--dataset", "walkers", "--rank", 0], "rank"),
    ],
    "anonymize": [
        (["--dataset", "walkers", "--method", "sdf", "--seed", -1], "The seed must be a whole number from 0"),
        (["--dataset", "walkers", "--method", "sdf", "--clips", -2], "--clips must be 0 or more, not -2."),
        *[
            (["--dataset", "walkers", "--method", "sdf", "--clip-seconds", seconds], "Clip seconds must be from 0.4")
            for seconds in ("nan", "inf", 0, -1)
        ],
        (["--dataset", "nobody", "--method", "sdf"], "No dataset is named 'nobody'. Known: "),
        (["--dataset", "walkers", "--method", "magic"], "Method 'magic' is not known. Use one of: "),
        (["--dataset", "walkers", "--method", "sdf", "--donor", "me"], "Donor policy 'me' is not known."),
        (["--dataset", "walkers", "--method", "sdf", "--alpha", "nan"], "nan"),
        (["--dataset", "walkers", "--method", "tieu"], "Method 'tieu' needs a trained network."),
        (["--dataset", "walkers", "--method", "tieu", "--checkpoint", "x"], "No checkpoint is named 'x'."),
        (["--dataset", "walkers", "--method", "sdf", "--checkpoint", "x"], "Method 'sdf' uses no network."),
        (["--dataset", "walkers", "--method", "sdf", "--sequences", "nm-09"], "No walk of 'walkers' is named nm-09."),
    ],
    "recognize": [
        (["--run", 0], "Run 0 is no anonymization. Give the number that `anonymize` printed."),
        (["--run", 10**23], f"Run {10**23} is no anonymization."),  # more than a database can hold
        (["--run", 900, "--attackers", "magic"], "magic"),
        (["--run", 900, "--recognizer", "x"], "No recognizer is named 'x'. Known: none yet."),
        (["--run", 900, "--gallery", "nm"], "nm"),
        (["--run", 900, "--gallery", "nm-09", "--probe", "nm-01"], "No walk of 'walkers' is named nm-09. There are: "),
        (["--run", 900, "--gallery", "nm-01", "--probe", "bg-01"], "No walk of 'walkers' is named bg-01."),
        (["--run", 901, "--probe", "nm-01", "--gallery", "nm-02"], "The anonymization holds none of the probes nm-01."),
        (["--run", 901, "--attack-view-angles", 45], "Nothing was anonymized at view angle 45. Choose from 90."),
        (["--run", 901, "--copies", 1], "Copies must be from 2 to 100, not 1."),
    ],
    "experiment": [
        (["--dataset", "nobody", "--method", "sdf"], "No dataset is named 'nobody'. Known: "),
        (["--dataset", "walkers", "--method", "magic"], "Method 'magic' is not known. Use one of: "),
        (["--dataset", "two", "--method", "sdf"], "--split 30:15:55 of 2 subjects leaves "),
        (["--dataset", "walkers", "--method", "sdf", "--recognizer", "magic"], "no recognizer of kind 'magic'"),
        (
            ["--dataset", "walkers", "--method", "sdf", "--recognizer-set", "depth=3"],
            "The recognizer can't be trained so: zheng has no parameter 'depth'",
        ),
        (["--dataset", "walkers", "--method", "sdf", "--recognizer-set", "rank"], "Write --recognizer-set name=value."),
    ],
    "experiment, before its first stage": [
        (["--epochs", 0], "Epochs must be from 1 to 10000, not 0."),
        (["--donor", "me"], "Donor policy 'me' is not known."),
        (["--alpha", "nan"], "nan"),
        (["--set", "phase=magic"], "--set is not understood: parameter 'phase' must be one of"),
        (["--gallery", "nm-09"], "No walk of 'several' is named nm-09."),
        (["--probe", "nm-09"], "No walk of 'several' is named nm-09."),
        (["--attack-view-angles", "45"], "There is no walk at view angle 45. Choose from 90."),
        (["--recognizer-set", "ridge=nan"], "ridge must be 0 or more, not nan"),
        (["--seed", -1], "The seed must be a whole number from 0"),
    ],
    "sweep": [
        ([], "A sweep needs at least one dataset, one method and one seed."),
        (["--join", 0], "There is no run 0. Give the numbers that `sweep` printed."),
        (["--join", 10**23], f"There is no run {10**23}."),
        (["--join", "a"], "--join 'a' is not understood. Write numbers with commas between."),
        (["--methods", "sdf", "--output", "/proc/none/x"], "--output /proc/none/x: nothing can be written there"),
    ],
    "sweep, before its first experiment": [
        (["--seeds", "0,99999999999999999999"], "The seed must be a whole number from 0 to 2^63 - 1, not 9999"),
        (["--stride", 0], "Stride must be from 1 to 1000, not 0."),
        (["--alphas", "inf"], "Alphas must be finite numbers"),
        (["--gallery", "nm-09"], "No walk of 'several' is named nm-09."),
        (["--attack-view-angles", "45"], "There is no walk at view angle 45. Choose from 90."),
    ],
    "ablate": [
        (["--dataset", "nobody"], "No dataset is named 'nobody'. Known: "),
        (["--dataset", "several", "--gallery", "nm-01", "--probe", "nm-09"], "No walk of 'several' is named nm-09."),
    ],
    "reproduce": [
        ([0], "There is no run 0. Give the number that `recognize`, `experiment` or `sweep` printed."),
        ([900, "--tolerance", "nan"], "--tolerance must be 0 or more, not nan."),
        ([900, "--tolerance", -1], "--tolerance must be 0 or more, not -1."),
    ],
    "create_study": [
        (["--run", 0, "--name", "S"], "Run 0 is no anonymization. Give the number that `anonymize` printed."),
        (["--name", "S"], "Say what is to be judged: --run NUMBER, or --manifest PATH"),
        (["--run", 900, "--name", " "], "The study needs a name of at most 100 characters."),
        (["--run", 900, "--name", "S", "--template", "magic"], "'magic' is not known. Use one of: "),
        (["--run", 900, "--name", "S", "--raters", 0], "Raters must be from 1 to 10000, not 0."),
        (["--run", 900, "--name", "S", "--clip-seconds", "nan"], "nan"),
        (["--run", 900, "--name", "S"], "This run has changed no walk that could be shown."),
    ],
    "add_seats": [
        (["nobody", "--raters", 9], "No study is named 'nobody'. Known: "),
        (["STUDY", "--raters", 1], "seats are only added"),
    ],
    "simulate_raters": [
        (["nobody", "--raters", 1], "No study is named 'nobody'. Known: "),
        (["STUDY", "--raters", 0], "0 simulated raters don't fit: "),
        (["STUDY", "--raters", 1, "--seed", -1], "The seed must be a whole number from 0"),
        (["STUDY", "--raters", 1, "--careless", "nan"], "The share of careless raters runs from 0 to 1"),
        (["STUDY", "--raters", 1000], "1000 simulated raters don't fit: "),
    ],
    "export_study": [
        (["nobody", "--format", "csv", "--output", "/tmp/x.csv"], "No study is named 'nobody'. Known: "),
        (["STUDY", "--format", "docx", "--output", "/tmp/x.docx"], "docx"),
        (["STUDY", "--format", "csv", "--output", "/none/x.csv"], "--output /none/x.csv: the folder does not exist."),
        (["STUDY", "--format", "csv", "--output", "/tmp"], "--output /tmp: no file can be written there, it is"),
        (["STUDY", "--format", "csv", "--output", "/proc/x.csv"], "--output /proc/x.csv: no file can be written there"),
    ],
    "analyze_ratings": [
        ([], "The following arguments are required: FILE; see --help."),
        (["/none.csv"], "/none.csv"),
    ],
    "demo": [(["--subjects", 11], "The demo needs from 12 to 500 subjects, not 11.")],
    "import_opengait": [(["/none", "--name", "w"], "/none does not exist.")],
    "export_opengait": [
        (["nobody", "/tmp/out"], "No dataset is named 'nobody'. Known: "),
        (["walkers", "/proc/none/x"], "/proc/none/x: nothing can be written there (no such file or directory). Give"),
        (["walkers", "/dev/null/x"], "/dev/null/x: nothing can be written there (not a directory). Give another path."),
        (["walkers", "/etc/hostname"], "/etc/hostname: it is a file. Give the path of a folder."),
        (["walkers", "/etc"], "/etc: the folder holds files already. Give an empty or new one."),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line_and_leaves_nothing(manage, rows, name):
    before = left()
    for arguments, said in WRONG[name]:
        given = (*SAID_BESIDES.get(name, ()), *(rows.slug if each == "STUDY" else each for each in arguments))
        line = manage.refused(name.partition(",")[0], *given)
        assert said in line, arguments
        assert "Error" not in line
        assert left() == before, arguments


def left():
    """All that a command might leave; that a run failed may be read later."""
    waiting = Run.objects.exclude(status=Run.Status.FAILED).count()
    return files(), waiting, [each.objects.count() for each in (Dataset, Study, Anonymization)]


def test_no_command_is_forgotten_here():
    ours = {name for name, app in get_commands().items() if app in OURS}
    for name in ours:
        assert isinstance(load_command_class(get_commands()[name], name), JobCommand), name
    assert ours == {name.partition(",")[0] for name in WRONG}


def test_every_option_is_explained_and_says_what_it_is_without_being_given():
    for name in WRONG.keys() - SAID_BESIDES.keys():
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        shown = [action for action in parser._actions if action.help != SUPPRESS and action.dest != "help"]
        unexplained = [action.dest for action in shown if not action.help]
        left_open = [
            action.dest
            for action in shown
            if action.default not in (None, "", [], SUPPRESS)
            and action.default is not False
            and "(default: %(default)s)" not in action.help
        ]
        assert (name, unexplained, left_open) == (name, [], [])
        assert "--settings" not in parser.format_help()


def test_a_database_that_is_not_prepared_is_one_line(tmp_path):
    environment = {**os.environ, "GAITMOS_VAR": str(tmp_path)}
    command = [sys.executable, "manage.py", "generate_walkers", "--name", "w", "--subjects", "2"]
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith("A new one is prepared by: manage.py migrate")
