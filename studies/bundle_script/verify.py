"""Works every number of numbers.json out again from this bundle's other files, and says where one differs.

python verify.py [FOLDER]      needs numpy and scipy, and nothing else

Exit status 0: all numbers agree. 1: a number differs, or a file is not what the manifest says. 2: numpy or scipy is
not installed.
Definitions: ITU-T P.910 and P.913, ITU-R BT.500; the cluster-robust interval is that of Cameron, Gelbach and Miller
(2011), V = V_rater + V_clip - V_vote; success rate: of the gaits that were named before, those not named after.
"""

import csv
import hashlib
import json
import math
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

try:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.special import stdtrit
except ModuleNotFoundError as missing:
    print(f"{missing.name} is not installed: pip install numpy scipy", file=sys.stderr)
    sys.exit(2)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Row = dict[str, str]
TOLERANCE = 1e-6
SHOWN = 50  # differences
LEFT = ("abandoned", "expired")
UNPLAYABLE = ("replaced, could not be played", "left out, could not be played")
VOTE_COLUMNS = (
    "rater", "pair", "score", "watched_fraction", "stalls", "exclusion_reason", "rater_state", "role", "simulated",
)  # fmt: skip
MASKED = ("rater masked", "vote masked")
FORMULA = ("'=", "'+", "'-", "'@", "'\t", "'\r")  # as the export guards texts against spreadsheets


# --- Reading ----------------------------------------------------------------------------------------
class Unreadable(Exception):
    """Says in a line which file nothing can be worked out from."""


def table(path: Path, only: tuple[str, ...] = ()) -> list[Row]:
    """The rows, or these columns of them; equal texts are kept once."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            return [values(row, only, f"{path.name} line {reader.line_num}") for row in reader]
    except (OSError, UnicodeError, csv.Error) as error:
        raise unreadable(path, error) from error


def values(row: dict[str, Any], only: tuple[str, ...], where: str) -> Row:
    names = [name for name in only or row if name is not None]
    for name in names:
        if row.get(name) is None:
            raise Unreadable(f"{where} has no {name}: the file is cut off or was changed")
    return {name: sys.intern(plain(row[name])) for name in names}


def document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> Unreadable:
    return Unreadable(
        f"{path.name} is missing"
        if isinstance(error, FileNotFoundError)
        else f"{path.name} can't be read: {error}"
    )


def plain(value: str) -> str:
    return value[1:] if value.startswith(FORMULA) else value


def number(text: str) -> float:
    return float(text) if text else math.nan


def ratio(part: Any, whole: Any) -> Floats:
    """NaN where there is nothing to divide by."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def null(value: Any) -> Any:
    """None in place of NaN, in lists too."""
    if isinstance(value, np.ndarray) and value.ndim:
        return [null(each) for each in value]
    return None if not math.isfinite(value) else float(value)


class Votes:
    """Scores on pairs that could be played, of one kind of raters; columns of (votes,)."""

    def __init__(self, rows: list[Row], pairs: dict[int, Row], names: list[str], count_left: bool) -> None:
        place = {name: code for code, name in enumerate(names)}
        self.names, self.pairs = names, pairs
        self.rater = np.array([place[row["rater"]] for row in rows], np.int64)
        self.pair = np.array([int(row["pair"]) for row in rows], np.int64)
        self.score = np.array([float(row["score"]) for row in rows])
        self.watched = np.array([number(row["watched_fraction"]) for row in rows])
        self.stalls = np.array([number(row["stalls"]) for row in rows])
        self.masked = np.array([row["exclusion_reason"].startswith(MASKED) for row in rows], bool)
        self.may_count = np.array([count_left or row["rater_state"] not in LEFT for row in rows], bool)
        self.role = np.array([row["role"] for row in rows], str)
        self.in_condition = np.array([bool(pairs[int(row["pair"])]["condition"]) for row in rows], bool)


