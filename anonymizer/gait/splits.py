"""Subjects divided by what they are used for; in the paper's words D1, D2 and D3 (section IV)."""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

PAPER_TRAIN, PAPER_NETWORK = 24, 10
LEAST_SUBJECTS = 2


class Split(NamedTuple):
    """Subjects by what they are used for; in the paper's words D1, D2 and D3."""

    train: tuple[str, ...]  # D1 trains the recognizer
    network: tuple[str, ...]  # D2 trains the network
    test: tuple[str, ...]  # D3


def split(subjects: Iterable[str], how: str) -> Split:
    """Divide subjects by numeric id: `paper`, or percents `A:B:C` for D1:D2:D3.

    D1 are the last, D2 the first, D3 the rest. Of n subjects D1 gets A·n/100 and D2 B·n/100,
    each rounded to the nearest whole (a half up), and D3 what is left.
    """
    ordered = _by_number(subjects)
    if how == "paper":
        least = PAPER_TRAIN + PAPER_NETWORK + 10
        if len(ordered) < least:
            raise ValueError(
                f"--split paper needs at least {least} subjects, not {len(ordered)}. Use --split 30:15:55."
            )
        return _cut(ordered, PAPER_TRAIN, PAPER_NETWORK)
    percents = _percents(how)
    sizes = _sizes(len(ordered), percents)
    for size, purpose in zip(sizes, ("train the recognizer on", "train the network on", "test"), strict=True):
        if size < LEAST_SUBJECTS:
            raise ValueError(
                f"--split {how} of {len(ordered)} subjects leaves {max(size, 0) or 'none'} to {purpose}, "
                f"where {LEAST_SUBJECTS} are needed. Use at least {_enough(len(ordered), percents)} subjects."
            )
    return _cut(ordered, sizes[0], sizes[1])


def _cut(ordered: Sequence[str], train: int, network: int) -> Split:
    last = len(ordered) - train
    return Split(tuple(ordered[last:]), tuple(ordered[:network]), tuple(ordered[network:last]))


def _sizes(subjects: int, percents: tuple[int, int, int]) -> tuple[int, int, int]:
    train, network = ((subjects * percent + 50) // 100 for percent in percents[:2])
    return train, network, subjects - train - network


def _enough(subjects: int, percents: tuple[int, int, int]) -> int:
    """The next number of subjects that gives every part its least."""
    while min(_sizes(subjects, percents)) < LEAST_SUBJECTS:
        subjects += 1
    return subjects


def _percents(how: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(\d{1,3}):(\d{1,3}):(\d{1,3})", how)
    if not found:
        raise ValueError(f"--split {how} is not a split. Write paper, or whole percents such as 30:15:55.")
    train, network, test = (int(percent) for percent in found.groups())
    if train + network + test != 100 or 0 in (train, network, test):
        raise ValueError(f"--split {how}: three percents above 0 must add up to 100.")
    return train, network, test


def _by_number(subjects: Iterable[str]) -> list[str]:
    names = list(subjects)
    odd = [name for name in names if not re.fullmatch(r"[0-9]+", name)]
    if odd:
        raise ValueError(f"Subject {odd[0]!r} has no numeric id, and --split goes by numeric id. Rename it.")
    ordered = sorted(names, key=int)
    for one, next_one in itertools.pairwise(ordered):
        if int(one) == int(next_one):
            raise ValueError(f"Subjects {one!r} and {next_one!r} have the same numeric id. Name each once.")
    return ordered
