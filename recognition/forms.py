"""What people may ask of recognition: a recognizer, or the attackers' ladder on an anonymization."""

from collections.abc import Callable
from math import isfinite
from typing import Any

from django import forms
from django.contrib.auth.models import User

from anonymizer import runs as anonymizer_runs
from anonymizer.forms import SPLIT_HINT, DatasetForm, RunForm, judged_anonymizations
from anonymizer.gait.catalogue import METHODS
from anonymizer.models import Anonymization, Dataset, Run
from recognition import runs, sweeping
from recognition.choices import GALLERY, PROBE
from recognition.models import Recognizer


class RecognizerForm(RunForm):
    """Which kind of recognizer is trained, and how."""

    kind = forms.ChoiceField(required=False, initial=runs.KIND)
    parameters = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Only what differs from the defaults, one name=value a line.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from recognition.identify.recognizers import KINDS, shown

        super().__init__(*args, **kwargs)
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
            said = str(error).rstrip(".")
            self.add_error("parameters", f"{said[0].upper()}{said[1:]}.")
        return cleaned


class TrainForm(DatasetForm, RecognizerForm):
    """A recognizer trained on the subjects who are not tested."""

    split = forms.CharField(max_length=16, initial=anonymizer_runs.DEFAULT_SPLIT, help_text=SPLIT_HINT)
    field_order = ["dataset", "split", "kind", "parameters", "seed"]

    def request(self, user: User | None) -> Run:
        return runs.request_recognizer(**self.cleaned_data, user=user)


class AblationForm(DatasetForm):
    """Variants of the recognizer, compared on clear walks."""

    split = forms.CharField(max_length=16, initial=anonymizer_runs.DEFAULT_SPLIT, help_text=SPLIT_HINT)
    gallery = forms.CharField(
        max_length=200, required=False, help_text=f"Empty: {GALLERY}, or the first half."
    )
    probe = forms.CharField(
        label="Probes", max_length=200, required=False, help_text=f"Empty: {PROBE}, or the other half."
    )
    field_order = ["dataset", "split", "gallery", "probe", "seed"]

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        runs.check_choices(dataset, {})

    def request(self, user: User | None) -> Run:
        return runs.request_ablation(**self.cleaned_data, user=user)


class AttackForm(RunForm):
    """Who attacks, and what they may spend."""

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from recognition.identify.attackers import ATTACKERS

        super().__init__(*args, **kwargs)
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


class StartForm(AttackForm):
    """Who is still named in an anonymization, by which attackers."""

    anonymization: "forms.ModelChoiceField[Anonymization]" = forms.ModelChoiceField(
        queryset=None, empty_label=None, help_text="Only finished ones are listed."
    )
    recognizer: "forms.ModelChoiceField[Recognizer]" = forms.ModelChoiceField(
        queryset=None,
        required=False,
        empty_label="The newest that fits, or a new one",
        help_text="It fits if it was trained on the same dataset and split. You may choose another.",
    )
    field_order = [
        "anonymization", "recognizer", "attackers", "gallery", "probe", "copies", "clips", "view_angles", "seed",
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["anonymization"].queryset = judged_anonymizations()  # type: ignore[attr-defined]
        if not self.is_bound and not self.initial.get("anonymization"):
            newest = judged_anonymizations().exclude(split="").first()  # else nobody is left to train on
            self.initial = {**self.initial, "anonymization": newest and newest.pk}
        self.fields["anonymization"].label_from_instance = lambda each: f"{each}, run {each.run_id}"  # type: ignore[attr-defined]
        self.fields["recognizer"].queryset = Recognizer.objects.filter(  # type: ignore[attr-defined]
            trained_on=Recognizer.TrainedOn.CLEAR
        )

    def request(self, user: User | None) -> Run:
        return runs.request_recognition(**self.cleaned_data, user=user)


class SweepForm(DatasetForm, RecognizerForm, AttackForm):
    """The same experiment over methods, alphas and seeds."""

    seed = None  # type: ignore[assignment]  # there are several
    split = forms.CharField(max_length=16, initial=anonymizer_runs.DEFAULT_SPLIT, help_text=SPLIT_HINT)
    methods = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, initial=["sdf", "replace-best"])
    alphas = forms.CharField(
        required=False,
        max_length=100,
        help_text="As in 0.3, 1.5, for methods that have one. Empty: each its own.",
    )
    seeds = forms.CharField(
        max_length=100, initial="0, 1, 2", help_text="At least three show how far results spread."
    )
    epochs = forms.IntegerField(
        required=False, min_value=1, max_value=1000, initial=anonymizer_runs.EPOCHS,
        help_text="Of methods with a network.",
    )  # fmt: skip
    stride = forms.IntegerField(
        label="Every how many frames", required=False, min_value=1, max_value=50, initial=anonymizer_runs.STRIDE,
        help_text="Networks are trained on; more is faster.",
    )  # fmt: skip
    field_order = [
        "dataset", "split", "methods", "alphas", "seeds", "epochs", "stride", "attackers", "gallery", "probe",
        "copies", "clips", "view_angles", "kind", "parameters",
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["methods"].choices = [(name, name) for name in METHODS]  # type: ignore[attr-defined]
        self.fields["methods"].compact = self.fields["methods"].swatches = True  # type: ignore[attr-defined]
        self.fields["kind"].label = "Recognizer"
        self.fields["parameters"].label = "Its parameters"

    def clean_alphas(self) -> list[float]:
        return _listed(
            self.cleaned_data["alphas"], float, "Write numbers with commas between, as in 0.3, 1.5."
        )

    def clean_seeds(self) -> list[int]:
        return _listed(
            self.cleaned_data["seeds"], int, "Write whole numbers with commas between, as in 0, 1, 2."
        )

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        runs.check_choices(dataset, {})
        for name in self.fields["methods"].initial:
            anonymizer_runs.check_method(dataset, name)

    def request(self, user: User | None) -> Run:
        asked = self.cleaned_data
        attack = {name: asked[name] for name in AttackForm.base_fields if name in asked and name != "seed"}
        return sweeping.request_sweep(
            [asked["dataset"]],
            sweeping.conditions(asked["methods"], asked["alphas"]),
            asked["seeds"],
            asked["split"],
            epochs=asked["epochs"] or anonymizer_runs.EPOCHS,
            stride=asked["stride"] or anonymizer_runs.STRIDE,
            attack={name: value for name, value in attack.items() if value},
            user=user,
            recognizer={"kind": asked["kind"], "parameters": asked["parameters"]},
        )


def _listed(text: str, kind: Callable[[str], Any], hint: str) -> list[Any]:
    try:
        found = [kind(part) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise forms.ValidationError(f"{text!r} is not understood. {hint}") from error
    if not all(isfinite(each) for each in found):
        raise forms.ValidationError(f"{text!r} is not understood. {hint}")
    return found
