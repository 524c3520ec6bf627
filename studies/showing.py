"""What one pair looks like to a rater: which clips, in which order, with how much grey between them.

`naturalness` and `dcr` show the original, a grey gap and the changed walk. `acr` and `acr-hr` show one walk
alone, under a name that doesn't tell an original from a changed one. Side by side, one clip holds both.
"""

from typing import Literal

from anonymizer.models import Clip
from studies.models import Stimulus, Study

Shape = Literal["pair", "single", "both"]
GAP_SECONDS = 1.0
DCR_GAP_SECONDS = 2.0  # ITU-T P.910: about two seconds between reference and processed
ALONE = (Study.Template.ACR, Study.Template.ACR_HR)


def shape(study: Study) -> Shape:
    if study.template in ALONE:
        return "single"
    return "both" if study.layout == Study.Layout.SIDE_BY_SIDE else "pair"


def clips(study: Study, stimulus: Stimulus) -> dict[str, Clip]:
    """The clips in order of showing, by the names that a rater's page knows them by."""
    kind = shape(study)
    if kind == "single":
        return {"walk": stimulus.test_clip}
    if kind == "both":
        return {"both": stimulus.test_clip}
    original = {"original": stimulus.reference_clip} if stimulus.reference_clip else {}
    return {**original, "changed": stimulus.test_clip}


def gap_seconds(study: Study) -> float:
    if shape(study) != "pair":
        return 0.0
    return DCR_GAP_SECONDS if study.template == Study.Template.DCR else GAP_SECONDS


def pair_seconds(study: Study) -> float:
    """How long a pair plays, grey and all."""
    clips_of_a_pair = 2 if shape(study) == "pair" else 1
    return clips_of_a_pair * study.clip_seconds + gap_seconds(study)
