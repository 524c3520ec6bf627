"""The pages of recognition, as a researcher meets them."""

import csv
import html
import io
import re
from copy import deepcopy

import openpyxl
import pytest
from django.urls import reverse

from anonymizer.models import Anonymization, Run
from recognition import figures
from recognition.models import Identification, Recognition, Recognizer
from tests.factories import (
    AnonymizationFactory,
    AnonymizedSequenceFactory,
    DatasetFactory,
    RunFactory,
    SequenceFactory,
    SubjectFactory,
    walks,
)
from tests.pages import text
from tests.recognition.rows import result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def anonymization():
    return AnonymizationFactory(dataset__name="judged walkers", split="30:15:55")


DONORS = {"named": 0.9, "ci95": [0.8, 0.96], "probes": 40, "chance": 0.03}


def recognized(anonymization: Anonymization, **fields) -> Run:
    parameters = {
        "anonymization_run": anonymization.run_id,
        "attackers": ["naive"],
        "gallery": "nm-01",
        "probe": "nm-02",
    }
    return RunFactory(kind=Run.Kind.RECOGNIZE, parameters=parameters, **{"result": result(), **fields})


@pytest.mark.parametrize("name", ["recognition:index", "recognition:start", "recognition:train"])
def test_a_visitor_is_sent_to_sign_in_and_a_researcher_sees_the_page(client, researcher, name):
    assert client.get(reverse(name))["Location"].startswith("/accounts/login/?next=")
    client.force_login(researcher)
    assert client.get(reverse(name)).status_code == 200


def test_results_and_downloads_are_for_those_who_signed_in(client, anonymization):
    run = recognized(anonymization)
    for name in ("recognition:recognition", "recognition:export"):
        assert client.get(reverse(name, args=[run.pk])).status_code == 302


def test_the_index_leads_with_the_strongest_attacker(signed_in, anonymization):
    recognized(anonymization)
    page = text(signed_in.get(reverse("recognition:index")))
    assert (
        "Attackers on sdf α 1.5 on judged walkers synthetic walkers Done Anonymized gallery 40.0 % 10.0 to 40.0"
        in page
    )


def test_trainings_that_made_no_recognizer_stand_apart_with_their_state(signed_in, anonymization):
    for status in (Run.Status.FAILED, Run.Status.QUEUED):
        parameters = {"dataset": anonymization.dataset.pk, "split": "30:15:55"}
        RunFactory(
            kind=Run.Kind.TRAIN_RECOGNIZER, status=status, parameters=parameters, error="Too few walks."
        )
    Recognizer.objects.create(name="a usable one", dataset=anonymization.dataset, sha256="0" * 64)
    response = signed_in.get(reverse("recognition:index"))
    before, recognizers = text(response).split("Recognizers One that was trained")
    assert "none of them can be chosen Recognizer on judged walkers Queued" in before
    assert "Recognizer on judged walkers Failed" in before
    assert ("a usable one" in recognizers, "Recognizer on judged walkers" in recognizers) == (True, False)
    assert list(
        signed_in.get(reverse("recognition:start")).context["form"].fields["recognizer"].queryset
    ) == [Recognizer.objects.get()]


def test_the_bound_of_the_draw_is_told_where_there_is_one(signed_in, anonymization):
    told = "the donor of one clip gives away at most 13.3 %"
    unbounded, bounded = result(), deepcopy(result())
    bounded["ladder"][0]["bound"] = 8 / 60
    for found, expected in ((unbounded, False), (bounded, True)):
        page = text(
            signed_in.get(
                reverse("recognition:recognition", args=[recognized(anonymization, result=found).pk])
            )
        )
        assert (told in page.replace("\xa0", " ")) is expected


def test_the_ladder_stands_beside_the_originals_rate(signed_in, anonymization):
    page = text(signed_in.get(reverse("recognition:recognition", args=[recognized(anonymization).pk])))
    assert "Naive 95.2 % n 60 25.0 % 10.0 to 40.0 75.0 % 60.0 to 86.0 52 Nothing." in page
    assert "chance 16.7 %" in page
    assert "Clear gaits are named well: 94 % of the way from chance to certainty." in page


