"""What people may ask of recognition: a recognizer, or the attackers' ladder on an anonymization."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from anonymizer.forms import SPLIT_HINT, RunForm, judged_anonymizations, ready_datasets
from anonymizer.models import Anonymization, Dataset, Run
from recognition import runs
from recognition.models import Recognizer


class TrainForm(RunForm):
    """A recognizer trained on the subjects who are not tested."""

    dataset: "forms.ModelChoiceField[Dataset]" = forms.ModelChoiceField(queryset=None, empty_label=None)
    split = forms.CharField(max_length=16, initial="30:15:55", help_text=SPLIT_HINT)
    field_order = ["dataset", "split", "seed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dataset"].queryset = ready_datasets()  # type: ignore[attr-defined]

    def request(self, user: User | None) -> Run:
        return runs.request_recognizer(**self.cleaned_data, user=user)


class StartForm(RunForm):
    """Who is still named in an anonymization, by which attackers."""

    anonymization: "forms.ModelChoiceField[Anonymization]" = forms.ModelChoiceField(
        queryset=None, empty_label=None, help_text="Only finished ones are listed."
    )
    attackers = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    gallery = forms.CharField(
        max_length=200,
        initial=runs.GALLERY,
        help_text="The walks by which everybody is known, such as nm-01,nm-02.",
    )
    probe = forms.CharField(
        label="Probes",
        max_length=200,
        initial=runs.PROBE,
        help_text="The walks to be named. None may be in the gallery.",
    )
    recognizer: "forms.ModelChoiceField[Recognizer]" = forms.ModelChoiceField(
        queryset=None,
        required=False,
        empty_label="The newest that fits, or a new one",
        help_text="It fits if it was trained on the same dataset and split. You may choose another.",
    )
    field_order = ["anonymization", "recognizer", "attackers", "gallery", "probe", "seed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from recognition.identify.attackers import ATTACKERS

        super().__init__(*args, **kwargs)
        self.fields["anonymization"].queryset = judged_anonymizations()  # type: ignore[attr-defined]
        self.fields["recognizer"].queryset = Recognizer.objects.filter(  # type: ignore[attr-defined]
            trained_on=Recognizer.TrainedOn.CLEAR
        )
        self.ladder = ATTACKERS
        self.fields["attackers"].choices = [(each.name, each.label) for each in ATTACKERS.values()]  # type: ignore[attr-defined]
        self.fields["attackers"].initial = list(ATTACKERS)

    def described_attackers(self) -> list[tuple[Any, Any]]:
        """Each choice with what that attacker knows."""
        return [(option, self.ladder[str(option.data["value"])]) for option in self["attackers"].subwidgets]

    def request(self, user: User | None) -> Run:
        return runs.request_recognition(**self.cleaned_data, user=user)
