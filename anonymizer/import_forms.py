"""What people may ask of an import: which archive, in which layout, what is kept, what is allowed."""

from pathlib import Path, PurePath
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from anonymizer import importing, runs, uploads
from anonymizer.forms import RunForm
from anonymizer.jobs import Refused
from anonymizer.models import Run, Upload

LAYOUTS = {
    Run.Kind.IMPORT_CASIA_B: "CASIA-B: a picture a frame, 001/nm-01/090/001-nm-01-090-001.png",
    Run.Kind.IMPORT_OPENGAIT: "OpenGait: an array a sequence, 001/nm-01/090/090.pkl or .npy",
}


class ImportForm(RunForm):
    """Walks from an uploaded archive or, for staff, from a path on the server."""

    seed = None  # type: ignore[assignment]  # nothing is drawn
    name = forms.CharField(max_length=100, help_text="As it will be called on every page, such as casia-b.")
    layout = forms.ChoiceField(choices=list(LAYOUTS.items()), initial=Run.Kind.IMPORT_CASIA_B, required=False)
    archive = forms.FileField(
        label="Archive",
        required=False,
        help_text="A .zip or .tar.gz. A large one is sent in parts: after a lost connection it goes on where it "
        "stood, and so it does when you choose the same file again.",
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(uploads.ARCHIVES)}),
    )
    upload = forms.CharField(required=False, widget=forms.HiddenInput)  # a file that was sent in parts
    path = forms.CharField(
        label="Or a path on the server",
        required=False,
        help_text="A folder or an archive the server can read.",
    )
    frames = forms.IntegerField(
        label="Frames a sequence",
        min_value=1,
        max_value=10_000,
        initial=50,
        help_text="Shorter sequences are left out and listed; of longer ones the last frames are kept.",
    )
    frame_rate = forms.FloatField(
        label="Frames a second",
        required=False,
        min_value=4,
        max_value=120,
        initial=f"{importing.FRAME_RATE:g}",
        help_text="As they were recorded, 25 in CASIA-B. Raters see the walks at this speed.",
    )
    licence = forms.CharField(
        max_length=200, required=False, help_text="Who allows what. It is shown wherever the data are."
    )
    may_be_shown_to_raters = forms.BooleanField(
        label="These walks may be shown to raters",
        required=False,
        help_text="Without it no study can open on them.",
    )

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        for name in (
            "layout",
            "archive",
        ):  # no data without them, but a default or another field may give them
            self.fields[name].chosen_otherwise = True  # type: ignore[attr-defined]
        if user is None or not user.is_staff:
            del self.fields["path"]

    @property
    def upload_kept(self) -> Upload | None:
        """A file that arrived whole with an earlier submit of this form, which need not be sent again."""
        return uploads.arrived(self.user, str(self["upload"].value() or ""))

    def clean_layout(self) -> str:
        return self.cleaned_data["layout"] or Run.Kind.IMPORT_CASIA_B

    def clean_archive(self) -> "UploadedFile[bytes] | None":
        archive: UploadedFile[bytes] | None = self.cleaned_data["archive"]
        if archive is not None:
            try:
                uploads.ending(str(archive.name))
                uploads.check_size(archive.size or 0)
            except Refused as refused:
                raise forms.ValidationError(str(refused)) from refused
        return archive

    def clean_upload(self) -> Upload | None:
        token = self.cleaned_data["upload"]
        found = uploads.arrived(self.user, token)
        if token and found is None:
            self.add_error("archive", uploads.NOT_WHOLE)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given = sum(bool(cleaned.get(name)) for name in ("archive", "upload", "path"))
        if given != 1 and not self.errors.get("archive"):
            choose = "Choose an archive or give a path, one of the two."
            self.add_error("archive", choose if "path" in self.fields else "Choose an archive.")
        return cleaned

    def request(self, user: User | None) -> Run:
        asked = self.cleaned_data
        runs.check_new_dataset(asked["name"], asked["frames"])  # before the upload is taken
        filename = self._filename()
        return runs.request_import(
            self._stored() or asked["path"],
            name=asked["name"],
            frames=asked["frames"],
            frame_rate=asked["frame_rate"] or importing.FRAME_RATE,
            licence=asked["licence"],
            may_be_shown_to_raters=asked["may_be_shown_to_raters"],
            kind=asked["layout"],
            user=user,
            filename=filename,
        )

    def _filename(self) -> str:
        """What the archive was called where it came from, for whoever reads what became of it."""
        upload, archive = self.cleaned_data["upload"], self.cleaned_data["archive"]
        sent = upload.filename if upload else str(archive.name) if archive else ""
        return " ".join(PurePath(sent.replace("\\", "/")).name.split())

    def _stored(self) -> Path | None:
        """The archive as a file that outlives the request; its import removes it."""
        if self.cleaned_data["upload"]:
            return uploads.take(self.cleaned_data["upload"])
        archive = self.cleaned_data["archive"]
        return uploads.store(archive) if archive else None
