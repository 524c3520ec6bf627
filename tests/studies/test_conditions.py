"""Studies of several conditions, of every template and layout: which pairs they show, and how evenly."""

from collections import Counter

import pytest

from anonymizer import jobs
from anonymizer.jobs import Refused
from anonymizer.models import Clip, Run
from studies import building, runs, simulation
from studies.models import Rater, Study
from studies.proposals import Proposal, problems
from tests.factories import AnonymizationFactory, AnonymizedSequenceFactory, DatasetFactory, figure, walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_heartbeat")]
ANGLES = (0, 90)


@pytest.fixture
def originals():
    """Three subjects, two walks each from two sides."""
    return walks(DatasetFactory(name="street"), 3, ANGLES, (1, 2))


def changed(originals, method="sdf", alpha=1.5, step=0, **fields):
    """What a method made of them; the first walk least."""
    made = AnonymizationFactory(dataset=originals[0].subject.dataset, method=method, alpha=alpha, **fields)
    for index, row in enumerate(originals):
        walk = figure(7 + step, row.number, row.view_angle)
        AnonymizedSequenceFactory(anonymization=made, source=row, walk=walk, iou=0.9 - 0.05 * index)
    return made


@pytest.fixture
def two(originals):
    return [changed(originals), changed(originals, "tieu", 0.3, step=1)]


def prepared(anonymizations, name="natural?", **options):
    asked = {"pairs_per_rater": 4, "raters": 5, "pairs_per_view_angle": 2, "clip_seconds": 0.4, "seed": 8}
    study = runs.request_study(anonymizations, name, **{**asked, **options})
    assert jobs.execute(study.run.pk, runs.prepare_study)
    study.refresh_from_db()
    return study


def regular(study):
    return list(study.stimuli.filter(role="regular").select_related("condition", "anonymized_sequence"))


# --- Several conditions ---------------------------------------------------------------------------
def test_every_condition_shows_the_same_walks(two):
    study = prepared(two)
    assert list(study.conditions.values_list("number", "label", "method")) == [
        (1, "sdf α 1.5", "sdf"),
        (2, "tieu α 0.3", "tieu"),
    ]
    shown = {
        condition.label: sorted(condition.stimuli.values_list("anonymized_sequence__source", flat=True))
        for condition in study.conditions.all()
    }
    assert len(shown["sdf α 1.5"]) == 4
    assert shown["sdf α 1.5"] == shown["tieu α 0.3"]
    for row in regular(study):
        assert row.anonymized_sequence.anonymization == row.condition.anonymization
        assert row.reference_clip.sequence == row.anonymized_sequence.source


def test_an_original_is_encoded_once_for_all_conditions(two):
    prepared(two)
    assert Clip.objects.exclude(sequence=None).count() == 4
    assert Clip.objects.exclude(anonymized_sequence=None).count() == 8


def test_every_prefix_of_seats_is_balanced_over_view_angles_conditions_and_pairs(two):
    study = prepared(two, raters=9, pairs_per_rater=3)
    what = {row.number: (row.view_angle, row.condition.number) for row in regular(study)}
    seats = [seat.pairs for seat in study.seats.all()]
    for taken in range(1, len(seats) + 1):
        shown = [number for pairs in seats[:taken] for number in pairs]
        for counts in (
            [Counter(shown)[number] for number in what],
            list(Counter(what[number][0] for number in shown).values()),
            list(Counter(what[number][1] for number in shown).values()),
        ):
            assert max(counts) - min(counts) <= 1


def test_runs_that_are_called_alike_are_told_apart_by_their_number(originals):
    one, other = changed(originals), changed(originals, step=1)
    study = prepared([one, other])
    assert [condition.label for condition in study.conditions.all()] == [
        f"sdf α 1.5 (run {one.run_id})",
        f"sdf α 1.5 (run {other.run_id})",
    ]


def test_runs_without_a_walk_in_common_are_not_compared(originals):
    elsewhere = changed(walks(DatasetFactory(name="elsewhere"), 1, ANGLES, (1,)))
    with pytest.raises(Refused, match="no walk in common"):
        runs.request_study([changed(originals), elsewhere], "natural?", pairs_per_rater=1)


def test_nobodys_fixed_donor_is_shown(originals):
    donor = originals[0].subject
    one, other = changed(originals), changed(originals, "tieu", 0.3, step=1, fixed_donor=donor)
    study = prepared([one, other], pairs_per_view_angle=9)
    subjects = {row.anonymized_sequence.source.subject_id for row in regular(study)}
    assert subjects == {row.subject_id for row in originals} - {donor.pk}


