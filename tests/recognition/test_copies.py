"""The attacker's own copies: which walks lie in which file, and what becomes of those that can't be changed."""

import pytest
from django.core.files.storage import default_storage

from anonymizer import store
from anonymizer.jobs import Refused
from recognition import copies, gathering
from recognition.copies import Draw
from recognition.described import read_arrays

pytestmark = pytest.mark.django_db


@pytest.fixture
def draw(anonymization, monkeypatch):
    """Three people's walks, two in a file, with two others' donors."""
    monkeypatch.setattr(copies, "WALKS_A_FILE", 2)
    tracks, lenders = (
        store.tracks(gathering.sequences(anonymization.dataset, people))
        for people in (["003", "004", "005"], ["006", "007"])
    )
    return Draw(anonymization, "some", tracks, lenders, None, 5, (32, 22), False)


def lose(draw, *walks):
    """Delete the silhouettes of these walks' files, as `003/nm-01`."""
    for name, views in draw.tracks.items():
        if str(name) in walks:
            for row in views.values():
                default_storage.delete(row.silhouettes.name)


def made(draw):
    return copies.copy(draw, "geis", lambda done, total, stage: None)


def walks_by_file(draw):
    files = sorted(default_storage.listdir(f"copies/{draw.judged.pk}")[1], key=lambda name: int(name[5:-4]))
    arrays = [read_arrays(f"copies/{draw.judged.pk}/{name}") for name in files]
    return [
        sorted(
            {f"{s}/{c}-{int(n):02d}" for key in each if key.endswith("/names") for s, c, n, _ in each[key]}
        )
        for each in arrays
    ]


def test_a_file_holds_its_own_walks_alone_where_others_cannot_be_changed(draw):
    lose(draw, "003/nm-01", "004/nm-01", "004/nm-02")
    made(draw)
    assert walks_by_file(draw) == [
        ["003/nm-02"],
        ["003/nm-03", "003/nm-04"],
        [],
        ["004/nm-03", "004/nm-04"],
        ["005/nm-01", "005/nm-02"],
        ["005/nm-03", "005/nm-04"],
    ]


def test_a_copy_that_was_interrupted_holds_every_walk_once(draw):
    lose(draw, "003/nm-01")
    made(draw)
    default_storage.delete(f"copies/{draw.judged.pk}/some-10.npz")
    keys = made(draw).keys
    assert len(keys) == len(set(keys)) == 11 * 2  # walks, angles


def test_a_copy_without_a_single_walk_is_refused_with_the_reason(draw):
    lose(draw, *map(str, draw.tracks))
    with pytest.raises(Refused, match="can't anonymize 003/nm-01: a file can't be read"):
        made(draw)
    with pytest.raises(Refused, match="can't anonymize 003/nm-01: a file can't be read"):
        made(draw)
