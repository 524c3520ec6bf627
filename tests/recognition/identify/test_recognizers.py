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


def test_knowing_the_kinds_loads_no_torch():
    program = (
        "import sys; from recognition.identify.recognizers import KINDS; "
        "[kind.defaults() for kind in KINDS.values()]; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