class Table:
    """Votes as the statistics take them: pairs by number, raters by code, scores as given and as counted."""

    def __init__(self, pair: Codes, rater: Codes, given: Floats, score: Floats) -> None:
        self.pair, self.rater, self.given, self.score = pair, rater, given, score

    def where(self, kept: Flags) -> "Table":
        return Table(self.pair[kept], self.rater[kept], self.given[kept], self.score[kept])


def counted(votes: Votes, differential: bool, with_masked: bool) -> Table:
    """Regular pairs of raters who count; with a hidden reference, the differences to it."""
    kept = votes.may_count & (votes.role == "regular")
    if not with_masked:
        kept &= ~votes.masked
    if not differential:
        kept &= votes.in_condition
    found = Table(votes.pair[kept], votes.rater[kept], votes.score[kept], votes.score[kept])
    return differences(found, votes.pairs) if differential else found


def differences(found: Table, pairs: dict[int, Row]) -> Table:
    """V(processed) - V(reference) + 5, where the rater scored the reference too."""
    hidden = {pair: int(row["hidden_reference"]) for pair, row in pairs.items() if row["hidden_reference"]}
    references, own = set(hidden.values()), defaultdict(list)
    for pair, rater, score in zip(
        found.pair.tolist(), found.rater.tolist(), found.given.tolist(), strict=True
    ):
        if pair in references:
            own[pair, rater].append(score)
    keys = list(zip(found.pair.tolist(), found.rater.tolist(), strict=True))
    known = np.array([(hidden.get(pair), rater) in own for pair, rater in keys], bool)
    mean = [np.mean(own[hidden[pair], rater]) for (pair, rater), has in zip(keys, known, strict=True) if has]
    kept = found.where(known)
    kept.score = kept.given - np.array(mean) + 5
    return kept


# --- Means and intervals ----------------------------------------------------------------------------
def half_width(variance: float, degrees: int) -> float:
    return float(stdtrit(degrees, 0.975)) * math.sqrt(variance) if degrees >= 1 else math.nan


def interval(mean: float, half: float) -> list[float] | None:
    return [mean - half, mean + half] if math.isfinite(half) else None


def cluster_variance(errors: Floats, clusters: Codes) -> tuple[float, int]:
    """G/(G-1) · Σ(sum of a cluster's errors)² / N², and G."""
    _, codes = np.unique(clusters, return_inverse=True)
    sums = np.bincount(codes, errors)
    number_of = len(sums)
    if number_of < 2:
        return math.nan, number_of
    return number_of / (number_of - 1) * float(np.sum(sums**2)) / len(errors) ** 2, number_of


def group(found: Table) -> dict[str, Any]:
    """A mean over clips and raters."""
    score, votes = found.score, len(found.score)
    mean = float(score.mean())
    errors = score - mean
    by_rater, raters = cluster_variance(errors, found.rater)
    by_clip, clips = cluster_variance(errors, found.pair)
    by_vote = float(np.sum(errors**2)) / (votes * (votes - 1)) if votes > 1 else math.nan
    both = by_rater + by_clip - by_vote
    variance = both if both > 0 else max(by_rater, by_clip)
    known = math.isfinite(by_rater) and math.isfinite(by_clip)
    clustered = half_width(variance, min(raters, clips) - 1) if known else math.nan
    naive = half_width(by_vote, votes - 1) if votes > 1 else math.nan
    return {
        "mos": mean,
        "ci95_clustered": interval(mean, clustered),
        "ci95_naive": interval(mean, naive),
        "votes": votes,
        "raters": raters,
        "clips": clips,
    }


def by_condition(found: Table, pairs: dict[int, Row], labels: list[str]) -> list[dict[str, Any]]:
    condition = np.array([pairs[pair]["condition"] for pair in found.pair.tolist()], str)
    rows = []
    for label in labels:
        own = found.where(condition == label)
        if len(own.score):
            counts = [int(np.sum(own.given == value)) for value in range(1, 6)]
            rows.append({"condition": label, **group(own), "sos_a": sos_a(own), "score_counts": counts})
    return rows


