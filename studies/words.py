"""What raters read, in every language there is: one file a language under `rater_words/`, and that is all it takes.

A text is a string with {places}. Where the wording depends on what is shown it is an object of `pair`, `single`
and `both` (side by side; as `pair` where it is not told); where it depends on a number, of plural categories,
of which `other` is always there.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation.trans_real import parse_accept_lang_header

from studies.showing import Shape

FOLDER = Path(__file__).parent / "rater_words"
DEFAULT = "en"
Text = str | dict[str, str]  # the latter by plural category
Sections = dict[str, dict[str, Any]]


@cache
def languages() -> dict[str, str]:
    """The name of each language in itself, by its tag; English first."""
    tags = sorted((path.stem for path in FOLDER.glob("*.json")), key=lambda tag: (tag != DEFAULT, tag))
    return {tag: str(read(tag)["language"]) for tag in tags}


@cache
def read(tag: str) -> dict[str, Any]:
    """A language's file as it stands. The tag must be one of `languages()`."""
    return dict(json.loads((FOLDER / f"{tag}.json").read_text(encoding="utf-8")))


@cache
def sections(tag: str, shape: Shape) -> Sections:
    """Every section of the pages but the templates', worded for what is shown."""
    told = {name: part for name, part in read(tag).items() if name not in ("language", "templates")}
    return {name: {key: for_shape(text, shape) for key, text in part.items()} for name, part in told.items()}


def for_shape(text: Any, shape: Shape) -> Any:
    if isinstance(text, dict) and text.keys() <= {"pair", "single", "both"}:
        return text.get(shape, text.get("pair"))
    return text


def fill(text: Text, count: int | None = None, **places: object) -> str:
    """The text with its places filled in. The page's own scripts know all plural rules; here there is one or other."""
    if isinstance(text, dict):
        text = text["one"] if count == 1 and "one" in text else text["other"]
    return text.format(count=count, **places)


# --- Which language ---------------------------------------------------------------------------------
def match(tag: str) -> str | None:
    """The language that a tag such as `ja-JP` asks for, if there is one."""
    known = {language.lower(): language for language in languages()}
    tag = tag.strip().lower().replace("_", "-")
    while tag:
        if tag in known:
            return known[tag]
        tag, _, _ = tag.rpartition("-")
    return None


def negotiate(*asked: str, accept_language: str = "") -> str:
    """The first tag asked for that there is, then the browser's best, then English."""
    accepted = [tag for tag, quality in parse_accept_lang_header(accept_language) if quality > 0]
    return next((found for tag in (*asked, *accepted) if (found := match(tag))), DEFAULT)


# --- What a study asks ------------------------------------------------------------------------------
def default_question(template: str, tag: str = DEFAULT) -> str:
    return str(read(tag)["templates"][template]["question"])


def default_consent(template: str, tag: str = DEFAULT) -> str:
    return str(read(tag)["templates"][template]["consent"])


def default_scale(template: str, tag: str = DEFAULT) -> list[dict[str, Any]]:
    """Rows `{"score", "label"}` from the lowest score to the highest."""
    labels = read(tag)["templates"][template]["scale"]
    return [{"score": score, "label": label} for score, label in enumerate(labels, start=1)]


def question(study: Any, tag: str) -> str:
    """The study's own translation, or ours of the default question, or the question as it stands."""
    own = _own(study, tag, "question")
    is_default = study.question in (default_question(study.template), default_question("naturalness"))
    return own or (default_question(study.template, tag) if is_default else study.question)


def consent(study: Any, tag: str) -> str:
    own = _own(study, tag, "consent")
    is_default = study.consent_text == default_consent(study.template)
    return own or (default_consent(study.template, tag) if is_default else study.consent_text)


def scale(study: Any, tag: str) -> list[dict[str, Any]]:
    """The scores with their labels, from the lowest to the highest."""
    own = _own(study, tag, "scale")
    stored = sorted(study.scale, key=lambda entry: entry["score"])
    if own:
        return [{"score": entry["score"], "label": label} for entry, label in zip(stored, own, strict=False)]
    is_default = stored in (default_scale(study.template), default_scale("naturalness"))
    return default_scale(study.template, tag) if is_default else stored


def _own(study: Any, tag: str, key: str) -> Any:
    translations: Mapping[str, Any] = study.translations or {}
    return (translations.get(tag) or {}).get(key)


def heading(study: Any, tag: str) -> str:
    return str(read(tag)["templates"][study.template]["heading"])


def lead(study: Any, tag: str, shape: Shape) -> str:
    return str(for_shape(read(tag)["templates"][study.template]["lead"], shape))
