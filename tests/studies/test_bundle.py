"""The bundle: a study that anybody can check without this software."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from anonymizer import jobs
from anonymizer import runs as anonymizer_runs
from anonymizer.models import Anonymization
from recognition import runs as recognition_runs
from studies import bundle, counting, dashboard, export_files, results
from studies.models import Mask, Presentation, Rater, Rating, Stimulus
from tests.factories import DatasetFactory, walks
from tests.studies.rows import add_pair, enrol, make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_runs")]
GIVEN = "Taken as given, not worked out here"
SETTINGS = {"recognition_run", "seed", "view_angles", "protocol", "recognizer", "verdict"} | {
    "label", "knows", "compares", "needs", "details", "subjects", "chance", "bound",
}  # fmt: skip
OF_SCORES = {"eer", "impersonation", "worst"}  # these need the score matrices
ANGLES = (0, 90, 0, 90, 0, 90, 0, 90)


def studied(**fields):
    """Two conditions, a check, masks lifted and not, a rater who left, playback that stalled, simulated raters."""
    seats = [[1, 2, 5, 6, 9], [3, 4, 7, 8, 9]] * 8
    study = make_study(view_angles=ANGLES, seats=seats, seed=7, **fields)
    second = study.conditions.create(number=2, label="=theirs", method="theirs")
    study.stimuli.filter(number__gte=5).update(condition=second)
    add_pair(study, 9, 90, role=Stimulus.Role.CHECK, expected_score=5)
    rng, quality = np.random.default_rng(3), np.random.default_rng(1).uniform(1.5, 4.5, 9)
    for place in range(16):
        rater = enrol(study, simulated=place >= 13)
        careless = place == 4
        for shown in rater.presentations.select_related("stimulus"):
            felt = quality[shown.stimulus.number - 1] + rng.normal(0, 0.6)
            score = rng.integers(1, 6) if careless else int(np.clip(np.round(felt), 1, 5))
            watched = 0.9 if place == 6 else 1.0
            Rating.objects.create(
                presentation=shown,
                score=score,
                watched_fraction=watched,
                stalls=place % 4,
                rated_at=timezone.now(),
            )
    people = list(study.raters.filter(simulated=False))
    Mask.objects.create(study=study, rater=people[1], rule=Mask.Rule.BT500, reason="far off")
    Mask.objects.create(study=study, rater=people[2], lifted=timezone.now())
    Mask.objects.create(study=study, rater=people[3], presentation=people[3].presentations.first())
    Rater.objects.filter(pk=people[5].pk).update(state=Rater.State.ABANDONED)
    broken = Presentation.objects.filter(rater=people[7]).first()
    Presentation.objects.filter(pk=broken.pk).update(problem="decode error")
    return study


@pytest.fixture
def study():
    return studied()


@pytest.fixture
def attacked(study):
    """The same, its first condition attacked for real."""
    dataset = DatasetFactory()
    walks(dataset, 7, numbers=(1, 2, 3, 4))
    run = anonymizer_runs.request_anonymization(
        dataset, "sdf", donor="random", split="30:30:40", walks=["nm-03", "nm-04"], seed=4
    )
    assert anonymizer_runs.execute(run)
    study.conditions.filter(number=1).update(anonymization=Anonymization.objects.get(run=run))
    asked = recognition_runs.request_recognition(
        Anonymization.objects.get(run=run),
        attackers=["naive", "anonymized-gallery"],
        gallery="nm-01,nm-02",
        probe="nm-03,nm-04",
        seed=9,
        copies=2,
    )
    assert jobs.execute(asked.pk, recognition_runs.recognize)
    return study


def unpacked(study, folder: Path) -> Path:
    export_files.write(study, "bundle", folder / "study.zip")
    with zipfile.ZipFile(folder / "study.zip") as archive:
        archive.extractall(folder / "study")
    return folder / "study"


def verify(folder: Path) -> tuple[int, str]:
    """Run as its reader would: a Python of its own, from another folder, without this product."""
    call = [sys.executable, "-I", str(folder / "verify.py")]
    done = subprocess.run(call, capture_output=True, text=True, cwd=folder.parent)
    assert done.stderr == ""
    return done.returncode, done.stdout


def numbers_of(folder: Path):
    return json.loads((folder / "numbers.json").read_text())


def test_the_numbers_are_the_dashboards(study, tmp_path):
    found = numbers_of(unpacked(study, tmp_path))
    assert found == json.loads(json.dumps(results.results(study)))
    now = dashboard.present(study)
    assert found["people"]["votes"] == len(now.people)
    assert [row["mos"] for row in found["people"]["conditions"]] == [
        score.mos for score in now.people.by_condition.values()
    ]
    assert found["simulated"]["raters"] == now.simulated.raters == 3


def test_the_script_works_every_number_out_again(attacked, tmp_path):
    status, said = verify(unpacked(attacked, tmp_path))
    assert (status, said.splitlines()[-1].split(" numbers")[1]) == (0, " worked out again, 0 differ.")
    (given,) = [line for line in said.splitlines() if line.startswith("Taken as given")]
    names = {name.rsplit(".", 1)[1] for name in given.removeprefix(f"{GIVEN}: ").split(", ")}
    assert names == SETTINGS | OF_SCORES


@pytest.mark.parametrize("fields", [{"count_abandoned": True}, {"template": "dcr"}, {"template": "acr-hr"}])
def test_it_knows_every_kind_of_study(fields, tmp_path):
    study = studied(**fields)
    if fields.get("template") == "acr-hr":
        hide_references(study)
    folder = unpacked(study, tmp_path)
    assert numbers_of(folder)["people"]["votes"] > 0
    assert verify(folder)[0] == 0


def hide_references(study):
    """Pair 1 becomes the hidden reference of pair 2, 5 of 6."""
    for reference, processed in ((1, 2), (5, 6)):
        one = study.stimuli.get(number=reference)
        Stimulus.objects.filter(pk=one.pk).update(condition=None, test_clip=one.reference_clip)
        study.stimuli.filter(number=processed).update(reference_clip=one.reference_clip)


def test_a_study_without_a_vote_has_no_number_to_differ(tmp_path):
    folder = unpacked(make_study(), tmp_path)
    assert (numbers_of(folder)["people"], numbers_of(folder)["simulated"]) == (None, None)
    assert verify(folder)[0] == 0


def test_a_changed_score_is_found_and_so_is_the_changed_file(study, tmp_path):
    folder = unpacked(study, tmp_path)
    path = folder / "votes.csv"
    lines = path.read_text().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if ",regular," in line and ",rating," in line)
    lines[place] = lines[place].replace(",rating,", ",abandoned,", 1)
    path.write_text("".join(lines))
    status, said = verify(folder)
    assert status == 1
    assert "votes.csv is not the file that was exported" in said
    assert "people.votes: numbers.json says" in said


def test_a_changed_number_is_found(study, tmp_path):
    folder = unpacked(study, tmp_path)
    found = numbers_of(folder)
    found["people"]["by_view_angle"][0]["ci95_clustered"][0] += 0.001
    (folder / "numbers.json").write_text(json.dumps(found))
    status, said = verify(folder)
    assert status == 1
    assert "people.by_view_angle[0].ci95_clustered[0]: numbers.json says" in said
    assert "1 differ." in said


def test_a_missing_file_is_named(study, tmp_path):
    folder = unpacked(study, tmp_path)
    (folder / "seats.csv").unlink()
    assert "seats.csv is missing" in verify(folder)[1]


def test_without_the_votes_it_says_that_they_are_missing(study, tmp_path):
    folder = unpacked(study, tmp_path)
    (folder / "votes.csv").unlink()
    assert verify(folder) == (1, "votes.csv is missing\n")


def test_votes_that_are_cut_off_are_told_in_lines_of_their_own(study, tmp_path):
    folder = unpacked(study, tmp_path)
    path = folder / "votes.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:9]) + lines[9][:40])
    assert verify(folder) == (
        1,
        "votes.csv is not the file that was exported\n"
        "votes.csv line 10 has no rater: the file is cut off or was changed\n",
    )


def test_files_that_do_not_fit_together_are_no_traceback(study, tmp_path):
    folder = unpacked(study, tmp_path)
    path = folder / "raters.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))
    status, said = verify(folder)
    assert status == 1
    assert said.splitlines()[0] == "raters.csv is not the file that was exported"
    assert said.splitlines()[1].startswith(
        "The files don't fit together, so nothing can be worked out: KeyError"
    )


def test_without_its_packages_the_script_says_what_to_install(tmp_path):
    call = [sys.executable, "-I", "-S", str(bundle.SCRIPT)]  # -S: nothing that was installed
    done = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "numpy is not installed: pip install numpy scipy\n"


def test_it_holds_design_media_and_what_made_it(study, tmp_path):
    folder = unpacked(study, tmp_path)
    about = json.loads((folder / "study.json").read_text())
    assert (about["seed"], about["question"], len(about["conditions"])) == (7, study.question, 2)
    assert about["versions"] == export_files.versions()
    seats = (folder / "seats.csv").read_text().splitlines()
    assert seats[:2] == ["position,occupied,pairs", "1,True,1 2 5 6 9"]
    clips = {pair.test_clip.sha256 for pair in study.stimuli.all()}
    assert all(sha256 in (folder / "clips.csv").read_text() for sha256 in clips)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert set(files) | {"manifest.json"} == {path.name for path in folder.iterdir()}


def test_no_credential_and_no_identity_is_in_it(study, tmp_path):
    rater = study.raters.first()
    Rater.objects.filter(pk=rater.pk).update(external_hmac="e" * 64, session_hmac="s" * 64)
    rater.refresh_from_db()
    text = "".join(path.read_text() for path in unpacked(study, tmp_path).iterdir())
    hidden = (rater.token, study.token, study.completion_code, rater.external_hmac, rater.session_hmac)
    assert [secret for secret in hidden if secret in text] == []


def test_the_scripts_votes_are_those_that_count(study, tmp_path):
    now = dashboard.present(study)
    everybody = counting.counted(study, now.votes, now.stimuli, simulated=False)
    assert len(everybody) - len(now.people) == 4 + 1  # the rater and the single vote that are set aside
