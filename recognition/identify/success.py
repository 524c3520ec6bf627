"""Success rates of an anonymization, and how sure they are (the paper's section V-B, equation 6).

S = the test gaits that are identified (rank 1) from their originals, by a clearly trained recognizer in
a clear gallery, whatever the attacker; S′ = the same gaits anonymized. success = M / |S| with
M = the gaits of S′ that the attacker does not identify, a cell for each (gallery, probe) view angle.
Matrices are (gallery view angles, probe view angles); a rate without a gait to count is NaN.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.identify.gaits import GaitKey
from recognition.identify.identifications import Identifications

Z95 = 1.959963984540054  # standard normal quantile of .975
RESAMPLES = 2000

Counts = NDArray[np.int64]
Rates = NDArray[np.float64]


def probes(answers: Identifications) -> Counts:
    """How many probes count in each cell."""
    return _cells(answers, answers.counted)


def rank_rate(answers: Identifications, rank: int = 1) -> Rates:
    """Share of the probes whose true subject is among the `rank` nearest."""
    return ratio(_cells(answers, answers.counted & (answers.true_rank <= rank)), probes(answers))


def equal_error_rate(answers: Identifications) -> Rates:
    """Where false acceptances and false rejections meet, if the distance to a subject decided alone."""
    rates = np.full((len(answers.view_angles),) * 2, np.nan)
    own = np.arange(len(answers.subjects)) == answers.true_subject[:, None]  # (probes, subjects)
    for g, p in np.argwhere(probes(answers) > 0).tolist():
        rows = answers.counted[g] & (answers.probe_view_angle == p)
        scores, genuine = answers.scores[g, rows], own[rows]
        impostors = scores[~genuine & np.isfinite(scores)]
        rates[g, p] = _equal_error(np.sort(scores[genuine]), np.sort(impostors))
    return rates


def _equal_error(genuine: NDArray[np.float32], impostors: NDArray[np.float32]) -> float:
    """Both sorted; NaN without an impostor."""
    if not len(impostors):
        return float("nan")
    thresholds = np.concatenate([genuine, impostors])
    rejected = 1 - np.searchsorted(genuine, thresholds, side="right") / len(genuine)
    accepted = np.searchsorted(impostors, thresholds, side="right") / len(impostors)
    nearest = np.argmin(np.abs(rejected - accepted))
    return float(rejected[nearest] + accepted[nearest]) / 2


@dataclass(frozen=True, eq=False)
class Comparison:
    """The same gaits before and after; made by `compare`."""

    originals: Identifications
    anonymized: Identifications

    @property
    def recognized(self) -> NDArray[np.bool_]:  # (view angles, probes)
        """Which gaits are in S."""
        return self.originals.identified

    @property
    def attacked(self) -> NDArray[np.bool_]:  # (view angles, probes)
        """Which gaits of S the attacker tried: all, unless it left out cells."""
        return self.recognized & self.anonymized.tried

    @property
    def failed(self) -> NDArray[np.bool_]:  # (view angles, probes)
        """Which of these the attacker does not identify once they are anonymized."""
        return self.attacked & ~self.anonymized.identified


def compare(originals: Identifications, anonymized: Identifications) -> Comparison:
    """Match both by probe; ValueError unless gaits and view angles are the same.

    The attacker's gallery must enrol whomever the clear one enrols at a view angle: else a gait would be
    missed for want of an entry, and that would pass for privacy.
    """
    matched = anonymized.in_order_of(originals.probes)
    if matched.view_angles != originals.view_angles:
        raise ValueError(
            f"Originals were compared at view angles {originals.view_angles}, anonymized gaits at "
            f"{matched.view_angles}. Use the same gallery and probes."
        )
    lost = np.argwhere(originals.counted & matched.tried & ~matched.counted)
    if len(lost):
        g, n = lost[0].tolist()
        raise ValueError(
            f"The attacker's gallery lacks subject {originals.probes[n].subject} at view angle "
            f"{originals.view_angles[g]}, whom the clear gallery has. Anonymize the whole gallery."
        )
    return Comparison(originals, matched)


def recognized(comparison: Comparison) -> Counts:
    """|S| of each cell."""
    return _cells(comparison.originals, comparison.recognized)


def attacked(comparison: Comparison) -> Counts:
    """How many of S the attacker tried in each cell: |S|, or 0 where it left the cell out."""
    return _cells(comparison.originals, comparison.attacked)


def success_rate(comparison: Comparison) -> Rates:
    """M / |S| of each cell."""
    return ratio(_cells(comparison.originals, comparison.failed), attacked(comparison))


def success_interval(comparison: Comparison) -> NDArray[np.float64]:
    """(gallery, probe, 2): Wilson's 95 % interval of each cell.

    It takes gaits as independent and so ignores that one subject has several probes.
    """
    return wilson_interval(_cells(comparison.originals, comparison.failed), attacked(comparison))


def impersonation_rate(comparison: Comparison, donors: Mapping[GaitKey, str]) -> Rates:
    """Share of S′ that the attacker names as the walk's own donor, or as one of several ("a, b").

    Of each cell only the gaits count that have a donor who is another subject and enrolled at the gallery's view
    angle. A synthetic donor (not in `donors`) is nobody, so nobody is impersonated: NaN. Being named as
    just anybody else is no rate of its own, since in a closed gallery that is the success rate.
    """
    after = comparison.anonymized
    lent = _lent(after, donors)
    possible = comparison.attacked & (np.isfinite(after.scores) & lent).any(axis=-1)
    named = lent[np.arange(len(lent)), after.predicted]
    return ratio(_cells(after, possible & named), _cells(after, possible))


def _lent(answers: Identifications, donors: Mapping[GaitKey, str]) -> NDArray[np.bool_]:
    """(probes, subjects): whether the subject, who is not the walker, lent the probe a gait."""
    column = {subject: i for i, subject in enumerate(answers.subjects)}
    lent = np.zeros((len(answers.probes), len(column)), np.bool_)
    for probe, key in enumerate(answers.probes):
        for donor in donors.get(key, "").split(", "):
            if donor in column and column[donor] != answers.true_subject[probe]:
                lent[probe, column[donor]] = True
    return lent


def wilson_interval(successes: NDArray[np.integer], trials: NDArray[np.integer]) -> NDArray[np.float64]:
    """(…, 2): Wilson's (1927) 95 % score interval of a proportion; NaN without a trial."""
    n = np.where(np.asarray(trials) > 0, trials, np.nan)
    centre = (successes + Z95**2 / 2) / (n + Z95**2)
    half = Z95 / (n + Z95**2) * np.sqrt(successes * (n - successes) / n + Z95**2 / 4)
    return np.stack([np.maximum(centre - half, 0), np.minimum(centre + half, 1)], axis=-1)


