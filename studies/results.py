"""Every number of a study's results as JSON: what the API gives, and what a bundle's script works out again.

The numbers are those of the dashboard, by the same functions; people and simulated raters stand apart. What is
undefined is None.
"""

from collections import Counter
from typing import Any

import numpy as np

from recognition import reports
from studies import counting, screening
from studies.counting import Counted
from studies.dashboard import Present, present
from studies.models import Condition, Study
from studies.mos import agreement, statistics, subject_model
from studies.mos.statistics import GroupScore, Interval
from studies.votes import STATES

Json = dict[str, Any]


def results(study: Study) -> Json:
    return numbers(present(study), _pseudonyms(study))


def _pseudonyms(study: Study) -> list[str]:
    """By the raters' codes."""
    return list(study.raters.order_by("pk").values_list("pseudonym", flat=True))


def numbers(now: Present, names: list[str]) -> Json:
    """`names` are the raters' pseudonyms by code."""
    study, measure = now.study, counting.measure_of(now.study)
    return {
        "study": study.slug,
        "name": study.name,
        "status": study.status,
        "template": study.template,
        "measure": measure.name,
        "playback_checked": study.playback_checked,
        "count_abandoned": study.count_abandoned,
        "raters": _states(now),
        "people": _of_kind(now, now.people, names),
        "simulated": _of_kind(now, now.simulated, names),
        "success": [found for each in now.stimuli.conditions if (found := success(each))],
    }


def _states(now: Present) -> Json:
    """How many raters are in each state."""
    kinds = {"people": ~now.votes.simulated, "simulated": now.votes.simulated}
    return {
        kind: {
            STATES[code]: number for code, number in sorted(Counter(now.votes.state[who].tolist()).items())
        }
        for kind, who in kinds.items()
    }


# --- Votes ------------------------------------------------------------------------------------------
def _of_kind(now: Present, votes: Counted, names: list[str]) -> Json | None:
    """None where nobody of this kind has a vote that counts."""
    if not len(votes):
        return None
    return {
        "votes": len(votes),
        "raters": votes.raters,
        "clips": votes.clips,
        "conditions": [_condition(now, votes, place) for place in votes.by_condition],
        "by_view_angle": [
            {"condition": _label(now, place), "view_angle": angle, **_group(score)}
            for (place, angle), score in votes.by_condition_and_view_angle.items()
        ],
        "pairs": _pairs(now, votes),
        "screening": _screening(now, votes.simulated, names),
        "subject_model": _models(now, votes, names),
        "agreement": vars(agreement.agreement(screening.table_of(votes, len(names), votes.score))),
    }


def _label(now: Present, place: int) -> str:
    return str(now.stimuli.conditions[place].label)


def _condition(now: Present, votes: Counted, place: int) -> Json:
    own = votes.condition == place
    stimuli = len(now.stimuli.number)
    return {
        "condition": _label(now, place),
        **_group(votes.by_condition[place]),
        "sos_a": statistics.sos_a(votes.stimulus[own], votes.given[own], stimuli),
        "score_counts": votes.score_counts[place],
    }


def _group(score: GroupScore) -> Json:
    return {
        "mos": score.mos,
        "ci95_clustered": _ends(score.ci95_clustered),
        "ci95_naive": _ends(score.ci95_naive),
        "votes": score.votes,
        "raters": score.raters,
        "clips": score.clips,
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return list(interval) if interval else None


def _pairs(now: Present, votes: Counted) -> list[Json]:
    """The pairs of a condition, with votes or without."""
    stimuli = now.stimuli
    scores = statistics.mos_by_stimulus(votes.stimulus, votes.score, len(stimuli.number))
    return [
        {
            "pair": int(stimuli.number[code]),
            "condition": _label(now, stimuli.condition[code]),
            "view_angle": int(stimuli.view_angle[code]),
            "mos": scores[code].mos,
            "ci95": scores[code].ci95,
            "votes": scores[code].votes,
        }
        for code in np.flatnonzero(stimuli.in_condition).tolist()
    ]


def _screening(now: Present, simulated: bool, names: list[str]) -> Json:
    """Whom each rule would set aside, all raters counted in; and who is set aside now."""
    found = screening.judgements(now, simulated=simulated)
    rules = {str(rule.value): sorted(names[code] for code in each.rejected) for rule, each in found.items()}
    masked = [rater for rater, presentation in now.masks if presentation is None]
    kind = now.votes.simulated == simulated
    aside = np.flatnonzero(kind & np.isin(now.votes.rater_pks, masked)).tolist()
    return {"rules": rules, "set_aside": sorted(names[code] for code in aside)}


def _models(now: Present, votes: Counted, names: list[str]) -> Json:
    versions: tuple[subject_model.Version, ...] = ("standard", "regularised")
    fitted: Json = {version: _model(now, votes, names, version) for version in versions}
    return {"default": subject_model.default_version(votes.stimulus), **fitted}


def _model(now: Present, votes: Counted, names: list[str], version: subject_model.Version) -> Json:
    """Quality of each pair, bias and inconsistency of each rater, of those who have a vote."""
    found = subject_model.fit(
        votes.stimulus, votes.rater, votes.score,
        stimuli=len(now.stimuli.number), raters=len(names), version=version,
    )  # fmt: skip
    pairs = zip(now.stimuli.number.tolist(), found.psi, strict=True)
    raters = zip(names, found.bias, found.inconsistency, strict=True)
    return {
        "psi": {str(number): value for number, value in pairs if value is not None},
        "raters": {name: [bias, spread] for name, bias, spread in raters if bias is not None},
        "iterations": found.iterations,
    }


# --- Success rates ----------------------------------------------------------------------------------
def success(condition: Condition) -> Json | None:
    """What the newest recognition of a condition found; None where nobody attacked."""
    run = reports.newest_run(condition.anonymization) if condition.anonymization else None
    if run is None:
        return None
    found = reports.experiment(run)
    kept = ("seed", "view_angles", "protocol", "recognizer", "originals", "attackers", "verdict")
    return {
        "condition": condition.label,
        "recognition_run": run.pk,
        "strongest": reports.strongest(run),
        "ladder": reports.ladder(run),
        **{name: found[name] for name in kept if name in found},
    }