def by_view_angle(found: Table, pairs: dict[int, Row], labels: list[str]) -> list[dict[str, Any]]:
    condition = np.array([pairs[pair]["condition"] for pair in found.pair.tolist()], str)
    angle = np.array([int(pairs[pair]["view_angle"]) for pair in found.pair.tolist()], np.int64)
    rows = []
    for label in labels:
        for degrees in np.unique(angle[condition == label]).tolist():
            own = found.where((condition == label) & (angle == degrees))
            rows.append({"condition": label, "view_angle": degrees, **group(own)})
    return rows


def by_pair(found: Table, pairs: dict[int, Row]) -> list[dict[str, Any]]:
    rows = []
    order = np.argsort(found.pair, kind="stable")
    pair, score = found.pair[order], found.score[order]
    for key, about in pairs.items():
        if about["role"] != "regular" or not about["condition"]:
            continue
        own = score[np.searchsorted(pair, key) : np.searchsorted(pair, key, side="right")]
        half = half_width(float(own.var(ddof=1)) / len(own), len(own) - 1) if len(own) > 1 else math.nan
        rows.append(
            {
                "pair": key,
                "condition": about["condition"],
                "view_angle": int(about["view_angle"]),
                "mos": float(own.mean()) if len(own) else None,
                "ci95": null(half),
                "votes": len(own),
            }
        )
    return rows


def moments(found: Table) -> tuple[Codes, Codes, Floats, Floats]:
    """Each vote's pair code; votes, mean and ddof-0 variance of each pair; of the scores as given."""
    _, code = np.unique(found.pair, return_inverse=True)
    votes = np.bincount(code)
    mean = np.bincount(code, found.given) / votes
    variance = np.bincount(code, (found.given - mean[code]) ** 2) / votes
    return code, votes, mean, variance


def sos_a(found: Table) -> float | None:
    """Vote variance = a · (x - 1)(5 - x) by least squares over pairs with two votes or more."""
    _, votes, mean, variance = moments(found)
    room = ((mean - 1) * (5 - mean))[votes >= 2]
    off_scale = found.given.min() < 1 or found.given.max() > 5
    return (
        float(np.sum(variance[votes >= 2] * room) / np.sum(room**2)) if room.any() and not off_scale else None
    )


# --- Screening --------------------------------------------------------------------------------------
def rules(votes: Votes, everybody: Table) -> dict[str, list[str]]:
    """Whom each rule would set aside, as if nobody were."""
    counts = set(votes.rater[votes.may_count].tolist())
    found = {
        "bt500": bt500(everybody),
        "correlation": correlation(everybody),
        "p913": bt500(Table(everybody.pair, everybody.rater, unbiased(everybody), everybody.score)),
        "checks": [code for code in checks(votes) if code in counts],
        "playback": [code for code in playback(votes) if code in counts],
    }
    return {rule: sorted(votes.names[code] for code in codes) for rule, codes in found.items()}


def bt500(found: Table) -> list[int]:
    if not len(found.given):
        return []
    code, votes, mean, variance = moments(found)
    off = found.given - mean[code]
    variance = np.where(variance > 1e-12, variance, 0)
    kurtosis = ratio(np.bincount(code, off**4) / votes, variance**2)
    normal = (kurtosis >= 2 - 1e-9) & (kurtosis <= 4 + 1e-9)
    limit = (np.where(normal, 2, math.sqrt(20)) * np.sqrt(variance))[code]
    above = np.bincount(found.rater[(limit > 0) & (off >= limit - 1e-9)], minlength=found.rater.max() + 1)
    below = np.bincount(found.rater[(limit > 0) & (-off >= limit - 1e-9)], minlength=found.rater.max() + 1)
    seen, far = np.bincount(found.rater), above + below
    return np.flatnonzero((far > 0.05 * seen) & (np.abs(above - below) < 0.3 * far)).tolist()


