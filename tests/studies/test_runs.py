"""How a study comes about: pairs balanced over view angles, clips, seats; opened when that is allowed; tried out."""

from collections import Counter

import pytest

from anonymizer import jobs
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Clip, Run
from studies import rating, runs, simulation
from studies.models import Rater, Rating, Study
from tests.factories import (
    AnonymizationFactory,
    AnonymizedSequenceFactory,
    DatasetFactory,
    RunFactory,
    figure,
    walks,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_heartbeat")]
SUBJECTS, ANGLES, NUMBERS = 3, (0, 90), (1, 2)


@pytest.fixture
def anonymization():
    """Three subjects, two walks each from two sides, changed."""
    dataset = DatasetFactory()
    made = AnonymizationFactory(dataset=dataset)
    for row in walks(dataset, SUBJECTS, ANGLES, NUMBERS):
        other = figure(7, row.number, row.view_angle)
        AnonymizedSequenceFactory(anonymization=made, source=row, walk=other, iou=0.4 + 0.1 * row.number)
    return made


def requested(anonymization, name="natural?", **options):
    asked = {"pairs_per_rater": 4, "raters": 5, "pairs_per_view_angle": 3, "clip_seconds": 0.6, "seed": 8}
    return runs.request_study(anonymization, name, **{**asked, **options})


def prepared(anonymization, **options):
    study = requested(anonymization, **options)
    assert jobs.execute(study.run.pk, runs.prepare_study)
    study.refresh_from_db()
    assert study.run.status == Run.Status.SUCCEEDED, study.run.error
    return study


# --- Preparing ------------------------------------------------------------------------------------
def test_a_study_is_a_draft_until_it_is_opened(anonymization):
    study = prepared(anonymization)
    assert study.status == Study.Status.DRAFT
    assert study.run.result == {"study": study.slug, "pairs": 6, "seats": 5}
    assert [entry["score"] for entry in study.scale] == [1, 2, 3, 4, 5]


def test_every_view_angle_has_its_pairs_and_every_subject_a_turn(anonymization):
    study = prepared(anonymization)
    rows = study.stimuli.select_related("anonymized_sequence__source__subject")
    assert Counter(row.view_angle for row in rows) == {0: 3, 90: 3}
    for angle in ANGLES:
        there = [row for row in rows if row.view_angle == angle]
        assert {row.anonymized_sequence.source.subject.label for row in there} == {"001", "002", "003"}
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]


def test_a_pair_shows_the_original_and_what_became_of_it(anonymization):
    study = prepared(anonymization)
    for row in study.stimuli.all():
        assert row.reference_clip.sequence == row.anonymized_sequence.source
        assert row.test_clip.anonymized_sequence == row.anonymized_sequence
        assert row.reference_clip.seconds == row.test_clip.seconds == study.clip_seconds
        assert row.reference_clip.file.size
        assert row.reference_clip.sha256 != row.test_clip.sha256


def test_seats_show_pairs_equally_often_and_none_twice_to_one_rater(anonymization):
    study = prepared(anonymization)
    seats = [seat.pairs for seat in study.seats.all()]
    assert [len(pairs) for pairs in seats] == [len(set(pairs)) for pairs in seats] == [4] * 5
    angle = dict(study.stimuli.values_list("number", "view_angle"))
    for taken in range(1, len(seats) + 1):
        shown = Counter(number for pairs in seats[:taken] for number in pairs)
        counts = [shown[number] for number in angle]
        assert max(counts) - min(counts) <= 1
        by_angle = Counter(angle[number] for pairs in seats[:taken] for number in pairs)
        assert max(by_angle.values()) - min(by_angle.values()) <= 1


def test_preparing_again_renders_no_clip_twice_and_keeps_pairs_and_seats(anonymization):
    study = requested(anonymization)
    jobs.claim(study.run.pk, "gone")
    with pytest.raises(RuntimeError):
        runs.prepare_study(Interrupted(study.run, after=2))
    begun = set(Clip.objects.values_list("pk", flat=True))
    assert 0 < len(begun) < 12
    Run.objects.update(status=Run.Status.QUEUED)
    jobs.execute(study.run.pk, runs.prepare_study)
    assert begun < set(Clip.objects.values_list("pk", flat=True))
    assert Clip.objects.count() == 12
    assert (study.stimuli.count(), study.seats.count()) == (6, 5)


class Interrupted(jobs.Work):
    """A worker that is gone after some clips."""

    def __init__(self, run, after):
        super().__init__(run, "gone")
        self.after = after

    def progress(self, done, total, stage=""):
        super().progress(done, total, stage)
        if done >= self.after:
            raise RuntimeError


def test_two_studies_of_the_same_pairs_share_their_clips(anonymization):
    prepared(anonymization)
    prepared(anonymization, name="once more")
    assert Clip.objects.count() == 12


def test_the_seed_decides_on_pairs_and_seats(anonymization):
    one, same = prepared(anonymization), prepared(anonymization, name="same")
    other = prepared(anonymization, name="other", seed=9)
    assert design_of(one) == design_of(same) != design_of(other)


def design_of(study):
    pairs = list(study.stimuli.values_list("number", "anonymized_sequence"))
    return pairs, [seat.pairs for seat in study.seats.all()]


# --- Opening and closing --------------------------------------------------------------------------
def test_a_study_opens_by_itself_if_that_was_asked_for(anonymization):
    study = prepared(anonymization, open_when_prepared=True)
    assert study.status == Study.Status.OPEN
    assert study.opened
    assert runs.summary(study, "https://site")["rater_url"] == f"https://site/s/{study.token}/"


