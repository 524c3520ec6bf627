"""Which walks are the gallery and which the probes, where nobody says.

CASIA-B's usual choice, as far as the dataset has it; the first half against the rest where it has fewer walks; and
of an anonymization that changed some walks alone, these are the probes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Dataset
from anonymizer.models import Sequence as GaitSequence
from anonymizer.runs import check_walks

if TYPE_CHECKING:
    from recognition.identify.protocol import SequenceChoice

GALLERY, PROBE = "nm-01,nm-02,nm-03,nm-04", "nm-05,nm-06"


def of_dataset(
    dataset: Dataset, gallery: str | None, probe: str | None, changed: Sequence[str] = ()
) -> tuple[str, str]:
    """Gallery and probes as given, or as the dataset's walks allow; `changed` are the walks there are to name."""
    walks = _normal_walks(dataset)
    enrolled, tested = _names(gallery), _names(probe)
    if not tested:
        usual = changed or [walk for walk in walks if walk in _names(PROBE)] or walks[len(walks) // 2 :]
        tested = [walk for walk in usual if walk not in enrolled] or _names(PROBE)
    if not enrolled:
        others = [walk for walk in walks if walk not in tested]
        enrolled = [walk for walk in others if walk in _names(GALLERY)] or others or _names(GALLERY)
    return ",".join(enrolled), ",".join(tested)


def _names(text: str | None) -> list[str]:
    """`nm-1, nm-02` as walks are called; what is no walk stays as it is, and `checked` refuses it."""
    parts = [part.strip() for part in text.split(",")] if text else []
    halves = [part.partition("-") for part in parts]
    return [
        f"{condition}-{int(number):02d}" if number.isdecimal() else part
        for part, (condition, _, number) in zip(parts, halves, strict=True)
    ]


def of_anonymization(anonymization: Anonymization, gallery: str | None, probe: str | None) -> tuple[str, str]:
    changed = anonymization.run.parameters.get("walks", [])
    return of_dataset(anonymization.dataset, gallery, probe, changed)


def _normal_walks(dataset: Dataset) -> list[str]:
    rows = GaitSequence.objects.filter(subject__dataset=dataset, gait_condition="nm").order_by("number")
    return [f"nm-{number:02d}" for number in rows.values_list("number", flat=True).distinct()]


def checked(dataset: Dataset, gallery: str, probe: str) -> "tuple[SequenceChoice, SequenceChoice]":
    """Both read, and walked by somebody of the dataset; Refused, with the name of the one that is wrong."""
    from recognition.identify.protocol import SequenceChoice, gallery_and_probe

    for field, text in (("gallery", gallery), ("probe", probe)):
        try:
            SequenceChoice.parse(text)
        except ValueError as error:
            raise Refused(str(error), field) from error
    try:
        enrolled, tested = gallery_and_probe(gallery, probe)
    except ValueError as error:
        raise Refused(str(error), "probe") from error
    check_walks(dataset, enrolled.names(), "gallery")
    check_walks(dataset, tested.names(), "probe")
    return enrolled, tested
