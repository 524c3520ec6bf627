"""`create_study`: its documented arguments and defaults, and every further one; one line on what is wrong."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from studies.models import Study
from tests.factories import AnonymizationFactory, AnonymizedSequenceFactory, DatasetFactory, walks
from tests.studies.test_manifests import put, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_heartbeat")]


@pytest.fixture
def two() -> list[Any]:
    dataset = DatasetFactory()
    found = []
    for method in ("sdf", "blend"):
        found.append(AnonymizationFactory(dataset=dataset, method=method))
    for row in walks(dataset, subjects=2, view_angles=(0, 90), numbers=(1,)):
        for each in found:
            AnonymizedSequenceFactory(anonymization=each, source=row)
    return found


def created(*arguments: Any, tmp_path: Any) -> Study:
    path = tmp_path / "result.json"
    call_command("create_study", *map(str, arguments), "--json", path, verbosity=0)
    told = json.loads(path.read_text())
    study = Study.objects.get(slug=told["study"])
    assert told["rater_url"].endswith(f"/s/{study.token}/")
    return study


SHORT = ("--clip-seconds", "0.4", "--pairs-per-rater", "2", "--raters", "3")


def test_the_defaults_are_the_documented_ones(two, tmp_path):
    study = created(
        "--run",
        two[0].run_id,
        "--name",
        "plain",
        "--pairs-per-rater",
        2,
        "--clip-seconds",
        0.4,
        tmp_path=tmp_path,
    )
    assert (study.target_raters, study.pairs_per_view_angle, study.training_pairs, study.check_pairs) == (
        30,
        9,
        0,
        0,
    )
    assert (study.template, study.layout, study.status, study.owner) == (
        "naturalness",
        "sequential",
        "draft",
        None,
    )
    assert study.playback_checked


def test_without_a_number_every_rater_sees_as_many_pairs_as_there_are(two, manage):
    plain = ("create_study", "--run", two[0].run_id, "--clip-seconds", 0.4, "--raters", 2)
    said = manage(*plain, "--name", "small")
    assert (said.status, said.err) == (0, "")
    *_, number, reason = said.out.splitlines()
    assert number == "pairs_per_rater: 4"
    assert reason == "There are only 4 pairs, so every rater sees all of them."
    assert {len(seat.pairs) for seat in Study.objects.get().seats.all()} == {4}
    refused = manage.refused(*plain, "--name", "asked", "--pairs-per-rater", 30)
    assert refused.startswith("30 pairs a rater are asked for and there are only 4.")
    assert "only" not in manage(*plain, "--name", "fits", "--pairs-per-rater", 4).out


def test_everything_a_study_can_be_is_an_argument(two, tmp_path, researcher):
    day = timezone.localdate() + timedelta(days=2)
    study = created(
        "--run", two[0].run_id, "--run", two[1].run_id, "--name", "full", *SHORT, "--owner", "researcher",
        "--view-angles", "90", "--template", "dcr", "--layout", "side-by-side", "--rendering", "in-place",
        "--question", "Same?", "--question-in", "ja=同じ？", "--training-pairs", 1, "--check-pairs", 1, "--pause",
        "--quota", "ja=2", "--closes-on", day, "--idle-minutes", 30, "--rater-days", 3, "--count-abandoned",
        "--platform", "prolific", "--completion-code", "ABC", "--no-playback-check", "--open", "--seed", 5,
        tmp_path=tmp_path,
    )  # fmt: skip
    assert study.conditions.count() == 2
    assert {row.view_angle for row in study.stimuli.all()} == {90}
    assert study.stimuli.filter(role="training").count() == study.stimuli.filter(role="check").count() == 1
    assert Study.objects.values(
        "status", "template", "layout", "rendering", "question", "translations", "pause_half_way", "quotas",
        "closes_on", "idle_minutes", "rater_days", "count_abandoned", "platform", "completion_code",
        "playback_checked", "seed", "owner__username",
    ).get() == {
        "status": "open", "template": "dcr", "layout": "side-by-side", "rendering": "in-place", "question": "Same?",
        "translations": {"ja": {"question": "同じ？"}}, "pause_half_way": True,
        "quotas": [{"locale": "ja", "most": 2}], "closes_on": day, "idle_minutes": 30, "rater_days": 3,
        "count_abandoned": True, "platform": "prolific", "completion_code": "ABC", "playback_checked": False, "seed": 5,
        "owner__username": "researcher",
    }  # fmt: skip


def test_clips_of_ones_own_come_by_a_manifest(tmp_path):
    (tmp_path / "mine").mkdir()
    study = created(
        "--manifest", put(tmp_path / "mine", rows()), "--name", "mine", *SHORT[2:], tmp_path=tmp_path
    )
    assert [each.label for each in study.conditions.all()] == ["mine", "theirs"]
    assert (tmp_path / "mine" / "mine" / "0.mp4").is_file()  # only uploads are taken away


def test_a_rehearsal_ends_closed_with_simulated_raters(two, tmp_path):
    study = created("--run", two[0].run_id, "--name", "try", *SHORT, "--rehearse", tmp_path=tmp_path)
    assert (study.status, study.raters.filter(simulated=True).count()) == ("closed", 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Say what is to be judged: --run NUMBER, or --manifest PATH"),
        (("--run", "{run}", "--closes-on", "soon"), "'soon' is not a day. Write it as 2030-12-31."),
        (("--run", "{run}", "--closes-on", "2024-03-02"), "That day has passed."),
        (("--run", "{run}", "--quota", "ja"), "'ja' is not a quota, such as ja=10."),
        (("--run", "{run}", "--quota", "ja=x"), "'ja=x' is not a quota, such as ja=10."),
        (("--run", "{run}", "--owner", "nobody"), "No user is named 'nobody'."),
        (("--run", "{run}", "--view-angles", "36"), "There is no changed walk at 36°."),
        (("--run", "{run}", "--layout", "diagonal"), "Layout 'diagonal' is not known. Use one of"),
        (("--run", "{run}", "--return-url", "http://x.example"), "https addresses of known platforms only"),
        (("--manifest", "/nowhere"), "there is no such folder or archive"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_made(two, arguments, message):
    given = [each.format(run=two[0].run_id) for each in arguments]
    with pytest.raises(CommandError) as error:
        call_command("create_study", "--name", "wrong", "--pairs-per-rater", "2", *given, verbosity=0)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not Study.objects.exists()


def test_clips_that_cannot_be_read_end_it_and_leave_no_study(tmp_path):
    put(tmp_path, rows(), {"mine/1.mp4": b"no video" * 100})
    with pytest.raises(CommandError, match=r"row 2: 'mine/1\.mp4': it can't be read as a video"):
        call_command(
            "create_study", "--manifest", tmp_path, "--name", "bad", "--pairs-per-rater", "2", verbosity=0
        )
    assert not Study.objects.exists()
