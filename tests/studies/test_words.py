import re
from typing import Any

import pytest

from studies import words
from studies.models import Study
from studies.words import fill, negotiate
from tests.studies.rows import SCALE

SHAPES = ("pair", "single", "both")
PLURALS = {"zero", "one", "two", "few", "many", "other"}


def texts(part: Any, path: str = "") -> dict[str, set[str]]:
    """Each key with the places of its text; plural forms count as one text."""
    if isinstance(part, str):
        return {path: set(re.findall(r"\{(\w+)\}", part))}
    if isinstance(part, list):
        return {f"{path}[{i}]": set() for i in range(len(part))}
    if part.keys() <= PLURALS:
        assert "other" in part, path
        return {path: set().union(*(set(re.findall(r"\{(\w+)\}", form)) for form in part.values()))}
    return {
        key: places for name, each in part.items() for key, places in texts(each, f"{path}.{name}").items()
    }


def test_there_are_english_japanese_and_vietnamese() -> None:
    assert words.languages() == {"en": "English", "ja": "日本語", "vi": "Tiếng Việt"}


@pytest.mark.parametrize("tag", [tag for tag in words.languages() if tag != "en"])
def test_every_language_has_every_key_with_the_same_places(tag: str) -> None:
    assert texts(words.read(tag)) == texts(words.read("en"))


@pytest.mark.parametrize("tag", words.languages())
def test_no_text_is_empty_and_every_template_has_five_labels(tag: str) -> None:
    def check(part: Any) -> None:
        if isinstance(part, str):
            assert part.strip() == part != ""
        else:
            for each in part.values() if isinstance(part, dict) else part:
                check(each)

    check(words.read(tag))
    for template in Study.Template.values:
        labels = [entry["label"] for entry in words.default_scale(template, tag)]
        assert len(set(labels)) == 5


@pytest.mark.parametrize("tag", [tag for tag in words.languages() if tag != "en"])
def test_nothing_is_left_in_english(tag: str) -> None:
    english, other = words.read("en"), words.read(tag)

    def same(a: Any, b: Any) -> list[str]:
        if isinstance(a, str):
            return [a] if a == b and re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", a)) else []
        if isinstance(a, list):
            return [text for pair in zip(a, b, strict=True) for text in same(*pair)]
        return [text for key in a if key in b for text in same(a[key], b[key])]

    assert same(english, other) == []


@pytest.mark.parametrize("tag", words.languages())
@pytest.mark.parametrize("shape", SHAPES)
def test_pages_get_a_text_for_every_shape(tag: str, shape: Any) -> None:
    for section in words.sections(tag, shape).values():
        for key, text in section.items():
            assert isinstance(text, str) or "other" in text, key


def test_the_five_labels_of_dcr_are_the_standards() -> None:
    assert words.default_scale("dcr") == [
        {"score": 1, "label": "Very annoying"},
        {"score": 2, "label": "Annoying"},
        {"score": 3, "label": "Slightly annoying"},
        {"score": 4, "label": "Perceptible but not annoying"},
        {"score": 5, "label": "Imperceptible"},
    ]


def test_numbers_choose_their_form() -> None:
    forms = {"one": "{count} pair", "other": "{count} pairs"}

    assert [fill(forms, count) for count in (0, 1, 2)] == ["0 pairs", "1 pair", "2 pairs"]
    assert fill({"other": "{count}組"}, 1) == "1組"


@pytest.mark.parametrize(
    ("asked", "browser", "expected"),
    [
        ("", "", "en"),
        ("", "ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("vi", "ja", "vi"),
        ("xx", "vi-VN", "vi"),
        ("", "fr,en;q=0.5", "en"),
        ("JA_jp", "", "ja"),
        ("../../etc", "ja;q=0", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_then_the_browsers(asked: str, browser: str, expected: str) -> None:
    assert negotiate(asked, accept_language=browser) == expected


def study(**fields: Any) -> Study:
    return Study(**{"scale": SCALE, "consent_text": words.default_consent("naturalness"), **fields})


def test_default_texts_are_translated() -> None:
    japanese = [
        words.question(study(), "ja"),
        words.consent(study(), "ja"),
        words.scale(study(), "ja")[0]["label"],
    ]

    assert japanese == [
        words.default_question("naturalness", "ja"),
        words.default_consent("naturalness", "ja"),
        "非常に悪い",
    ]


def test_a_researchers_own_texts_stay_as_they_are_unless_they_translate_them() -> None:
    own = study(
        question="Is it a walk?",
        consent_text="Ours.",
        translations={"ja": {"question": "歩いていますか？", "consent": "当方。"}},
    )

    assert [words.question(own, tag) for tag in ("en", "ja", "vi")] == [
        "Is it a walk?",
        "歩いていますか？",
        "Is it a walk?",
    ]
    assert [words.consent(own, tag) for tag in ("ja", "vi")] == ["当方。", "Ours."]


def test_an_own_scale_keeps_its_labels() -> None:
    own = study(scale=[{"score": 2, "label": "Yes"}, {"score": 1, "label": "No"}])

    assert [entry["label"] for entry in words.scale(own, "ja")] == ["No", "Yes"]


def test_each_template_asks_its_own_question_where_none_was_written() -> None:
    assert words.question(study(template="acr"), "en") == "How natural does this walk look?"
    assert words.scale(study(template="dcr"), "en")[-1] == {"score": 5, "label": "Imperceptible"}