def test_a_closed_study_can_be_opened_again_and_stays_as_old(anonymization):
    study = prepared(anonymization, open_when_prepared=True)
    opened = study.opened
    runs.close_study(study)
    assert (study.status, study.closed is None) == (Study.Status.CLOSED, False)
    runs.open_study(study)
    assert (study.status, study.closed, study.opened) == (Study.Status.OPEN, None, opened)


def test_what_may_not_be_shown_is_not_opened(anonymization):
    study = prepared(anonymization)
    anonymization.dataset.may_be_shown_to_raters = False
    anonymization.dataset.save()
    study = Study.objects.get(pk=study.pk)
    with pytest.raises(Refused, match="may not be shown to raters"):
        runs.open_study(study)
    assert Study.objects.get(pk=study.pk).status == Study.Status.DRAFT
    with pytest.raises(Refused, match="may not be shown to raters"):
        requested(Anonymization.objects.get(), name="other", open_when_prepared=True)


def test_an_unprepared_study_is_not_opened(anonymization):
    with pytest.raises(Refused, match="not prepared yet"):
        runs.open_study(requested(anonymization))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "n" * 101}, "at most 100 characters"),
        ({"pairs_per_rater": 0}, "Pairs a rater must be from 1 to 500, not 0"),
        ({"raters": 0}, "Raters must be from 1"),
        ({"pairs_per_view_angle": 0}, "Pairs a view angle must be from 1"),
        ({"clip_seconds": 0.1}, "Seconds a clip must be from 0.4 to 60, not 0.1"),
        ({"pairs_per_rater": 7}, "7 pairs a rater are asked for and there are only 6"),
        ({"template": "speech"}, "'speech' is not known. Use one of"),
    ],
)
def test_a_study_that_cannot_be_is_refused_in_words(anonymization, options, message):
    with pytest.raises(Refused) as refusal:
        requested(anonymization, **options)
    assert message in str(refusal.value)
    assert not Study.objects.exists()


def test_a_name_is_given_once(anonymization):
    requested(anonymization)
    with pytest.raises(Refused, match="named 'natural\\?' already"):
        requested(anonymization, name=" natural? ")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"copy": Anonymization.Copy.ATTACKER}, "attacker's own copy"),
        ({"run__status": Run.Status.RUNNING}, "has not succeeded"),
    ],
)
def test_what_cannot_be_judged_makes_no_study(fields, message):
    with pytest.raises(Refused, match=message):
        requested(AnonymizationFactory(**fields))


def test_nothing_that_was_changed_makes_no_study():
    with pytest.raises(Refused, match="changed no walk that could be shown"):
        requested(AnonymizationFactory(run=RunFactory()))


# --- Simulated raters -----------------------------------------------------------------------------
@pytest.fixture
def study(anonymization):
    return prepared(anonymization, open_when_prepared=True)


def test_simulated_raters_fill_seats_and_are_marked(study):
    told = []
    done = simulation.simulate(study, 5, seed=1, progress=lambda each, total: told.append((each, total)))
    assert len(done) == study.raters.filter(simulated=True, state=Rater.State.COMPLETE).count() == 5
    assert Rating.objects.count() == 5 * 4
    assert told == [(number, 5) for number in range(1, 6)]
    assert study.seats.filter(simulated=True, occupied=True).count() == 5
    assert study.seats.filter(simulated=False, occupied=False).count() == 5  # people's are all left


def test_an_interrupted_simulation_goes_on_with_who_was_in_the_middle(study, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(rating, "rate", interrupted_after(6, rating.rate))
        with pytest.raises(RuntimeError):
            simulation.simulate(study, 3, seed=1)
    assert (study.raters.count(), Rating.objects.count()) == (2, 6)
    first = dict(Rating.objects.values_list("pk", "score"))
    simulation.simulate(study, 2, seed=1)
    assert study.raters.filter(state=Rater.State.COMPLETE).count() == study.raters.count() == 3
    assert Rating.objects.count() == 12
    assert first.items() < dict(Rating.objects.values_list("pk", "score")).items()


def interrupted_after(steps, rate):
    left = iter(range(steps))

    def once(*arguments):
        if next(left, None) is None:
            raise RuntimeError
        return rate(*arguments)

    return once


def test_the_same_seed_scores_alike(anonymization):
    scores = []
    for name in ("one", "other"):
        study = prepared(anonymization, name=name, open_when_prepared=True)
        simulation.simulate(study, 3, seed=1)
        shown = Rating.objects.filter(presentation__rater__study=study)
        scores.append(list(shown.values_list("presentation__stimulus__number", "score").order_by("pk")))
    assert scores[0] == scores[1]


def test_the_assumed_quality_is_better_where_less_was_changed(study):
    quality = simulation.assumed_quality(study)
    iou = dict(study.stimuli.values_list("number", "anonymized_sequence__iou"))
    best, worst = max(iou, key=iou.__getitem__), min(iou, key=iou.__getitem__)
    assert quality[best] > quality[worst]


def test_more_simulated_raters_than_seats_are_refused(study):
    with pytest.raises(
        Refused, match="6 simulated raters don't fit: 5 of the study's 5 seats are left to them"
    ):
        simulation.simulate(study, 6)
    assert not study.raters.exists()


def test_a_draft_takes_no_simulated_raters(anonymization):
    with pytest.raises(Refused, match=r"is draft\. Open it first"):
        simulation.simulate(prepared(anonymization), 1)
