"""Studies that compare several conditions."""

from collections.abc import Sequence

from anonymizer.models import Anonymization, Run
from studies.models import Study


def with_second_condition(study: Study, numbers: Sequence[int]) -> Study:
    """The study, its pairs `numbers` being of another way of changing walks."""
    assert study.anonymization is not None
    run = Run.objects.create(kind=Run.Kind.ANONYMIZE, status=Run.Status.SUCCEEDED)
    changed = Anonymization.objects.create(
        run=run, dataset=study.anonymization.dataset, method="sdf", alpha=1.5, donor_policy="synthetic"
    )
    second = study.conditions.create(number=2, label="sdf α 1.5", method="sdf", anonymization=changed)
    study.stimuli.filter(number__in=numbers).update(condition=second)
    return study
