"""Forms in which a method is chosen: to train its network, and to change walks by it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.forms.boundfield import BoundField, BoundWidget

from anonymizer import runs
from anonymizer.forms import SPLIT_HINT, DatasetForm
from anonymizer.gait.catalogue import DATASET_DECIDES, DONOR_POLICIES, METHODS, Method
from anonymizer.gait.parameters import Choice, Parameter
from anonymizer.models import Checkpoint, Run


class MethodForm(DatasetForm):
    """A form in which a method is chosen and its own parameters are set: a field for each of each method."""

    trains = False  # whether the form is about what a network learns, or about what it is used for

    def offer(self, methods: Iterable[Method]) -> None:
        """Let one of these be chosen, the first to begin with."""
        self.methods = {each.name: each for each in methods}
        self.fields["method"].choices = [(each.name, each.label) for each in self.methods.values()]  # type: ignore[attr-defined]
        self.fields["method"].initial = next(iter(self.methods), None)
        for method in self.methods.values():
            for name, field_name in self._own(method).items():
                self.fields[field_name] = _parameter_field(name, method.parameters[name])

    def _own(self, method: Method) -> dict[str, str]:
        """The parameters that are asked for here, and their fields' names; α has a field for all methods."""
        names = set(method.learned) if self.trains else method.parameters.keys() - method.learned
        return {name: f"{method.name}.{name}" for name in method.further_parameters if name in names}

    def described_methods(self) -> list[tuple[BoundWidget, Method, list[BoundField]]]:
        """Each choice of method with what the catalogue says of it and the fields of its parameters."""
        offered = [(option, self.methods[str(option.data["value"])]) for option in self["method"].subwidgets]
        return [
            (option, method, [self[field] for field in self._own(method).values()])
            for option, method in offered
        ]

    def clean(self) -> dict[str, Any]:
        """With the chosen method's `parameters`; the fields of other methods are left out."""
        cleaned = super().clean() or self.cleaned_data
        kept = {name: value for name, value in cleaned.items() if "." not in name}
        method = self.methods.get(cleaned.get("method", ""))
        if method is None:
            return kept
        if method.default_alpha is None and kept.get("alpha") is not None:
            self.add_error("alpha", f"{method.name} has no alpha. Leave it empty.")
        return {**kept, "parameters": self._parameters(method, cleaned)}

    def _parameters(self, method: Method, cleaned: dict[str, Any]) -> dict[str, Any]:
        """What was filled in; what can't be is an error of its field."""
        found: dict[str, Any] = {}
        for name, field in self._own(method).items():
            try:
                found |= method.parsed({name: cleaned[field]}) if cleaned.get(field) else {}
            except ValueError as error:
                self.add_error(field, f"{str(error)[0].upper()}{str(error)[1:]}.")
        return found


def _parameter_field(name: str, spec: Parameter) -> forms.Field:
    """A field for one parameter; empty means as usual."""
    label, hint = name.replace("_", " ").capitalize(), f"{spec.about[0].upper()}{spec.about[1:]}."
    if isinstance(spec, Choice):
        choices = [(option, option) for option in spec.options]
        choice = forms.ChoiceField(label=label, required=False, choices=choices, initial=spec.default)
        choice.help_text, choice.widget.attrs["class"] = hint, "form-select"
        return choice
    field = forms.CharField(label=label, required=False, max_length=16)
    usual = "as the dataset has it" if name in DATASET_DECIDES else spec.default
    field.help_text = f"{hint} {spec.accepts[0].upper()}{spec.accepts[1:]}. Empty: {usual}."
    field.widget.attrs["class"] = "form-control"
    return field


class TrainNetworkForm(MethodForm):
    """Weights for a method that has a network."""

    trains = True

    method = forms.ChoiceField(widget=forms.RadioSelect)
    alpha = forms.FloatField(
        label="Alpha",
        required=False,
        min_value=0,
        help_text="Weight of the noise gait. Empty: the method's own, 0.3 in the paper.",
    )
    split = forms.CharField(max_length=16, initial=runs.DEFAULT_SPLIT, help_text=SPLIT_HINT)
    epochs = forms.IntegerField(
        min_value=1, max_value=10_000, initial=100, help_text="The paper's network saw 100."
    )
    stride = forms.IntegerField(
        min_value=1,
        max_value=1000,
        initial=1,
        help_text="Every how many frames one is trained on. 1 takes all.",
    )
    field_order = ["dataset", "method", "alpha", "split", "epochs", "stride", "seed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(each for each in METHODS.values() if each.needs_network)

    def request(self, user: User | None) -> Run:
        return runs.request_network(**self.cleaned_data, user=user)


class AnonymizeForm(MethodForm):
    """What is to be done to a dataset's walks."""

    method = forms.ChoiceField(widget=forms.RadioSelect)
    alpha = forms.FloatField(
        label="Alpha",
        required=False,
        min_value=0,
        max_value=100,
        help_text="Weight of the donor. Empty: the method's own.",
    )
    donor = forms.ChoiceField(
        label="Donors",
        required=False,
        help_text="Whose gait is mixed in. Fresh synthetic walkers impersonate nobody.",
    )
    checkpoint: "forms.ModelChoiceField[Checkpoint]" = forms.ModelChoiceField(
        queryset=None,
        required=False,
        empty_label="None",
        help_text="Only for methods with a network. One trained on another dataset will do.",
    )
    split = forms.CharField(
        max_length=16,
        required=False,
        initial=runs.DEFAULT_SPLIT,
        help_text=f"{SPLIT_HINT} Those tested are changed. Empty: everybody, as few as there are.",
    )
    field_order = ["dataset", "method", "alpha", "donor", "checkpoint", "split", "seed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checkpoint"].queryset = Checkpoint.objects.all()  # type: ignore[attr-defined]
        self.offer(METHODS.values())
        own = [
            ("", "The method's own"),
            *((name, f"{name}: {about}") for name, about in DONOR_POLICIES.items()),
        ]
        self.fields["donor"].choices = own  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        method, checkpoint = METHODS.get(cleaned.get("method", "")), cleaned.get("checkpoint")
        if method and method.needs_network and checkpoint is None:
            self.add_error(
                "checkpoint",
                f"{method.label} needs a trained network. Train one first, or choose another method.",
            )
        if method and checkpoint and method.needs_network and checkpoint.method != method.name:
            self.add_error(
                "checkpoint", f"This network was trained for {checkpoint.method}, not for {method.name}."
            )
        return cleaned

    def request(self, user: User | None) -> Run:
        asked = {name: self.cleaned_data[name] or None for name in ("donor", "split")}
        return runs.request_anonymization(**{**self.cleaned_data, **asked}, user=user)