def test_beside_an_attacker_stand_the_originals_of_its_own_probes(signed_in, anonymization):
    found = deepcopy(result())
    found["ladder"][1] |= {"probes": 25, "clear_rank1": 0.76}
    response = signed_in.get(
        reverse("recognition:recognition", args=[recognized(anonymization, result=found).pk])
    )
    page = text(response).replace("\xa0", " ")
    assert "76.0 % rank-1 at the same view angle · n 25, the strongest attacker’s own probes" in page
    assert "Naive 95.2 % n 60 25.0 %" in page
    assert "Anonymized gallery strongest 76.0 % n 25 40.0 %" in page
    assert "25 to 60 probes of 6 subjects" in page
    assert (
        "over all probes; of the 25 that the strongest attacker tried, 76.0 % at the same view angle." in page
    )
    lines = re.findall(r'<i class="clear" style="left: ([\d.]+)%"></i>', response.content.decode())
    assert lines == ["76.00", "95.20"]


def test_the_matrix_says_what_is_undefined_and_marks_where_few_gaits_count(signed_in, anonymization):
    address = reverse("recognition:recognition", args=[recognized(anonymization).pk])
    page = signed_in.get(address, {"attacker": "naive"}).content.decode()
    assert re.search(
        r'<td class="q6 tl" title="75.0\u00a0%, \|S\| 40, 95 % interval 60.0 to 86.0">75</td>', page
    )
    assert re.search(
        r'<td class="q4 td few" title="50.0\u00a0%, \|S\| 4, [^"]*">50<span class="vh">, few gaits', page
    )
    assert re.search(r'<td class="na" title="not defined, \|S\| 0">n/a</td>', page)
    assert "Mean of the diagonal 37.5\u00a0%" in page


def test_an_attacker_that_left_out_cells_counts_the_gaits_of_those_it_tried(signed_in, anonymization):
    found = deepcopy(result())
    attackers = found["experiment"]["attackers"]
    attackers["anonymized-gallery"] = attackers["naive"] | {
        "rank1": [[0.25, None], [None, None]],
        "success_rate": [[0.75, None], [None, None]],
    }
    address = reverse("recognition:recognition", args=[recognized(anonymization, result=found).pk])
    told = "–: this attacker did not try. Corner mark: |S| under 10."
    page = text(signed_in.get(address))
    assert (told in page, "|S| 40 over the cells it tried" in page) == (True, True)
    page = text(signed_in.get(address, {"attacker": "naive"}))
    assert (told in page, "|S| 56 over all cells" in page) == (False, True)


def test_the_matrix_can_show_the_originals_and_the_rank_1_rate(signed_in, anonymization):
    address = reverse("recognition:recognition", args=[recognized(anonymization).pk])
    originals = text(signed_in.get(address, {"measure": "original_rank1"}))
    assert "Originals named, rank-1, gallery by probe" in originals
    assert "Mean of the diagonal 95.0 %" in originals
    assert "Mean of the diagonal 62.5 %" in text(signed_in.get(address, {"measure": "rank1"}))


def test_an_unknown_attacker_or_measure_falls_back_to_the_strongest(signed_in, anonymization):
    address = reverse("recognition:recognition", args=[recognized(anonymization).pk])
    page = text(signed_in.get(address, {"attacker": "nobody", "measure": "luck"}))
    assert "Against anonymized gallery" in page


def test_where_a_gate_fails_there_is_no_verdict_and_the_reason_is_given(signed_in, anonymization):
    run = recognized(anonymization, result=result(refused=("Clear gaits are named at chance.",)))
    page = text(signed_in.get(reverse("recognition:recognition", args=[run.pk])))
    assert "No verdict" in page
    assert "Clear gaits are named at chance." in page
    assert "No verdict" in text(signed_in.get(reverse("recognition:index")))


def test_further_measures_and_how_an_attacker_went_about_it_stand_below_the_ladder(signed_in, anonymization):
    found = result()
    found["ladder"][1] |= {
        "compares": "anonymized ↔ anonymized",
        "rank5": 0.8,
        "eer": 0.11,
        "impersonation": None,
        "worst": {"subject": "007", "named": 2, "probes": 2, "rank1": 1.0},
        "view_angles": [0, 90],
        "details": {"chosen": "LDA on GEIs", "copies": 10, "donors": DONORS},
    }
    run = recognized(anonymization, result=found)
    page = text(signed_in.get(reverse("recognition:recognition", args=[run.pk])))
    said = "80.0\u00a0% 11.0\u00a0% n/a 007: 2 of 2 0°, 90° LDA on GEIs, 10 copies"
    assert f"anonymized ↔ anonymized {said}".replace("\u00a0", " ") in page.replace("\u00a0", " ")
    assert "Donors can be told apart: 90 % of 40 are named by who knows them, 3 % by chance." in page