def test_the_view_angles_that_are_chosen_are_the_only_ones(two):
    study = prepared(two, view_angles=(90,))
    assert {row.view_angle for row in study.stimuli.all()} == {90}
    assert study.view_angles == [90]
    with pytest.raises(Refused, match="no changed walk at 36°"):
        runs.request_study(two, "other", view_angles=(36, 90), pairs_per_rater=1)


# --- Templates and layouts ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("template", "question", "highest"),
    [
        ("naturalness", "How natural does the changed walk look?", "Excellent"),
        ("acr", "How natural does this walk look?", "Excellent"),
        ("dcr", "How do you perceive the change in the changed walk?", "Imperceptible"),
    ],
)
def test_a_template_brings_its_question_and_its_scale(two, template, question, highest):
    study = prepared(two, template=template)
    assert study.question == question
    assert [entry["score"] for entry in study.scale] == [1, 2, 3, 4, 5]
    assert study.scale[-1]["label"] == highest
    assert all((row.reference_clip is None) == (template == "acr") for row in regular(study))


def test_acr_hr_hides_every_original_among_the_walks(two):
    study = prepared(two, template="acr-hr", pairs_per_rater=6)
    hidden = [row for row in regular(study) if row.condition is None]
    assert len(hidden) == 4
    assert len(regular(study)) == 12
    assert all(row.labels == {"kind": "hidden reference"} for row in hidden)
    assert all(row.reference_clip is None and row.test_clip.sequence for row in hidden)
    originals = {row.test_clip for row in hidden}
    assert {row.reference_clip for row in regular(study) if row.condition} == originals
    shown = Counter(number for seat in study.seats.all() for number in seat.pairs)
    counts = [shown[row.number] for row in regular(study)]
    assert max(counts) - min(counts) <= 1


def test_side_by_side_is_one_clip_with_both_walks(two):
    import av

    study = prepared(two, layout="side-by-side", check_pairs=2)
    for row in study.stimuli.all():
        assert row.reference_clip is None
    assert {row.test_clip.rendering for row in regular(study)} == {"side-by-side"}
    with regular(study)[0].test_clip.file.open("rb") as file, av.open(file) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (2 * 480 + 16, 360)
    identical, broken = study.stimuli.filter(role="check")
    assert identical.test_clip.rendering == "side-by-side"
    assert identical.test_clip.sequence is not None
    assert broken.test_clip.rendering == "broken-side-by-side"


def test_a_walk_that_is_shown_alone_has_nothing_beside_it(two):
    with pytest.raises(Refused, match="nothing can stand beside it"):
        runs.request_study(two, "natural?", template="acr", layout="side-by-side", pairs_per_rater=1)


def test_in_place_is_another_rendering_of_the_same_walks(two):
    centred, in_place = prepared(two, name="centred"), prepared(two, rendering="in-place", check_pairs=2)
    assert {row.test_clip.rendering for row in regular(centred)} == {"centred"}
    assert {row.test_clip.rendering for row in regular(in_place)} == {"in-place"}
    assert {row.reference_clip.rendering for row in regular(in_place)} == {"in-place"}
    checks = in_place.stimuli.filter(role="check")
    assert {row.test_clip.rendering for row in checks} == {"in-place", "broken-in-place"}


# --- Practice and checks --------------------------------------------------------------------------
def test_practice_spans_the_scale_and_comes_first(two):
    study = prepared(two, training_pairs=4)
    practice = list(study.stimuli.filter(role="training").select_related("anonymized_sequence"))
    assert [row.labels["kind"] for row in practice] == ["identical", "broken", "mild", "strong"]
    identical, broken, mild, strong = practice
    assert identical.reference_clip == identical.test_clip
    assert broken.test_clip.rendering == "broken"
    assert broken.test_clip.sequence == broken.reference_clip.sequence
    assert mild.anonymized_sequence.iou > strong.anonymized_sequence.iou
    numbers = {row.number for row in practice}
    for seat in study.seats.all():
        assert set(seat.pairs[:4]) == numbers
        assert len(seat.pairs) == 8
    assert len({tuple(seat.pairs[:4]) for seat in study.seats.all()}) > 1