def unbiased(found: Table) -> Floats:
    if not len(found.given):
        return found.given
    code, _, mean, _ = moments(found)
    bias = ratio(np.bincount(found.rater, found.given - mean[code]), np.bincount(found.rater))
    return found.given - bias[found.rater]


def correlation(found: Table) -> list[int]:
    """Pearson's r with the other raters' means; rejected up to min(.7, mean(r) - sd(r))."""
    if not len(found.given):
        return []
    code, votes, mean, _ = moments(found)
    _, cell = np.unique(code * (found.rater.max() + 1) + found.rater, return_inverse=True)
    left = votes[code] - np.bincount(cell)[cell]
    others = ratio(mean[code] * votes[code] - np.bincount(cell, found.given)[cell], left)
    r = {}
    order = np.argsort(found.rater, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(found.rater[order])) + 1):
        known = places[left[places] > 0]
        a, b = found.given[known], others[known]
        if len(known) >= 3 and a.var() * len(a) > 1e-12 and b.var() * len(b) > 1e-12:
            r[int(found.rater[known[0]])] = float(np.corrcoef(a, b)[0, 1])
    if not r:
        return []
    values = np.array(list(r.values()))
    threshold = min(0.7, float(values.mean() - values.std()))
    return [rater for rater, value in r.items() if value <= threshold]


def checks(votes: Votes) -> list[int]:
    """Fewer than two thirds of the answered check pairs within one point of what is expected."""
    expected = np.array([number(votes.pairs[pair]["expected_score"]) for pair in votes.pair.tolist()])
    kept = (votes.role == "check") & ~np.isnan(expected)
    near = kept & (np.abs(votes.score - expected) <= 1)
    answered, passed = (np.bincount(votes.rater[these], minlength=len(votes.names)) for these in (kept, near))
    return np.flatnonzero(passed < 2 / 3 * answered - 1e-9).tolist()


def playback(votes: Votes) -> list[int]:
    """Over a fifth of the votes on pairs that stalled more than twice or weren't watched to the end."""
    regular = votes.role == "regular"
    watched = votes.watched.astype(np.float32)  # as the dashboard holds it
    bad = regular & ((watched < np.float32(0.95)) | (votes.stalls > 2))
    known = regular & (~np.isnan(watched) | (votes.stalls >= 0))
    spoilt, told = (np.bincount(votes.rater[these], minlength=len(votes.names)) for these in (bad, known))
    return np.flatnonzero(spoilt > 0.2 * told + 1e-9).tolist()


# --- Subject model and agreement --------------------------------------------------------------------
def subject_models(found: Table, names: list[str]) -> dict[str, Any]:
    least = np.unique(found.pair, return_counts=True)[1].min()
    return {
        "default": "regularised" if least < 8 else "standard",
        "standard": subject_model(found, names, False),
        "regularised": subject_model(found, names, True),
    }


def subject_model(found: Table, names: list[str], regularised: bool) -> dict[str, Any]:
    """P.910 Annex E by alternating projection; regularised: ten imagined votes of variance .36 a rater."""
    pairs, j = np.unique(found.pair, return_inverse=True)
    raters, i = np.unique(found.rater, return_inverse=True)
    u, in_pair, in_rater = found.score, np.bincount(j), np.bincount(i)
    psi = np.bincount(j, u) / in_pair
    bias = np.bincount(i, u - psi[j]) / in_rater
    spread, rounds = np.zeros(len(raters)), 0
    while rounds < 1000:
        rounds += 1
        errors = u - psi[j] - bias[i]
        mean = np.bincount(i, errors) / in_rater
        squares = np.bincount(i, (errors - mean[i]) ** 2)
        spread = np.sqrt((squares + 3.6) / (in_rater + 10) if regularised else squares / in_rater)
        weight = (1 / (spread**2 + 1e-8))[i]
        before, psi = psi, np.bincount(j, weight * (u - bias[i])) / np.bincount(j, weight)
        bias = np.bincount(i, u - psi[j]) / in_rater
        if np.linalg.norm(psi - before) < 1e-8:
            break
    shift = bias.mean()
    pairs_of = zip(pairs.tolist(), (psi + shift).tolist(), strict=True)
    raters_of = zip(raters.tolist(), (bias - shift).tolist(), spread.tolist(), strict=True)
    return {
        "psi": {str(pair): value for pair, value in pairs_of},
        "raters": {names[rater]: [value, scatter] for rater, value, scatter in raters_of},
        "iterations": rounds,
    }