def test_the_strongest_attacker_stands_first(signed_in, anonymization):
    page = text(signed_in.get(reverse("recognition:recognition", args=[recognized(anonymization).pk])))
    assert page.index("Anonymized gallery strongest") < page.index("Naive 95.2")


def test_an_unfinished_recognition_is_followed_on_its_runs_page(signed_in, anonymization):
    run = recognized(anonymization, status=Run.Status.RUNNING, result={})
    response = signed_in.get(reverse("recognition:recognition", args=[run.pk]))
    assert response["Location"] == reverse("anonymizer:run", args=[run.pk])


def test_a_run_of_another_kind_is_not_found_here(signed_in):
    assert signed_in.get(reverse("recognition:recognition", args=[RunFactory().pk])).status_code == 404


# --- What is chosen to begin with -----------------------------------------------------------------
WITH_A_DATASET = (
    "recognition:sweeps",
    "recognition:ablations",
    "recognition:train",
    "anonymizer:anonymize",
    "anonymizer:train_network",
)


def test_the_newest_dataset_that_will_do_is_chosen_to_begin_with(signed_in):
    will_do, single = DatasetFactory(), DatasetFactory()
    for subject in [*(SubjectFactory(dataset=will_do) for _ in range(12)), SubjectFactory(dataset=single)]:
        for number in (1, 2):
            SequenceFactory(subject=subject, number=number)

    def chosen(name, **query):
        return signed_in.get(reverse(name), query).context["form"]["dataset"].value()

    assert {name: chosen(name) for name in WITH_A_DATASET} == dict.fromkeys(WITH_A_DATASET, will_do.pk)
    assert chosen("recognition:sweeps", dataset=single.pk) == str(single.pk)  # what was asked for stays


def test_an_anonymization_of_everybody_is_not_chosen_to_begin_with(signed_in, anonymization):
    AnonymizationFactory(split="", dataset=anonymization.dataset)
    page = signed_in.get(reverse("recognition:start"))
    assert page.context["form"]["anonymization"].value() == anonymization.pk


# --- Starting -------------------------------------------------------------------------------------
FIELDS = {"attackers": ["naive"], "gallery": "nm-01", "probe": "nm-02", "seed": 3}


@pytest.mark.parametrize("field", ["gallery", "probe"])
def test_what_is_no_sequence_is_an_error_of_its_field(signed_in, anonymization, field):
    fields = {**FIELDS, "anonymization": anonymization.pk, field: "zz-99"}
    response = signed_in.post(reverse("recognition:start"), fields)
    assert response.context["form"].errors == {
        field: ["'zz-99' is not a sequence. Write nm-01, or several as nm-01,nm-02."]
    }
    assert f'<a href="#id_{field}">' in response.content.decode()


def test_anonymizations_alike_are_told_apart_by_their_runs(signed_in, anonymization):
    page = signed_in.get(reverse("recognition:start")).content.decode()
    assert f"{anonymization}, run {anonymization.run_id}</option>" in page


def second_walk_changed(anonymization):
    """Somebody's first walk, and the second, which was changed."""
    subject = SubjectFactory(dataset=anonymization.dataset)
    SequenceFactory(subject=subject, number=1)
    AnonymizedSequenceFactory(
        anonymization=anonymization, source__subject=subject, source__number=2, source__view_angle=90
    )


def test_the_attackers_are_started_from_the_form(
    signed_in, anonymization, sent, django_capture_on_commit_callbacks
):
    second_walk_changed(anonymization)
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in.post(reverse("recognition:start"), {**FIELDS, "anonymization": anonymization.pk})
    run = Run.objects.get(kind=Run.Kind.RECOGNIZE)
    assert response["Location"] == reverse("anonymizer:run", args=[run.pk])
    assert run.parameters["anonymization_run"] == anonymization.run_id
    assert (run.parameters["attackers"], run.seed, sent) == (["naive"], 3, [run])


def test_what_the_attackers_may_spend_is_asked_and_checked(signed_in, anonymization):
    second_walk_changed(anonymization)
    fields = {**FIELDS, "anonymization": anonymization.pk, "copies": 20, "clips": 3, "view_angles": "90"}
    assert signed_in.post(reverse("recognition:start"), fields).status_code == 302
    asked = Run.objects.get(kind=Run.Kind.RECOGNIZE).parameters
    assert (asked["copies"], asked["clips"], asked["view_angles"]) == (20, 3, [90])
    refused = signed_in.post(reverse("recognition:start"), {**fields, "view_angles": "sideways"})
    assert refused.status_code == 422
    assert "These are not view angles in degrees." in text(refused)
    assert "Nothing was anonymized at view angle 45." in text(
        signed_in.post(reverse("recognition:start"), {**fields, "view_angles": "45"})
    )


