"""What may still be set once a study is made, and with whom it is shared."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone

from anonymizer.forms import SiteForm
from studies.models import Study
from studies.proposals import LIMITS, may_return_to


class SettingsForm(SiteForm):
    """Nothing of it changes what raters see."""

    name = forms.CharField(max_length=100)
    closes_on = forms.DateField(
        label="Closes on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Its last day. Empty: you close it.",
    )
    return_url = forms.URLField(
        label="Return address", max_length=500, required=False, assume_scheme="https",
        help_text="Where the platform takes raters back.",
    )  # fmt: skip
    rater_days = forms.IntegerField(label="Days to finish", help_text="For raters who come from now on.")
    idle_minutes = forms.IntegerField(label="Idle minutes", help_text="Then a seat is given out again.")
    count_abandoned = forms.BooleanField(
        label="Votes of raters who left count",
        required=False,
        help_text="Said beside every figure either way.",
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        self.study = study
        kwargs["initial"] = {name: getattr(study, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True  # the page sends back what it showed

    def changed(self) -> dict[str, Any]:
        """What its user set: what somebody else has set since the page was loaded is not set back."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if Study.objects.exclude(pk=self.study.pk).filter(name=name).exists():
            raise forms.ValidationError(f"A study is named {name!r} already. Choose another name.")
        return name

    def clean_closes_on(self) -> Any:
        day = self.cleaned_data["closes_on"]
        if day and day != self.study.closes_on and day <= timezone.localdate():
            raise forms.ValidationError("Choose tomorrow or later, or leave it empty.")
        return day

    def clean_return_url(self) -> str:
        url: str = self.cleaned_data["return_url"]
        if url and not may_return_to(url):
            raise forms.ValidationError("Raters are sent to https addresses of known platforms only.")
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("rater_days", "idle_minutes"):
            _, least, most = LIMITS[name]
            if name in cleaned and not least <= cleaned[name] <= most:
                self.add_error(name, f"Use a number from {least:g} to {most:g}.")
        return cleaned


class SeatsForm(SiteForm):
    raters = forms.IntegerField(label="Raters in all", help_text="The same balanced draw goes on for them.")


class ShareForm(SiteForm):
    user = forms.CharField(label="User name", max_length=150)
    may_edit = forms.BooleanField(label="May change it, too", required=False)

    def clean_user(self) -> User:
        name = self.cleaned_data["user"].strip()
        found = User.objects.filter(username=name, is_active=True).first()
        if found is None:
            raise forms.ValidationError(
                f"Nobody here is named {name!r}. Ask an administrator for an account."
            )
        return found
