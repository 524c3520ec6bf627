"""What people may ask of the anonymizer. Each form ends in a run, or says in words why it can't."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator

from anonymizer import runs
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Dataset, Run

CLASSES: dict[type[Any], str] = {
    forms.Select: "form-select",
    forms.RadioSelect: "",
    forms.CheckboxSelectMultiple: "",
    forms.CheckboxInput: "",
}
SPLIT_HINT = (
    "Percent of subjects that train the recognizer, train the network, and are tested; "
    "or “paper”: the last 24, the first 10 and the rest."
)
TRIED = 50  # datasets that are looked at to find one that will do


class SiteForm(forms.Form):
    """A form in the site's look: Bootstrap's classes, and a title for the list of errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            look = CLASSES.get(type(field.widget), "form-control")
            field.widget.attrs["class"] = f"{look} {field.widget.attrs.get('class', '')}".strip()
            field.error_messages["required"] = "This is needed."
            for validator in field.validators:
                if isinstance(validator, MinValueValidator | MaxValueValidator):
                    bound = "least" if isinstance(validator, MinValueValidator) else "most"
                    validator.message = f"Use at {bound} %(limit_value)s."
            field.widget.use_fieldset = isinstance(
                field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple
            )

    @property
    def things_to_correct(self) -> str:
        count = sum(len(errors) for errors in self.errors.values())
        return "1 thing to correct" if count == 1 else f"{count} things to correct"


class RunForm(SiteForm):
    """A form that starts a run. What `runs` refuses becomes an error of the form."""

    seed = forms.IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        initial=0,
        help_text="The same seed gives the same result, bit for bit.",
    )

    def start(self, user: User | None) -> Run | None:
        try:
            return self.request(user)
        except Refused as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, _for_a_page(str(refusal)))
            return None

    def request(self, user: User | None) -> Run:
        raise NotImplementedError


def _for_a_page(sentence: str) -> str:
    """Without the dashes of a command's option, which nobody has typed here."""
    begun = sentence.replace("--split", "Split", 1) if sentence.startswith("--split") else sentence
    return begun.replace("--split", "split")


def ready_datasets() -> Any:
    return Dataset.objects.filter(ready=True)


class DatasetForm(RunForm):
    """A form that asks about a dataset; to begin with the newest one that will do is chosen."""

    dataset: "forms.ModelChoiceField[Dataset]" = forms.ModelChoiceField(queryset=None, empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dataset"].queryset = ready_datasets()  # type: ignore[attr-defined]
        if not self.is_bound and not self.initial.get("dataset"):
            found = next(filter(self._will_do, ready_datasets()[:TRIED]), None)
            self.initial = {**self.initial, "dataset": found and found.pk}

    def _will_do(self, dataset: Dataset) -> bool:
        try:
            self.check(dataset)
        except Refused:
            return False
        return True

    def check(self, dataset: Dataset) -> None:
        """Refuse a dataset that can't be used with all else as the form begins."""
        runs.check_split(dataset, runs.DEFAULT_SPLIT)


# --- Datasets -------------------------------------------------------------------------------------
class GenerateForm(RunForm):
    """Walkers who don't exist."""

    name = forms.CharField(
        max_length=100, help_text="As it will be called on every page, such as walkers-24."
    )
    subjects = forms.IntegerField(
        min_value=1,
        max_value=999,
        initial=24,
        help_text="24 make a quick trial, 124 are as many as CASIA-B has.",
    )
    normal = forms.IntegerField(
        label="Normal walks", min_value=0, max_value=99, initial=6, help_text="nm, each subject"
    )
    bag = forms.IntegerField(
        label="With a bag", min_value=0, max_value=99, initial=2, help_text="bg, each subject"
    )
    coat = forms.IntegerField(
        label="In a coat", min_value=0, max_value=99, initial=2, help_text="cl, each subject"
    )
    frames = forms.IntegerField(
        label="Frames a sequence", min_value=1, max_value=250, initial=50, help_text="25 make a second."
    )
    view_angles = forms.MultipleChoiceField(
        label="View angles",
        choices=[(str(angle), f"{angle}°") for angle in runs.CASIA_B_VIEW_ANGLES],
        initial=[str(angle) for angle in runs.CASIA_B_VIEW_ANGLES],
        widget=forms.CheckboxSelectMultiple,
        help_text="0° walks towards the camera, at 90° it sees the side, 180° walks away.",
    )
    difficulty = forms.ChoiceField(
        help_text="How hard the walkers are to tell apart. A model, not a measurement."
    )
    path_variation = forms.FloatField(
        required=False,
        min_value=0,
        max_value=10,
        initial=1,
        help_text="How many times as much place and heading differ from walk to walk. 1 is as the difficulty has it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from anonymizer.gait.walkers.difficulty import DIFFICULTIES

        super().__init__(*args, **kwargs)
        self.fields["view_angles"].compact = True  # type: ignore[attr-defined]
        self.fields["difficulty"].choices = [(name, name) for name in DIFFICULTIES]  # type: ignore[attr-defined]
        self.fields["difficulty"].initial = "casia"

    def request(self, user: User | None) -> Run:
        asked = self.cleaned_data
        return runs.request_walkers(
            asked["name"],
            asked["subjects"],
            sequences={"nm": asked["normal"], "bg": asked["bag"], "cl": asked["coat"]},
            view_angles=[int(angle) for angle in asked["view_angles"]],
            frames=asked["frames"],
            difficulty=asked["difficulty"],
            path_variation=1.0 if asked["path_variation"] is None else asked["path_variation"],
            seed=asked["seed"],
            user=user,
        )


def judged_anonymizations() -> Any:
    """Finished anonymizations that are there to be judged; the attackers' own copies are not."""
    done = Anonymization.objects.filter(run__status=Run.Status.SUCCEEDED, copy=Anonymization.Copy.PROBE)
    return done.select_related("dataset", "run")
