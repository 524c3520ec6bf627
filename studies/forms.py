"""The builder's form: everything a study is asked to be, checked as a whole, each error at its field."""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundWidget
from django.utils.datastructures import MultiValueDict

from anonymizer import uploads
from anonymizer.forms import SiteForm, judged_anonymizations
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Upload
from anonymizer.models import Sequence as Walk
from studies import manifests, planning_votes, words
from studies.expectations import Expected, expected
from studies.manifests import Manifest
from studies.models import Study
from studies.outlines import nearest
from studies.proposals import LIMITS, Proposal, label_of, pairs_by_view_angle, problems

UPLOADED = re.compile(r"clips-[0-9a-f]{32}(\.zip|\.tar\.gz|\.tgz|\.tar)")
CLIPS = "clips"  # what the files of uploaded clips begin with
DEFAULTS = {each.name: each.default for each in fields_of(Proposal)}
FIELD_OF = {"manifest": "clips", "questions": "question", "completion_code": "completion_code"}
TEMPLATES = {
    "naturalness": "The paper’s question. Original, then changed; 1 Bad to 5 Excellent.",
    "acr": "The changed walk alone, same five words.",
    "acr-hr": "As acr, originals hidden among them.",
    "dcr": "Original, 2 s grey, changed; 5 Imperceptible to 1 Very annoying.",
}


def whole(name: str, label: str, initial: int, hint: str = "") -> forms.IntegerField:
    _, least, most = LIMITS[name]
    return forms.IntegerField(
        label=label, initial=initial, min_value=int(least), max_value=int(most), help_text=hint, required=True
    )


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several rows; a number that no row can have is no row, though the database gives up at it."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError as error:
            raise forms.ValidationError("Choose from those that are listed.") from error


