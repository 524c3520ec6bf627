import pytest

from studies import sealing


def test_what_was_sealed_can_be_opened_and_shows_nothing() -> None:
    sealed = sealing.seal("5f1a · 山")

    assert sealing.open_sealed(sealed) == "5f1a · 山"
    assert "5f1a" not in sealed
    assert sealing.seal("5f1a · 山") != sealed  # equal secrets don't look equal


def test_another_secret_key_opens_nothing(settings) -> None:
    sealed = sealing.seal("5f1a")
    settings.SECRET_KEY = "another"

    with pytest.raises(sealing.CannotOpen):
        sealing.open_sealed(sealed)


@pytest.mark.parametrize("changed", ["", "nonsense", "gAAAA"])
def test_what_was_changed_cannot_be_opened(changed: str) -> None:
    with pytest.raises(sealing.CannotOpen):
        sealing.open_sealed(changed)