def test_checks_have_a_score_to_expect_and_stand_among_the_pairs(two):
    study = prepared(two, check_pairs=3)
    checks = list(study.stimuli.filter(role="check"))
    assert [(row.labels["kind"], row.expected_score) for row in checks] == [
        ("identical", 5), ("broken", 1), ("identical", 5),
    ]  # fmt: skip
    numbers = {row.number for row in checks}
    for seat in study.seats.all():
        assert numbers < set(seat.pairs)
        assert seat.pairs[0] not in numbers
        assert len(seat.pairs) == 4 + 3


def test_practice_and_checks_are_made_of_walks_that_are_not_rated_where_there_are_enough(two):
    study = prepared(two, training_pairs=2, check_pairs=2)  # 8 of 12 walks are left
    rated = {row.anonymized_sequence.source_id for row in regular(study)}
    others = study.stimuli.exclude(role="regular")
    used = [row.test_clip.sequence_id for row in others]
    assert len(set(used)) == 4
    assert not rated & set(used)


def test_practice_and_checks_are_there_even_if_every_walk_is_rated(two):
    study = prepared(two, pairs_per_view_angle=6, training_pairs=5, check_pairs=20)
    assert study.stimuli.filter(role="training").count() == 5
    assert study.stimuli.filter(role="check").count() == 20


def test_the_seed_decides_on_sessions_too(two):
    one = prepared(two, training_pairs=3, check_pairs=2)
    same = prepared(two, name="same", training_pairs=3, check_pairs=2)
    assert [seat.pairs for seat in one.seats.all()] == [seat.pairs for seat in same.seats.all()]


# --- Rehearsals -----------------------------------------------------------------------------------
def test_a_rehearsal_is_filled_with_simulated_raters_and_closed(two):
    asked = Proposal("rehearsal", tuple(two), pairs_per_rater=4, raters=3, pairs_per_view_angle=2, clip_seconds=0.4,
                     check_pairs=1, platform="prolific", quotas=({"locale": "en", "most": 1},))  # fmt: skip
    study = runs.make(asked, rehearse=True)
    jobs.execute(study.run.pk, runs.prepare_study)
    study.refresh_from_db()
    assert study.run.status == Run.Status.SUCCEEDED, study.run.error
    assert study.status == Study.Status.CLOSED
    assert study.raters.filter(simulated=True, state=Rater.State.COMPLETE).count() == 3
    assert not study.raters.filter(simulated=False).exists()


def test_simulated_raters_find_an_identical_pair_better_than_a_broken_walk(two):
    study = prepared(two, check_pairs=2)
    identical, broken = study.stimuli.filter(role="check")
    quality = simulation.assumed_quality(study)
    assert quality[identical.number] == max(quality.values())
    assert quality[broken.number] == min(quality.values())


# --- What is refused ------------------------------------------------------------------------------
def test_all_that_stands_in_the_way_is_told_by_field(two):
    from datetime import timedelta

    from django.utils import timezone

    today = timezone.localdate()
    asked = Proposal(
        " ", tuple(two), closes_on=today - timedelta(days=1), raters=0, layout="diagonal", return_url="https://evil.example/",
        completion_code="a b", quotas=({"locale": "ja", "most": 0},), questions={"xx": "?"},
    )  # fmt: skip
    assert sorted({field for field, _ in problems(asked)}) == [
        "closes_on", "completion_code", "layout", "name", "pairs_per_rater", "questions", "quotas", "raters",
        "return_url",
    ]  # fmt: skip
    told = dict(problems(asked))
    assert told["closes_on"] == "That day has passed. Choose tomorrow or later, or leave it empty."
    assert "app.prolific.com" in told["return_url"]


@pytest.mark.parametrize("name", ["New", "new!", "Drafts"])
def test_no_name_gives_an_address_that_a_page_of_the_site_has(two, name):
    study = runs.request_study(two, name, pairs_per_rater=1)
    assert study.slug == f"{name.lower().rstrip('!')}-2"


def test_a_name_that_was_taken_since_it_was_looked_at_is_refused_in_words(two, monkeypatch):
    runs.request_study(two, "natural?", pairs_per_rater=1)
    looks = []

    def too_early(proposal):
        looks.append(proposal)
        return iter(()) if len(looks) == 1 else problems(proposal)

    monkeypatch.setattr(building, "problems", too_early)
    with pytest.raises(Refused, match=r"A study is named .* already"):
        runs.request_study(two, "natural?", pairs_per_rater=1)
    assert Study.objects.count() == 1