def agreement(found: Table) -> dict[str, Any]:
    _, j = np.unique(found.pair, return_inverse=True)
    _, i = np.unique(found.rater, return_inverse=True)
    parts = components(j, i, found.score)
    k = 1 / float(np.mean(1 / np.bincount(j)))
    return {
        "icc_2_1": icc(parts, 1),
        "icc_2_k": icc(parts, k),
        "krippendorff_alpha_interval": alpha(j, found.score),
        "krippendorff_alpha_ordinal": alpha(j, found.score, ordinal=True),
    }


def components(j: Codes, i: Codes, score: Floats) -> Floats | None:
    """σ² of pairs, raters and the rest: Henderson's method 1."""
    n_j, n_i, votes = np.bincount(j), np.bincount(i), len(score)
    if len(n_j) < 2 or len(n_i) < 2 or votes <= len(n_j) + len(n_i) - 1:
        return None
    u = score - score.mean()
    t_j, t_i = (float(np.sum(np.bincount(code, u) ** 2 / n)) for code, n in ((j, n_j), (i, n_i)))
    cells, shared = np.unique(j * len(n_i) + i, return_counts=True)
    across_j = float(np.sum(shared**2 / n_j[cells // len(n_i)]))
    across_i = float(np.sum(shared**2 / n_i[cells % len(n_i)]))
    of_mean = np.array([np.sum(n_j.astype(float) ** 2), np.sum(n_i.astype(float) ** 2), votes]) / votes
    of_j = np.array([votes, across_j, len(n_j)])
    of_i = np.array([across_i, votes, len(n_i)])
    left = np.stack([of_j - of_mean, of_i - of_mean, votes - of_j - of_i + of_mean])
    if abs(np.linalg.det(left / np.abs(left).max())) < 1e-12:
        return None
    return np.asarray(np.linalg.solve(left, np.array([t_j, t_i, float(np.sum(u**2)) - t_j - t_i])))


def icc(parts: Floats | None, k: float) -> float | None:
    if parts is None:
        return None
    total = parts[0] + (parts[1] + parts[2]) / k
    return float(parts[0] / total) if total > 1e-12 else None


def alpha(j: Codes, score: Floats, ordinal: bool = False) -> float | None:
    """Krippendorff's; ordinal: on middle ranks."""
    pairable = np.bincount(j)[j] >= 2
    values = score[pairable]
    if not len(values):
        return None
    _, code = np.unique(j[pairable], return_inverse=True)
    if ordinal:
        _, place, count = np.unique(values, return_inverse=True, return_counts=True)
        values = (np.cumsum(count) - count / 2)[place]
    n_j = np.bincount(code)
    off = values - (np.bincount(code, values) / n_j)[code]
    observed = float(np.sum(np.bincount(code, off**2) * n_j / (n_j - 1))) / len(values)
    expected = float(np.sum((values - values.mean()) ** 2)) / (len(values) - 1)
    return 1 - observed / expected if expected > 1e-12 else None


# --- Success rates ----------------------------------------------------------------------------------
class Answers:
    """One attacker's answers: whether each gait was named, and its rank; (probes, gallery angles), -1 untried."""

    def __init__(self, rows: list[Row], gaits: dict[tuple[str, ...], int], angles: list[int]) -> None:
        self.rank = np.full((len(gaits), len(angles)), -1)
        for row in rows:
            self.rank[gaits[gait(row)], angles.index(int(row["gallery_view_angle"]))] = int(row["true_rank"])

    @property
    def tried(self) -> Flags:
        return np.asarray(self.rank > 0)

    def within(self, rank: int) -> Flags:
        return self.tried & (self.rank <= rank)


def gait(row: Row) -> tuple[str, ...]:
    return row["subject"], row["gait_condition"], row["number"], row["probe_view_angle"]


class Recognition:
    """The answers of all attackers about the same gaits; matrices are [gallery angle][probe angle]."""

    def __init__(self, rows: list[Row], angles: list[int], seed: int, ladder_seed: int) -> None:
        gaits = {key: code for code, key in enumerate(dict.fromkeys(gait(row) for row in rows))}
        self.angles, self.seed, self.ladder_seed = angles, seed, ladder_seed
        self.at = np.array([[int(key[3]) == angle for angle in angles] for key in gaits], float)
        self.who = np.unique([key[0] for key in gaits], return_inverse=True)[1]
        by_attacker = defaultdict(list)
        for row in rows:
            by_attacker[row["attacker"]].append(row)
        self.answers = {name: Answers(each, gaits, angles) for name, each in by_attacker.items()}
        self.originals = self.answers.pop("originals")

    def cells(self, flags: Flags) -> Floats:
        return np.asarray(flags.T.astype(float) @ self.at)

    def by_subject(self, flags: Flags) -> Floats:
        """(subjects, gallery, probe)"""
        people = np.arange(self.who.max() + 1)[:, None] == self.who
        return np.asarray(np.einsum("sn,ng,np->sgp", people.astype(float), flags.astype(float), self.at))

    def drawn(self, part: Flags, whole: Flags, seed: int) -> Floats:
        """Rates when as many subjects are drawn with replacement, (2000, gallery, probe)."""
        some, every = self.by_subject(part), self.by_subject(whole)
        people = len(some)
        weights = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=2000)
        return ratio(np.tensordot(weights, some, 1), np.tensordot(weights, every, 1))

    def found(self) -> dict[str, Any]:
        before = self.originals
        probes = self.cells(before.tried)
        return {
            "originals": {
                "rank1": null(ratio(self.cells(before.within(1)), probes)),
                "rank5": null(ratio(self.cells(before.within(5)), probes)),
                "probes": probes.astype(int).tolist(),
            },
            "attackers": {name: self.attacker(answers) for name, answers in self.answers.items()},
            "ladder": {name: self.rung(answers) for name, answers in self.answers.items()},
        }

    def attacker(self, after: Answers) -> dict[str, Any]:
        named = self.originals.within(1)
        of_s, failed = named & after.tried, named & after.tried & ~after.within(1)
        whole, part = self.cells(of_s), self.cells(failed)
        rates, tried = ratio(part, whole), self.cells(after.tried)
        ends = ends_of(mean_of(self.drawn(failed, of_s, self.seed), -2), int(self.who.max()) + 1)
        columns = zip(self.angles, null(mean_of(rates, -2)), ends, strict=True)
        return {
            "rank1": null(ratio(self.cells(after.within(1)), tried)),
            "rank5": null(ratio(self.cells(after.within(5)), tried)),
            "success_rate": null(rates),
            "recognized": self.cells(named).astype(int).tolist(),
            "success_ci95": wilson(part, whole),
            "by_probe_view_angle": [
                {"view_angle": angle, "success_rate": rate, "ci95": ci} for angle, rate, ci in columns
            ],
        }

    def rung(self, after: Answers) -> dict[str, Any]:
        """At the same view angle: means over the diagonal's cells."""
        named = self.originals.within(1)
        of_s, failed = named & after.tried, named & after.tried & ~after.within(1)
        people, seed = int(self.who.max()) + 1, self.ladder_seed
        tried = self.cells(after.tried)
        there = self.originals.tried & after.tried
        return {
            "rank1": null(diagonal(ratio(self.cells(after.within(1)), tried))),
            "ci95": ends_of(diagonal(self.drawn(after.within(1), after.tried, seed))[:, None], people)[0],
            "rank5": null(diagonal(ratio(self.cells(after.within(5)), tried))),
            "clear_rank1": null(diagonal(ratio(self.cells(named & there), self.cells(there)))),
            "success_rate": null(diagonal(ratio(self.cells(failed), self.cells(of_s)))),
            "success_ci95": ends_of(diagonal(self.drawn(failed, of_s, seed))[:, None], people)[0],
            "recognized": int(np.trace(self.cells(of_s))),
            "probes": int(np.trace(tried)),
        }


def mean_of(rates: Floats, axis: int) -> Floats:
    return ratio(np.nansum(rates, axis=axis), np.count_nonzero(~np.isnan(rates), axis=axis))


def diagonal(rates: Floats) -> Any:
    return mean_of(np.diagonal(rates, axis1=-2, axis2=-1), -1)


def ends_of(drawn: Floats, people: int) -> list[Any]:
    """95 % percentile intervals of columns (2000, rates); None for one subject, or where nothing was drawn."""
    columns = [column[~np.isnan(column)] for column in drawn.T]
    return [
        np.quantile(column, [0.025, 0.975]).tolist() if people > 1 and len(column) else None
        for column in columns
    ]


def wilson(part: Floats, whole: Floats) -> list[Any]:
    z = 1.959963984540054
    with np.errstate(all="ignore"):
        centre = (part + z**2 / 2) / (whole + z**2)
        half = z / (whole + z**2) * np.sqrt(part * (whole - part) / whole + z**2 / 4)
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half, 1)
    return [
        [[a, b] if n else None for a, b, n in zip(*row, strict=True)]
        for row in zip(low.tolist(), high.tolist(), whole.tolist(), strict=True)
    ]


# --- All of it, and the comparison ------------------------------------------------------------------
def numbers(folder: Path) -> dict[str, Any]:
    study = document(folder / "study.json")
    pairs = {int(row["pair"]): row for row in table(folder / "pairs.csv")}
    raters = table(folder / "raters.csv")
    votes = [
        row
        for row in table(folder / "votes.csv", VOTE_COLUMNS)
        if row["score"] and not row["exclusion_reason"].startswith(UNPLAYABLE)
    ]
    aside = {row["rater"] for row in table(folder / "masks.csv") if not row["position"] and not row["lifted"]}
    kinds = {
        kind: of_kind(
            [row for row in votes if (row["simulated"] == "True") == simulated], raters, pairs, study, aside
        )
        for kind, simulated in (("people", False), ("simulated", True))
    }
    success = [found for each in study["conditions"] if (found := recognition(folder, each))]
    return {"raters": states(raters), **kinds, "success": success}


def states(raters: list[Row]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {"people": {}, "simulated": {}}
    for row in raters:
        kind = found["simulated" if row["simulated"] == "True" else "people"]
        kind[row["state"]] = kind.get(row["state"], 0) + 1
    return found


def of_kind(
    rows: list[Row], raters: list[Row], pairs: dict[int, Row], study: dict[str, Any], aside: set[str]
) -> dict[str, Any] | None:
    names = [row["rater"] for row in raters]
    simulated = {row["rater"] for row in raters if row["simulated"] == "True"}
    votes = Votes(rows, pairs, names, study["count_abandoned"])
    differential = study["template"] == "acr-hr"
    found = counted(votes, differential, with_masked=False)
    if not len(found.score):
        return None
    labels = [each["label"] for each in study["conditions"]]
    is_simulated = rows[0]["simulated"] == "True"
    return {
        "votes": len(found.score),
        "raters": len(np.unique(found.rater)),
        "clips": len(np.unique(found.pair)),
        "conditions": by_condition(found, pairs, labels),
        "by_view_angle": by_view_angle(found, pairs, labels),
        "pairs": by_pair(found, pairs),
        "screening": {
            "rules": rules(votes, counted(votes, differential, with_masked=True)),
            "set_aside": sorted(name for name in aside if (name in simulated) == is_simulated),
        },
        "subject_model": subject_models(found, names),
        "agreement": agreement(found),
    }


def recognition(folder: Path, condition: dict[str, Any]) -> dict[str, Any] | None:
    path = folder / f"identifications-{condition['number']}.csv"
    if not path.exists():
        return None
    about = document(folder / f"recognition-{condition['number']}.json")
    rows = table(path)
    experiment = about.get("experiment", {})
    if not rows or not experiment:
        return {"condition": condition["label"]}
    seeds = experiment.get("seed", 0), about["seed"]
    found = Recognition(rows, experiment["view_angles"], *seeds).found()
    rungs = found.pop("ladder")
    known = [each["attacker"] for each in about["ladder"]]
    ladder = [{"attacker": name, **rungs[name]} for name in known if name in rungs]
    ranked = [(rung["rank1"], rung["attacker"]) for rung in ladder if rung["rank1"] is not None]
    strongest = max(ranked, key=lambda each: each[0])[1] if ranked else None
    return {"condition": condition["label"], "strongest": strongest, **found, "ladder": ladder}


class Comparison:
    """Says where a number differs; what is worked out here must be there, and the other way round."""

    def __init__(self) -> None:
        self.compared = 0
        self.differences: list[str] = []
        self.unchecked: set[str] = set()

    def look(self, where: str, here: Any, there: Any) -> None:
        if isinstance(here, dict) and isinstance(there, dict):
            for name in here:
                self.look(f"{where}.{name}", here[name], there.get(name, "nothing"))
            general = re.sub(r"\[\d+\]", "", where)
            self.unchecked |= {f"{general}.{name}" for name in there if name not in here}
        elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
            for place, (one, other) in enumerate(zip(here, there, strict=True)):
                self.look(f"{where}[{place}]", one, other)
        else:
            self.compared += 1
            if not same(here, there):
                self.differences.append(f"{where}: numbers.json says {there!r}, the data say {here!r}")


def same(here: Any, there: Any) -> bool:
    if isinstance(here, float | int) and isinstance(there, float | int) and not isinstance(here, bool):
        return abs(here - there) <= TOLERANCE * max(1.0, abs(here), abs(there))
    return bool(here == there)


def altered(folder: Path) -> list[str]:
    """Files that are not what the manifest says."""
    files = document(folder / "manifest.json")["files"]
    wrong = []
    for name, about in files.items():
        path = folder / name
        if not path.exists():
            wrong.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != about["sha256"]:
            wrong.append(f"{name} is not the file that was exported")
    return wrong


def compared(folder: Path) -> Comparison:
    """Unreadable where a file is missing, cut off, or does not fit the others."""
    comparison = Comparison()
    there = document(folder / "numbers.json")
    try:
        for name, here in numbers(folder).items():
            comparison.look(name, here, there[name])
    except (KeyError, ValueError, TypeError, IndexError) as error:
        told = f"{type(error).__name__} {error}"
        raise Unreadable(f"The files don't fit together, so nothing can be worked out: {told}") from error
    return comparison


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    wrong: list[str] = []
    try:
        wrong = altered(folder)
        comparison = compared(folder)
    except Unreadable as error:
        print("\n".join(dict.fromkeys([*wrong, str(error)])))
        return 1
    for line in [*wrong, *comparison.differences[:SHOWN]]:
        print(line)
    hidden = len(comparison.differences) - SHOWN
    if hidden > 0:
        print(f"and {hidden:,} more")
    if comparison.unchecked:
        print("Taken as given, not worked out here:", ", ".join(sorted(comparison.unchecked)))
    bad = len(wrong) + len(comparison.differences)
    print(f"{comparison.compared:,} numbers worked out again, {len(comparison.differences):,} differ.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
