"""Walkers that are made on the spot: once, however often their run is begun."""

import pytest

from anonymizer import making_datasets, runs, store
from anonymizer.jobs import Refused
from anonymizer.models import Dataset, Sequence
from tests.anonymizer.running import done, interrupted, of, walkers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_runs")]


def test_walkers_fill_a_dataset_that_may_be_shown():
    run = done(walkers())
    assert (run.dataset.ready, run.dataset.may_be_shown_to_raters) == (True, True)
    assert run.result["sequences"] == Sequence.objects.count() == 2 * 2 * 2
    assert {row.frame_count for row in Sequence.objects.all()} == {20}
    assert all(row.picture.size for row in Sequence.objects.all())


def test_walkers_that_were_interrupted_go_on_and_make_no_walk_twice():
    run = walkers()
    interrupted(run, making_datasets.generate_walkers, after=2)
    before = dict(Sequence.objects.values_list("pk", "silhouettes"))
    assert 0 < len(before) < 8
    done(run)
    assert Sequence.objects.count() == 8
    assert before.items() <= dict(Sequence.objects.values_list("pk", "silhouettes")).items()
    assert Dataset.objects.count() == 1


def test_of_two_runs_that_were_asked_to_make_one_name_the_later_is_refused():
    first, second = walkers(), walkers(subjects=3)
    done(first)
    with pytest.raises(Refused, match="Another dataset was named 'made' meanwhile"):
        runs.execute(second)


def test_the_same_seed_gives_the_same_walkers():
    one, other = done(walkers("one", 1)), done(walkers("other", 1))
    assert [store.read(row) for row in of(one.dataset)] == [store.read(row) for row in of(other.dataset)]