@dataclass(frozen=True)
class Pooled:
    """Rates over several cells, and their 95 % bootstrap intervals over subjects."""

    rates: NDArray[np.float64]  # (rates,)
    intervals: NDArray[np.float64]  # (rates, 2)


def by_probe_view_angle(comparison: Comparison, *, seed: int = 0, resamples: int = RESAMPLES) -> Pooled:
    """The success rate of each probe view angle: the unweighted mean of its column (the paper's Fig. 10b)."""
    return _pooled(comparison, lambda rates: mean_of_defined(rates, axis=-2), seed, resamples)


def same_and_cross_view(comparison: Comparison, *, seed: int = 0, resamples: int = RESAMPLES) -> Pooled:
    """Two rates: the unweighted mean of the cells on the diagonal, and of those beside it."""
    same = np.eye(len(comparison.originals.view_angles), dtype=np.bool_)

    def both(rates: Rates) -> Rates:
        on, off = rates[..., same], rates[..., ~same]
        return np.stack([mean_of_defined(on, axis=-1), mean_of_defined(off, axis=-1)], axis=-1)

    return _pooled(comparison, both, seed, resamples)


def mean_of_defined(rates: Rates, axis: int) -> Rates:
    """The mean without NaN; NaN where nothing else is there."""
    return ratio(np.nansum(rates, axis=axis), np.count_nonzero(~np.isnan(rates), axis=axis))


def _pooled(comparison: Comparison, statistic: Callable[[Rates], Rates], seed: int, resamples: int) -> Pooled:
    """`statistic` takes (…, gallery, probe) to (…, rates)."""
    failed = counts_by_subject(comparison.originals, comparison.failed)
    all_of_s = counts_by_subject(comparison.originals, comparison.attacked)
    rates = statistic(ratio(failed.sum(axis=0), all_of_s.sum(axis=0)))
    weights = resampled_subjects(len(all_of_s), seed, resamples)
    drawn = ratio(np.tensordot(weights, failed, 1), np.tensordot(weights, all_of_s, 1))
    return Pooled(rates, percentile_interval(statistic(drawn), len(all_of_s)))


def counts_by_subject(answers: Identifications, flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(subjects, gallery, probe): how many flagged probes each test subject has in each cell."""
    _, who = np.unique([key.subject for key in answers.probes], return_inverse=True)
    angles, people = len(answers.view_angles), int(who.max()) + 1
    counts = np.zeros((people, angles, angles))
    g, n = np.nonzero(flags)
    np.add.at(counts, (who[n], g, answers.probe_view_angle[n]), 1)
    return counts


def resampled_subjects(subjects: int, seed: int, resamples: int) -> NDArray[np.float64]:
    """(resamples, subjects): how often each subject is drawn when as many are drawn with replacement."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(subjects, np.full(subjects, 1 / subjects), size=resamples).astype(np.float64)


def percentile_interval(
    drawn: NDArray[np.float64], subjects: int, level: float = 0.95
) -> NDArray[np.float64]:
    """(rates, 2) of (resamples, rates); NaN for one subject alone, or where nothing was ever drawn."""
    intervals = np.full((drawn.shape[1], 2), np.nan)
    defined = ~np.isnan(drawn).all(axis=0)
    if subjects > 1 and defined.any():
        ends = np.array([1 - level, 1 + level]) / 2
        intervals[defined] = np.nanquantile(drawn[:, defined], ends, axis=0).T
    return intervals


def _cells(answers: Identifications, flags: NDArray[np.bool_]) -> Counts:
    """Sum (view angles, probes) flags over the probes of each view angle."""
    at = answers.probe_view_angle[:, None] == np.arange(len(answers.view_angles))  # (probes, view angles)
    return np.asarray(flags.astype(np.float64) @ at, np.int64)


def ratio(part: NDArray[np.number], whole: NDArray[np.number]) -> Rates:
    """Element by element; NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    shares: Rates = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0)
    return shares
