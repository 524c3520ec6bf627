import subprocess
import sys

import pytest

from recognition.identify.recognizers import KINDS, kind_named, shown


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_defaults_written_down_read_back_as_themselves(kind):
    texts = {name: shown(value) for name, value in kind.defaults().items()}
    assert kind.parsed(texts) == kind.defaults()


@pytest.mark.parametrize(
    ("text", "value"),
    [({"size": "32x24"}, (32, 24)), ({"rank": "10"}, 10), ({"rank": "all"}, None), ({"robust": "yes"}, True),
     ({"ridge": "0.5"}, 0.5), ({"projection": "none"}, "none")],
)  # fmt: skip
def test_text_becomes_what_the_default_is(text, value):
    assert list(kind_named("zheng").parsed(text).values()) == [value]


@pytest.mark.parametrize(
    ("text", "words"),
    [({"robust": "maybe"}, "can't be 'maybe'; its default is no"), ({"depth": "3"}, "has no parameter 'depth'"),
     ({"columns": "walk"}, "Use subject, sequence")],
)  # fmt: skip
def test_what_does_not_fit_is_named(text, words):
    with pytest.raises(ValueError, match=words):
        kind_named("zheng").parsed(text)


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [("set-network", {"frame": "8"}, "a height that is a multiple of 4 and a width of 2"),
     ("set-network", {"frame": "1024,22"}, "at most 256 pixels"),
     ("set-network", {"channels": "16"}, "three numbers from 1 to 1024"),
     ("set-network", {"steps": "9" * 30}, "steps must be from 1 to 1000000"),
     ("set-network", {"seed": "-1"}, "seed must be from 0"),
     ("zheng", {"components": "9" * 30}, "from 1 to 100000 components"),
     ("zheng", {"rank": "9" * 30}, "from 1 to 100000")],
)  # fmt: skip
def test_shapes_and_numbers_that_no_training_could_use_are_refused(kind, text, words):
    with pytest.raises(ValueError, match=words):
        kind_named(kind).parsed(text)


def test_knowing_the_kinds_loads_no_torch():
    program = (
        "import sys; from recognition.identify.recognizers import KINDS; "
        "[kind.defaults() for kind in KINDS.values()]; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
