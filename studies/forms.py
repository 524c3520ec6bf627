"""What people may ask of studies."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from anonymizer.forms import RunForm, judged_anonymizations
from anonymizer.models import Anonymization, Run
from studies import runs


class StudyForm(RunForm):
    """A study made from one anonymization."""

    name = forms.CharField(max_length=100)
    anonymization: "forms.ModelChoiceField[Anonymization]" = forms.ModelChoiceField(
        queryset=None, empty_label=None
    )
    pairs_per_view_angle = forms.IntegerField(
        label="Pairs a view angle", initial=9, min_value=1, max_value=1000
    )
    pairs_per_rater = forms.IntegerField(label="Pairs a rater", initial=30, min_value=1, max_value=500)
    raters = forms.IntegerField(
        label="Raters wanted",
        initial=30,
        min_value=1,
        max_value=10_000,
        help_text="24 after screening is the standard's least; 35 outside a laboratory.",
    )
    clip_seconds = forms.FloatField(label="Seconds a clip", initial=10, min_value=0.4, max_value=60)
    question = forms.CharField(max_length=200, initial="How natural does the changed walk look?")
    open_when_prepared = forms.BooleanField(label="Open as soon as its clips are rendered", required=False)
    field_order = [
        "name",
        "anonymization",
        "pairs_per_view_angle",
        "pairs_per_rater",
        "raters",
        "clip_seconds",
        "question",
        "open_when_prepared",
        "seed",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["anonymization"].queryset = judged_anonymizations()  # type: ignore[attr-defined]

    def request(self, user: User | None) -> Run:
        study = runs.request_study(**self.cleaned_data, user=user)
        assert study.run is not None  # request_study makes it
        return study.run
