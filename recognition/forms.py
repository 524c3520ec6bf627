"""What people may ask of recognition: a recognizer, or the attackers' ladder on an anonymization."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from anonymizer.forms import SPLIT_HINT, RunForm, judged_anonymizations, ready_datasets
from anonymizer.models import Anonymization, Dataset, Run
from recognition import runs
from recognition.choices import GALLERY, PROBE
from recognition.models import Recognizer


class TrainForm(RunForm):
    """A recognizer trained on the subjects who are not tested."""

    dataset: "forms.ModelChoiceField[Dataset]" = forms.ModelChoiceField(queryset=None, empty_label=None)
    split = forms.CharField(max_length=16, initial="30:15:55", help_text=SPLIT_HINT)
    kind = forms.ChoiceField(required=False, initial=runs.KIND)
    parameters = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Only what differs from the defaults, one name=value a line.",
    )
    field_order = ["dataset", "split", "kind", "parameters", "seed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from recognition.identify.recognizers import KINDS, shown

        super().__init__(*args, **kwargs)
        self.fields["dataset"].queryset = ready_datasets()  # type: ignore[attr-defined]
        self.fields["kind"].choices = [(each.name, each.label) for each in KINDS.values()]  # type: ignore[attr-defined]
        self.fields["kind"].chosen_otherwise = True  # type: ignore[attr-defined]
        self.kinds = [
            (each.label, [f"{name}={shown(value)}" for name, value in each.defaults().items()])
            for each in KINDS.values()
        ]

    def clean(self) -> dict[str, Any]:
        from recognition.identify.recognizers import kind_named

        cleaned = super().clean() or self.cleaned_data
        cleaned["kind"] = cleaned.get("kind") or runs.KIND
        lines = [line.strip() for line in cleaned.get("parameters", "").splitlines() if line.strip()]
        wrong = next((line for line in lines if "=" not in line), None)
        if wrong is not None:
            self.add_error("parameters", f"{wrong!r} is not understood. Write name=value, one a line.")
            return cleaned
        texts = {name.strip(): value for name, _, value in (line.partition("=") for line in lines)}
        try:
            cleaned["parameters"] = kind_named(cleaned["kind"]).parsed(texts)
        except ValueError as error:
            self.add_error("parameters", f"{str(error)[0].upper()}{str(error)[1:]}.")
        return cleaned

    def request(self, user: User | None) -> Run:
        return runs.request_recognizer(**self.cleaned_data, user=user)


class AblationForm(RunForm):
    """Variants of the recognizer, compared on clear walks."""

    dataset: "forms.ModelChoiceField[Dataset]" = forms.ModelChoiceField(queryset=None, empty_label=None)
    split = forms.CharField(max_length=16, initial="30:15:55", help_text=SPLIT_HINT)
    gallery = forms.CharField(
        max_length=200, required=False, help_text=f"Empty: {GALLERY}, or the first half."
    )
    probe = forms.CharField(
        label="Probes", max_length=200, required=False, help_text=f"Empty: {PROBE}, or the other half."
    )
    field_order = ["dataset", "split", "gallery", "probe", "seed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dataset"].queryset = ready_datasets()  # type: ignore[attr-defined]

    def request(self, user: User | None) -> Run:
        return runs.request_ablation(**self.cleaned_data, user=user)


class StartForm(RunForm):
    """Who is still named in an anonymization, by which attackers."""

    anonymization: "forms.ModelChoiceField[Anonymization]" = forms.ModelChoiceField(
        queryset=None, empty_label=None, help_text="Only finished ones are listed."
    )
    attackers = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    gallery = forms.CharField(
        max_length=200,
        required=False,
        help_text="The walks by which everybody is known, such as nm-01,nm-02. Empty: those that were not changed.",
    )
    probe = forms.CharField(
        label="Probes",
        max_length=200,
        required=False,
        help_text="The walks to be named; none may be in the gallery. Empty: those that were changed.",
    )
    recognizer: "forms.ModelChoiceField[Recognizer]" = forms.ModelChoiceField(
        queryset=None,
        required=False,
        empty_label="The newest that fits, or a new one",
        help_text="It fits if it was trained on the same dataset and split. You may choose another.",
    )
    copies = forms.IntegerField(
        required=False,
        min_value=2,
        max_value=100,
        initial=runs.COPIES,
        help_text="Anonymized copies of each gallery walk that the attackers with many copies draw; 10 to 30.",
    )
    clips = forms.IntegerField(
        label="Linked clips", required=False, min_value=2, max_value=20, initial=runs.CLIPS,
        help_text="Of one person. As many probes are needed.",
    )  # fmt: skip
    view_angles = forms.CharField(
        required=False,
        max_length=100,
        help_text="At which attackers with many copies work, as in 0,90,180, or all. Empty: three, first to last.",
    )
    field_order = [
        "anonymization", "recognizer", "attackers", "gallery", "probe", "copies", "clips", "view_angles", "seed",
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from recognition.identify.attackers import ATTACKERS

        super().__init__(*args, **kwargs)
        self.fields["anonymization"].queryset = judged_anonymizations()  # type: ignore[attr-defined]
        self.fields["anonymization"].label_from_instance = lambda each: f"{each}, run {each.run_id}"  # type: ignore[attr-defined]
        self.fields["recognizer"].queryset = Recognizer.objects.filter(  # type: ignore[attr-defined]
            trained_on=Recognizer.TrainedOn.CLEAR
        )
        self.ladder = ATTACKERS
        self.fields["attackers"].choices = [(each.name, each.label) for each in ATTACKERS.values()]  # type: ignore[attr-defined]
        self.fields["attackers"].initial = list(ATTACKERS)

    def clean_copies(self) -> int:
        return self.cleaned_data["copies"] or runs.COPIES

    def clean_clips(self) -> int:
        return self.cleaned_data["clips"] or runs.CLIPS

    def clean_view_angles(self) -> list[int] | str | None:
        text = self.cleaned_data["view_angles"].strip()
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if text in ("", "all"):
            return text or None
        if not all(part.isdecimal() for part in parts):
            raise forms.ValidationError("These are not view angles in degrees. Write 0,90,180, or all.")
        return [int(part) for part in parts]

    def described_attackers(self) -> list[tuple[Any, Any]]:
        """Each choice with what that attacker knows."""
        return [(option, self.ladder[str(option.data["value"])]) for option in self["attackers"].subwidgets]

    def request(self, user: User | None) -> Run:
        return runs.request_recognition(**self.cleaned_data, user=user)
