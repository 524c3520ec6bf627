"""A study's votes in the form of dataset that the `sureal` library reads: a Python file of plain literals.

Only what enters MOS stands in it, since the form has no column for more: regular pairs, votes that are not
excluded, people's; simulated raters' where nobody else voted. A content is an original walk.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studies.export import Exclusions, Progress, known_pairs
from studies.models import Presentation, Stimulus, Study

PAIRS_AT_ONCE = 20


def write_sureal(study: Study, path: Path, progress: Progress | None = None) -> int:
    """Write the dataset; returns how many votes."""
    pairs = list(known_pairs(study).filter(role=Stimulus.Role.REGULAR))
    simulated = not _votes(pairs, simulated=False).exists()
    simulated &= _votes(pairs, simulated=True).exists()
    contents = {content: number for number, content in enumerate(dict.fromkeys(map(_content, pairs)))}
    votes = 0
    with path.open("w", encoding="utf-8") as file:
        note = ", votes of simulated raters" if simulated else ""
        file.write(f"dataset_name = {study.slug + note!r}\nref_score = 5.0\n\nref_videos = [\n")
        for content, number in contents.items():
            file.write(f" {{'content_id': {number}, 'content_name': {content!r}, 'path': {content!r}}},\n")
        file.write("]\n\ndis_videos = [\n")
        for pair, scores in _scores(study, pairs, simulated):
            file.write(f" {_video(pair, contents[_content(pair)], scores)!r},\n")
            votes += len(scores)
            if progress:
                progress(votes)
        file.write("]\n")
    return votes


def _content(pair: Stimulus) -> str:
    """What the pair's clips show, changed or not: the original's digest, or the only clip's."""
    return pair.reference_clip.sha256 if pair.reference_clip else pair.test_clip.sha256


def _video(pair: Stimulus, content: int, scores: dict[str, int]) -> dict[str, Any]:
    return {
        "content_id": content,
        "asset_id": pair.number,
        "path": pair.test_clip.sha256,
        "condition": pair.condition.label if pair.condition else "",
        "view_angle": pair.view_angle,
        "os": scores,
    }


def _scores(
    study: Study, pairs: list[Stimulus], simulated: bool
) -> Iterator[tuple[Stimulus, dict[str, int]]]:
    """Every pair that has votes, with its raters' scores."""
    excluded = Exclusions(study)
    raters = {
        rater.pk: rater for rater in study.raters.filter(simulated=simulated).only("pseudonym", "state")
    }
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[start : start + PAIRS_AT_ONCE]
        found: dict[int, dict[str, int]] = {pair.pk: {} for pair in some}
        for shown in _votes(some, simulated=simulated).values(
            "pk", "rater", "stimulus", "problem", "replaced_by", "rating__score"
        ):
            rater = raters.get(shown["rater"])
            if rater and not excluded.reason(rater, shown):
                found[shown["stimulus"]][rater.pseudonym] = shown["rating__score"]
        yield from ((pair, found[pair.pk]) for pair in some if found[pair.pk])


def _votes(pairs: list[Stimulus], *, simulated: bool) -> Any:
    given = Presentation.objects.filter(rater__simulated=simulated, rating__isnull=False, stimulus__in=pairs)
    return given.order_by("rater")