class BuilderForm(SiteForm):
    """One form for all of a study. A field that is wrong doesn't keep the others from being checked."""

    draft = forms.IntegerField(required=False, widget=forms.HiddenInput)
    uploaded = forms.CharField(required=False, widget=forms.HiddenInput)  # clips that were sent before
    upload = forms.CharField(
        required=False, widget=forms.HiddenInput
    )  # clips that were sent in parts just now
    name = forms.CharField(max_length=100, help_text="For your lists and exports; raters don’t see it.")
    anonymizations = RowsField(
        queryset=None, required=False, label="Conditions", widget=forms.CheckboxSelectMultiple
    )
    clips = forms.FileField(
        label="Clips of your own",
        required=False,
        widget=forms.FileInput(attrs={"accept": ",".join(uploads.ARCHIVES)}),
        help_text="A .zip with manifest.csv: original, processed, view_angle, label; and the video files it names. "
        "It is sent in parts: after a lost connection it goes on where it stood.",
    )
    view_angles = forms.MultipleChoiceField(
        label="View angles", required=False, widget=forms.CheckboxSelectMultiple
    )
    pairs_per_view_angle = whole(
        "pairs_per_view_angle",
        "Pairs a view angle",
        9,
        "Of each condition. More clips help more than more raters.",
    )
    clip_seconds = forms.FloatField(
        label="Seconds a clip",
        initial=10,
        min_value=LIMITS["clip_seconds"][1],
        max_value=LIMITS["clip_seconds"][2],
        help_text="10 is recommended. Shorter walks repeat.",
    )
    rendering = forms.ChoiceField(
        choices=Study.Rendering.choices, initial="centred", widget=forms.RadioSelect
    )
    template = forms.ChoiceField(
        choices=[(name, name) for name in TEMPLATES], initial="naturalness", widget=forms.RadioSelect
    )
    layout = forms.ChoiceField(
        choices=[("sequential", "One after the other"), ("side-by-side", "Side by side")],
        initial="sequential",
        widget=forms.RadioSelect,
    )
    question = forms.CharField(max_length=200, required=False)
    raters = whole(
        "raters", "Raters wanted", 30, "24 after screening is the standard’s least; 35 outside a laboratory."
    )
    pairs_per_rater = whole("pairs_per_rater", "Pairs a rater", 30)
    platform = forms.ChoiceField(label="They come from", choices=Study.Platform.choices, initial="link")
    closes_on = forms.DateField(
        label="Closes on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Its last day. Empty: you close it.",
        error_messages={"invalid": "This is no day. Write it as 2030-12-31."},
    )
    completion_code = forms.CharField(
        max_length=16, required=False, label="Completion code", help_text="Empty: one is made for you."
    )
    return_url = forms.URLField(
        max_length=500,
        required=False,
        label="Return address",
        assume_scheme="https",
        help_text="Where the platform takes raters back. Empty: Prolific’s own with the code; MTurk tells it.",
    )
    quotas = forms.CharField(
        required=False, label="Most of a language", help_text="Such as ja=10, vi=10. Empty: whoever comes."
    )
    rater_days = whole("rater_days", "Days to finish", 14, "Then a personal link expires.")
    idle_minutes = whole("idle_minutes", "Idle minutes", 60, "Then a seat is given out again.")
    identity_days = whole("identity_days", "Days platform ids are kept", 30, "After the study closes.")
    count_abandoned = forms.BooleanField(
        label="Votes of raters who left count",
        required=False,
        help_text="Said beside every figure either way.",
    )
    training_pairs = whole("training_pairs", "Practice pairs", 5, "They span the scale and aren’t counted.")
    check_pairs = whole(
        "check_pairs", "Check pairs", 3, "Identical walks and broken ones, never shown as tests."
    )
    playback_check = forms.BooleanField(
        label="Playback is verified",
        required=False,
        initial=True,
        help_text="A score needs both clips watched to 95 %. Without it the study is a rehearsal, marked everywhere.",
    )
    pause_half_way = forms.BooleanField(
        label="Pause half-way", required=False, initial=True, help_text="As long as a rater wants."
    )
    seed = forms.IntegerField(
        min_value=0, max_value=2**63 - 1, initial=0, help_text="The same seed draws the same pairs and seats."
    )
    pilot: "forms.ModelChoiceField[Study]" = forms.ModelChoiceField(
        queryset=None, required=False, label="Votes vary as in", empty_label="simulations (0.35, 0.45, 0.7)"
    )
    wanted_width = forms.FloatField(
        required=False, min_value=0.01, max_value=2, label="Half-width wanted", widget=forms.NumberInput
    )

    def __init__(self, *args: Any, user: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user if isinstance(user, User) else None
        self.proposal: Proposal | None = None
        self.set_choice("anonymizations", judged_anonymizations().order_by("-pk"))
        self.set_choice("pilot", planning_votes.pilots(user))
        datasets = judged_anonymizations().order_by().values("dataset")
        angles = Walk.objects.filter(subject__dataset__in=datasets)
        self.angles = list(angles.order_by("view_angle").values_list("view_angle", flat=True).distinct())
        self.fields["view_angles"].choices = [(str(angle), f"{angle}°") for angle in self.angles]  # type: ignore[attr-defined]
        self.fields["view_angles"].initial = [str(angle) for angle in self.angles]

    def set_choice(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    # --- For the page -----------------------------------------------------------------------------
    def conditions(self) -> list[tuple[BoundWidget, Anonymization, str]]:
        """Each run that can be judged, its box and its label; those that are chosen first."""
        rows = {str(row.pk): row for row in judged_anonymizations()}
        shown = [(box, rows[str(box.data["value"])]) for box in self["anonymizations"].subwidgets]
        shown.sort(key=lambda each: not each[0].data["selected"])
        return [(box, row, label_of(row)) for box, row in shown]

    def figures(self) -> list[tuple[BoundWidget, str]]:
        """Each view angle's box, and the outline of a walker who is seen from there."""
        return [(box, nearest(int(str(box.data["value"])))) for box in self["view_angles"].subwidgets]

    def templates(self) -> list[tuple[BoundWidget, str]]:
        return [(box, TEMPLATES[str(box.data["value"])]) for box in self["template"].subwidgets]

    def questions(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("question_")]

    def template_words(self) -> dict[str, dict[str, str]]:
        """Every template's question by language, for the page's script."""
        return {
            name: {tag: words.default_question(name, tag) for tag in words.languages()} for name in TEMPLATES
        }

    # --- Checking ---------------------------------------------------------------------------------
    def clean_uploaded(self) -> str:
        name: str = self.cleaned_data["uploaded"]
        there = UPLOADED.fullmatch(name) and (Path(settings.FILE_UPLOAD_TEMP_DIR) / name).is_file()
        return name if there else ""

    def clean_clips(self) -> "UploadedFile[bytes] | None":
        file: UploadedFile[bytes] | None = self.cleaned_data["clips"]
        if file is None:
            return None
        try:
            uploads.ending(str(file.name))
            uploads.check_size(file.size or 0)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return file

    def clean_upload(self) -> Upload | None:
        token = self.cleaned_data["upload"]
        found = uploads.arrived(self.user, token)
        if token and found is None:
            self.add_error("clips", uploads.NOT_WHOLE)
        return found

    def clean_quotas(self) -> tuple[dict[str, Any], ...]:
        found = []
        for part in re.split(r"[,;\s]+", self.cleaned_data["quotas"].strip()):
            locale, _, most = part.partition("=")
            if part:
                found.append({"locale": locale, "most": int(most) if most.isdecimal() else most})
        return tuple(found)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        manifest = self._manifest(cleaned)
        if manifest is None and not cleaned.get("view_angles") and "view_angles" not in self.errors:
            self.add_error("view_angles", "Choose at least one view angle.")
        self.proposal = self._proposal(cleaned, manifest)
        for name, sentence in problems(self.proposal):
            at = FIELD_OF.get(name, name)
            if at not in self.errors:
                self.add_error(at, sentence)
        return cleaned

    def _manifest(self, cleaned: Mapping[str, Any]) -> Manifest | None:
        """What was uploaded now, or before; it is kept, so that it need not be sent again for another field's sake."""
        name, self.uploaded_name = "the uploaded archive", cleaned.get("uploaded", "")
        if upload := cleaned.get("upload"):
            name, self.uploaded_name = upload.filename, uploads.take(upload, CLIPS).name
        elif sent := cleaned.get("clips"):
            name, self.uploaded_name = str(sent.name), uploads.store(sent, CLIPS).name
        if not self.uploaded_name:
            return None
        try:
            return manifests.read(Path(settings.FILE_UPLOAD_TEMP_DIR) / self.uploaded_name)
        except Refused as refused:
            self.add_error("clips", str(refused).replace(self.uploaded_name, name))
            self.uploaded_name = ""
            return None

    def _proposal(self, cleaned: Mapping[str, Any], manifest: Manifest | None = None) -> Proposal:
        """With a default in place of what is wrong, so that everything else can be checked."""
        asked = {name: cleaned[name] for name in DEFAULTS if cleaned.get(name) is not None}
        asked.setdefault("name", "x")  # its own error is told already
        asked["anonymizations"] = self._in_order(asked.get("anonymizations", ()))
        chosen = tuple(int(angle) for angle in asked.pop("view_angles", ()))
        asked["view_angles"] = () if manifest or set(chosen) == set(self.angles) else chosen
        asked["questions"] = self._own_questions(cleaned)
        asked["question"] = self._own_question(cleaned)
        return Proposal(**asked, manifest=manifest)

    def _in_order(self, chosen: Iterable[Anonymization]) -> tuple[Anonymization, ...]:
        """The runs as they stand on the page, not as the database has them."""
        sent = [str(each) for each in self["anonymizations"].value() or ()]
        return tuple(sorted(chosen, key=lambda each: sent.index(str(each.pk))))

    def _own_question(self, cleaned: Mapping[str, Any]) -> str:
        """Empty where it is a template's: choosing another template then brings its question."""
        asked = str(cleaned.get("question") or "").strip()
        return "" if asked in {words.default_question(name) for name in TEMPLATES} else asked

    def _own_questions(self, cleaned: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for tag in words.languages():
            asked = str(cleaned.get(f"question_{tag}") or "").strip()
            if asked and asked not in {words.default_question(name, tag) for name in TEMPLATES}:
                found[tag] = asked
        return found

    # --- What to expect ---------------------------------------------------------------------------
    def loose_proposal(self) -> Proposal:
        """Of the values as they stand, whatever is wrong with the others; nothing is asked of what is uploaded."""
        cleaned = {}
        for name in self.fields:
            if name not in ("clips", "uploaded", "upload"):
                cleaned[name] = self._value(name)
        cleaned["quotas"] = ()
        return self._proposal(cleaned)

    def pairs_there(self) -> int:
        """How many pairs the study would have, whatever else is wrong."""
        return sum(pairs_by_view_angle(self.loose_proposal()).values())

    def expected(self) -> Expected | None:
        proposal = self.loose_proposal()
        if not proposal.anonymizations or any(
            self._value(name) is None for name in ("raters", "pairs_per_rater")
        ):
            return None
        return expected(proposal, pilot=self._value("pilot"), wanted=self._value("wanted_width"))

    def _value(self, name: str) -> Any:
        """A field's cleaned value, None where it is wrong or missing; the other fields don't matter."""
        try:
            return self.fields[name].clean(self[name].value())
        except forms.ValidationError:
            return None


for _tag, _name in words.languages().items():
    if _tag != words.DEFAULT:
        BuilderForm.base_fields[f"question_{_tag}"] = forms.CharField(
            max_length=200, required=False, label=f"Question, {_name}"
        )


# --- Uploads and drafts -----------------------------------------------------------------------------
def copied(manifest: Manifest) -> Manifest:
    """The same clips again, for a run that will take them away."""
    target = uploads.new_file(manifest.path.name, CLIPS)
    shutil.copyfile(manifest.path, target)
    return Manifest(target, manifest.root, manifest.rows, manifest.wrong)


UNKEPT = ("csrfmiddlewaretoken", "do", "draft", "clips", "upload")


def kept_fields(posted: "MultiValueDict[str, str]") -> dict[str, list[str]]:
    """What a draft keeps of what was sent: texts of the form's fields, of a bearable length."""
    known = set(BuilderForm.base_fields) - set(UNKEPT)
    return {name: [value[:600] for value in posted.getlist(name)][:200] for name in posted if name in known}


def initial_of(fields: Mapping[str, list[str]]) -> Iterator[tuple[str, Any]]:
    """A draft's fields as a form begins with; a box that was not ticked is not in it."""
    for name, field in BuilderForm.base_fields.items():
        values = fields.get(name, [])
        if isinstance(field, forms.BooleanField):
            yield name, bool(values)
        elif isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
            yield name, values
        elif values:
            yield name, values[-1]
