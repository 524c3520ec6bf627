"""What a finished recognition wrote down, at two view angles and with two attackers."""

from typing import Any

ATTACKER = {
    "rank1": [[0.25, 0.5], [0.0, 1.0]],
    "success_rate": [[0.75, 0.5], [None, 0.0]],
    "recognized": [[40, 4], [0, 12]],
    "success_ci95": [[[0.6, 0.86], [0.15, 0.85]], [None, [0.0, 0.24]]],
}
RUNG = {
    "attacker": "naive",
    "label": "Naive",
    "knows": "Nothing.",
    "rank1": 0.25,
    "ci95": [0.1, 0.4],
    "success_rate": 0.75,
    "success_ci95": [0.6, 0.86],
    "recognized": 52,
    "probes": 60,
    "subjects": 6,
    "chance": 1 / 6,
    "clear_rank1": 0.952,
}
STRONGER = {**RUNG, "attacker": "anonymized-gallery", "label": "Anonymized gallery", "rank1": 0.4}


def result(refused: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a finished run wrote down."""
    experiment = {
        "view_angles": [0, 90],
        "protocol": {"gallery": ["nm-01"], "probe": ["nm-02"], "test_subjects": 6},
        "recognizer": {"name": "zheng"},
        "originals": {"rank1": [[0.9, 0.8], [0.7, 1.0]], "probes": [[44, 44], [44, 44]]},
        "attackers": {"naive": ATTACKER, "anonymized-gallery": ATTACKER},
        "by_probe_view_angle": [{"view_angle": 0, "success_rate": 0.75, "ci95": [0.6, 0.86]}],
        "verdict": {"skill": 0.94, "refused": list(refused)},
    }
    return {"experiment": experiment, "ladder": [RUNG, STRONGER]}
