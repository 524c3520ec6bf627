"""A finished recognition of a study's walks, as a run writes it down: two attackers, two view angles."""

from copy import deepcopy
from typing import Any

from anonymizer.models import Anonymization, Run
from tests.recognition import rows

BY_VIEW_ANGLE = [
    {"view_angle": 0, "success_rate": 0.75, "ci95": [0.6, 0.86]},
    {"view_angle": 90, "success_rate": None, "ci95": None},
]


def attack(anonymization: Anonymization, refused: tuple[str, ...] = (), **result: Any) -> Run:
    found = deepcopy(rows.result(refused))
    for attacker in found["experiment"]["attackers"].values():
        attacker["by_probe_view_angle"] = deepcopy(BY_VIEW_ANGLE)
    run: Run = Run.objects.create(
        kind=Run.Kind.RECOGNIZE,
        status=Run.Status.SUCCEEDED,
        parameters={"anonymization_run": anonymization.run_id},
        result=found | result,
    )
    return run
