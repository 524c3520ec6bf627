"""What people may ask of studies, and what they can expect of what they ask for."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Count

from anonymizer.forms import RunForm, judged_anonymizations
from anonymizer.models import Anonymization, Run
from studies import runs, words
from studies.models import Study
from studies.mos import planning

NUMBERS = ("pairs_per_view_angle", "pairs_per_rater", "raters", "clip_seconds")


@dataclass(frozen=True)
class Expected:
    """How sure a study will be, before anyone has voted."""

    view_angles: int
    pairs: int
    votes: int
    votes_per_pair: float
    minutes: float
    half_widths: list[tuple[int, float | None, float | None]]  # raters, at one view angle, over all
    wanted: int
    advice: list[str]


class StudyForm(RunForm):
    """A study made from one anonymization."""

    name = forms.CharField(max_length=100, help_text="For your lists and exports; raters don’t see it.")
    anonymization: "forms.ModelChoiceField[Anonymization]" = forms.ModelChoiceField(
        queryset=None, empty_label=None, help_text="Only finished ones are listed."
    )
    pairs_per_view_angle = forms.IntegerField(
        label="Pairs a view angle",
        initial=9,
        min_value=1,
        max_value=1000,
        help_text="An original and its changed walk each. More of them make a finer mean than more raters do.",
    )
    clip_seconds = forms.FloatField(
        label="Seconds a clip",
        initial=10,
        min_value=0.4,
        max_value=60,
        help_text="10 is recommended. Shorter walks are shown again and again.",
    )
    question = forms.CharField(
        max_length=200,
        initial=Study._meta.get_field("question").default,
        help_text="Answered from 1 Bad to 5 Excellent.",
    )
    raters = forms.IntegerField(
        label="Raters wanted",
        initial=30,
        min_value=1,
        max_value=10_000,
        help_text="24 after screening is the standard’s least; 35 outside a laboratory.",
    )
    pairs_per_rater = forms.IntegerField(
        label="Pairs a rater",
        initial=30,
        min_value=1,
        max_value=500,
        help_text="Keep a session to 30 minutes.",
    )
    playback_check = forms.BooleanField(
        label="Playback is verified",
        required=False,
        initial=True,
        help_text="A score needs both clips watched to 95 %. Without it the study is a rehearsal, marked on every "
        "page and in every export.",
    )
    open_when_prepared = forms.BooleanField(
        label="Open when ready",
        required=False,
        help_text="Takes raters as soon as its clips are rendered. Otherwise it stays a draft until you open it.",
    )
    scale = words.default_scale("naturalness")
    field_order = ["name", "anonymization", *NUMBERS, "question", "playback_check", "open_when_prepared"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["anonymization"].queryset = judged_anonymizations()  # type: ignore[attr-defined]

    def request(self, user: User | None) -> Run:
        asked = dict(self.cleaned_data)
        study = runs.request_study(asked.pop("anonymization"), asked.pop("name"), user, **asked)
        assert study.run is not None  # request_study makes it
        return study.run

    def expected(self) -> Expected | None:
        """Of the values as they stand in the form; None where they make no study."""
        values = {name: _value(self, name) for name in NUMBERS}
        anonymization = _value(self, "anonymization") or judged_anonymizations().first()
        if anonymization is None or None in values.values():
            return None
        return expected(anonymization, **values)


def _value(form: StudyForm, name: str) -> Any:
    """A field's cleaned value, None where it is wrong or missing; the other fields don't matter."""
    try:
        return form.fields[name].clean(form[name].value())
    except forms.ValidationError:
        return None


def expected(
    anonymization: Anonymization,
    pairs_per_view_angle: int,
    pairs_per_rater: int,
    raters: int,
    clip_seconds: float,
) -> Expected | None:
    found = anonymization.sequences.values("source__view_angle").annotate(count=Count("pk"))
    clips = [min(pairs_per_view_angle, each["count"]) for each in found]
    if not clips or pairs_per_rater > sum(clips):
        return None
    per_angle = min(pairs_per_rater / len(clips), min(clips))
    widths = [
        (
            number,
            planning.expected_half_width(raters=number, clips=min(clips), votes_per_rater=per_angle),
            planning.expected_half_width(raters=number, clips=sum(clips), votes_per_rater=pairs_per_rater),
        )
        for number in sorted({max(2, raters // 2), raters, 2 * raters})
    ]
    return Expected(
        view_angles=len(clips),
        pairs=sum(clips),
        votes=raters * pairs_per_rater,
        votes_per_pair=raters * pairs_per_rater / sum(clips),
        minutes=planning.session_minutes(pairs=pairs_per_rater, clip_seconds=clip_seconds),
        half_widths=widths,
        wanted=raters,
        advice=planning.advice(
            raters=raters, pairs_per_rater=pairs_per_rater, training_pairs=0, clip_seconds=clip_seconds
        ),
    )