def test_a_walk_in_gallery_and_probes_is_refused_and_nothing_is_lost(signed_in, anonymization):
    fields = {**FIELDS, "anonymization": anonymization.pk, "probe": "nm-01"}
    response = signed_in.post(reverse("recognition:start"), fields)
    assert response.status_code == 422
    assert "nm-01 is in the gallery and among the probes" in text(response)
    assert "<title>Error: Who is still named?" in response.content.decode()
    assert 'value="nm-01"' in response.content.decode()


def test_an_attackers_own_copy_is_not_offered(signed_in, anonymization):
    copy = AnonymizationFactory(copy=Anonymization.Copy.ATTACKER, split="30:15:55")
    page = signed_in.get(reverse("recognition:start")).content.decode()
    assert f'<option value="{anonymization.pk}"' in page
    assert f'<option value="{copy.pk}"' not in page


def test_a_recognizer_is_trained_from_the_form(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=8, view_angles=(90,), numbers=(1,))
    fields = {"dataset": dataset.pk, "split": "30:30:40", "seed": 1}
    assert signed_in.post(reverse("recognition:train"), fields).status_code == 302
    assert Run.objects.get(kind=Run.Kind.TRAIN_RECOGNIZER).parameters["split"] == "30:30:40"
    refused = signed_in.post(reverse("recognition:train"), {**fields, "split": "10:10:80:0"})
    assert refused.status_code == 422
    assert "is not a split" in text(refused)


# --- Downloads ------------------------------------------------------------------------------------
@pytest.fixture
def identified(anonymization):
    """One run with two answers, one right and one wrong."""
    run = recognized(anonymization)
    recognizer = Recognizer.objects.create(
        name="a recognizer", dataset=anonymization.dataset, sha256="0" * 64
    )
    recognition = Recognition.objects.create(
        run=run,
        recognizer=recognizer,
        dataset=anonymization.dataset,
        attacker="naive",
        anonymization=anonymization,
    )
    other = SubjectFactory(dataset=anonymization.dataset, label="002")
    subject = SubjectFactory(dataset=anonymization.dataset, label="001")
    for number, (predicted, rank) in enumerate(((subject, 1), (other, 2)), start=1):
        Identification.objects.create(
            recognition=recognition,
            probe=SequenceFactory(subject=subject, number=number),
            gallery_view_angle=90,
            predicted_subject=predicted,
            true_rank=rank,
            distance=1.5,
        )
    return run


def test_identifications_are_downloaded_as_csv(signed_in, identified):
    response = signed_in.get(reverse("recognition:export", args=[identified.pk]), {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert [(row["predicted_subject"], row["identified"]) for row in rows] == [
        ("001", "True"),
        ("002", "False"),
    ]
    assert f"recognition-run-{identified.pk}.csv" in response["Content-Disposition"]


def test_identifications_are_downloaded_as_xlsx(signed_in, identified):
    response = signed_in.get(reverse("recognition:export", args=[identified.pk]), {"format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    names, first, second = sheet.iter_rows(values_only=True)
    assert dict(zip(names, first, strict=True))["predicted_subject"] == "001"
    assert dict(zip(names, second, strict=True))["true_rank"] == 2


def test_a_format_that_does_not_exist_is_told_with_those_that_do(signed_in, identified):
    sweep = RunFactory(kind=Run.Kind.SWEEP, parameters={"conditions": []})
    for name, run, sentence in (
        ("recognition:export", identified, "There is no format 'foo'. Use one of: csv, xlsx."),
        ("recognition:sweep_export", sweep, "There is no format 'foo'. Use one of: csv, json, svg."),
    ):
        answer = signed_in.get(reverse(name, args=[run.pk]), {"format": "foo"})
        assert (answer.status_code, "Content-Disposition" in answer.headers) == (404, False)
        assert sentence in html.unescape(text(answer))


# --- Words and shades -----------------------------------------------------------------------------
def test_a_rate_has_its_unit_and_an_undefined_one_says_so():
    assert (figures.percent(0.9524), figures.percent(None)) == ("95.2\u00a0%", "n/a")
    assert (figures.interval([0.1, 0.25]), figures.interval(None)) == ("10.0 to 25.0", "no interval")
