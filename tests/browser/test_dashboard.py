"""A study's pages in a real browser: figures are drawn, fill while raters rate, and everybody can read them."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

import tests.file_database  # noqa: F401  the live server answers in threads of its own
from studies import simulation
from studies.models import Study
from tests.browser.reading import everybody_can_read, violations
from tests.studies.attacks import attack
from tests.studies.conditions import with_second_condition
from tests.studies.rows import enrol, make_study, rate

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


@pytest.fixture
def rated() -> Study:
    """Open, attacked, rated by two people and two simulated raters."""
    study = make_study(seats=((1, 2, 3, 4),) * 4)
    attack(study.anonymization)
    for scores in ((4, 3, 5, 4), (3, 2, 4, 4)):
        rater = enrol(study)
        for position, score in enumerate(scores, start=1):
            rate(rater, position, score)
    simulation.simulate(study, 2)
    return study


def dashboard(site: str, study: Study, query: str = "") -> str:
    return site + reverse("studies:study", args=[study.slug]) + query


def plot(page: Page, key: str) -> Any:
    return page.locator(f"#plot-{key}")


# --- Readable by everybody ------------------------------------------------------------------------
def test_a_full_dashboard_is_readable(page: Page, site: str, rated: Study):
    page.goto(dashboard(site, rated, "?simulated=1&reference=1"))
    expect(page.locator(".plot.js-plotly-plot")).to_have_count(10)
    everybody_can_read(page)


@pytest.mark.parametrize(("status", "said"), [("draft", "Ready to open"), ("open", "First votes show here")])
def test_a_study_without_votes_is_readable(page: Page, site: str, status: str, said: str):
    page.goto(dashboard(site, make_study(status=status, playback_checked=False)))
    expect(page.get_by_role("heading", name=said)).to_be_visible()
    expect(page.get_by_role("link", name="Start the attackers").first).to_be_visible()
    everybody_can_read(page)


def test_the_list_and_its_empty_state_are_readable(page: Page, site: str):
    page.goto(site + reverse("studies:studies"))
    expect(page.get_by_role("main")).to_contain_text("Nobody has been asked yet")
    everybody_can_read(page)
    make_study(playback_checked=False)
    page.reload()
    expect(page.get_by_role("link", name="Street walks")).to_be_visible()
    everybody_can_read(page)


def test_raters_and_screening_are_readable(page: Page, site: str, rated: Study):
    rater = rated.raters.first()
    rated.masks.create(rater=rater, reason="told us so")
    for name, more in (("raters", ()), ("screening", ()), ("rater", (rater.pseudonym,))):
        page.goto(site + reverse(f"studies:{name}", args=[rated.slug, *more]) + "?simulated=1")
        expect(page.get_by_role("main")).to_contain_text(rater.pseudonym)
        everybody_can_read(page)


# --- Alive ----------------------------------------------------------------------------------------
def test_the_page_fills_after_a_rating_without_loading_anew(page: Page, site: str):
    study = make_study()
    page.goto(dashboard(site, study))
    expect(plot(page, "mos-by-view-angle")).to_have_class(re.compile("js-plotly-plot"))
    page.evaluate("window.stayed = true")
    page.locator("#numbers-mos-by-view-angle summary").click()
    page.get_by_role("link", name="CSV of Naturalness by view angle").focus()
    rate(enrol(study), 1, 5)
    expect(page.get_by_role("region", name="The answer in short")).to_contain_text("5.00")
    expect(plot(page, "mos-by-view-angle").locator(".scatterlayer .point")).to_have_count(1)
    expect(page.locator("#numbers-mos-by-view-angle")).to_have_attribute("open", "")
    expect(page.get_by_role("link", name="CSV of Naturalness by view angle")).to_be_focused()
    assert page.evaluate("window.stayed")


def test_both_answers_have_the_same_size_and_the_same_axis(page: Page, site: str, rated: Study):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(dashboard(site, rated))
    left, right = (plot(page, key) for key in ("mos-by-view-angle", "success-rate-by-view-angle"))
    expect(right.locator(".xtick")).to_have_count(2)
    one, two = left.bounding_box(), right.bounding_box()
    assert (one["width"], one["height"], one["y"]) == (two["width"], two["height"], two["y"])
    ranges = [each.evaluate("plot => plot.layout.xaxis.range") for each in (left, right)]
    assert ranges[0] == ranges[1]


def test_nothing_is_cut_on_a_small_laptop(page: Page, site: str, rated: Study):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(dashboard(site, rated, "?simulated=1"))
    expect(page.locator(".plot.js-plotly-plot")).to_have_count(10)
    expect(plot(page, "subject-model").locator(".xtick")).to_have_count(2)
    cut = "tables => tables.filter(each => each.scrollWidth > each.clientWidth).map(each => each.ariaLabel)"
    assert page.locator("#depth .tabled > .scroll").evaluate_all(cut) == []
    states = plot(page, "raters-by-state")
    numbers = states.locator(".bartext").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().right)"
    )
    box = states.bounding_box()
    assert [right <= box["x"] + box["width"] for right in numbers] == [True, True]


def test_colours_follow_the_theme(page: Page, site: str, rated: Study):
    page.emulate_media(color_scheme="light")
    page.goto(dashboard(site, rated))
    colour = "plot => plot.data[0].marker.color"
    ladder = plot(page, "attackers-ladder")
    expect(ladder).to_have_class(re.compile("js-plotly-plot"))
    light = ladder.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "before => document.querySelector('#plot-attackers-ladder').data[0].marker.color != before", arg=light
    )
    assert light.startswith("#")
    assert ladder.evaluate(colour).startswith("#")


def test_simulated_votes_are_shown_on_demand_and_apart(page: Page, site: str, rated: Study):
    page.goto(dashboard(site, rated))
    mos = plot(page, "mos-by-view-angle")
    expect(mos).to_have_class(re.compile("js-plotly-plot"))
    assert mos.evaluate("plot => plot.data.length") == 1
    page.get_by_role("link", name="8 simulated votes hidden").click()
    expect(page.get_by_role("link", name="simulated votes shown apart")).to_be_visible()
    expect(mos).to_have_class(re.compile("js-plotly-plot"))
    names = mos.evaluate("plot => plot.data.map(trace => trace.name)")
    assert [name.endswith("simulated") for name in names] == [False, True]


def test_pointing_at_a_view_angle_points_at_it_in_the_other_answer(page: Page, site: str, rated: Study):
    page.goto(dashboard(site, rated))
    point = plot(page, "mos-by-view-angle").locator(".scatterlayer .point").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(plot(page, "success-rate-by-view-angle").locator(".hovertext")).to_contain_text("0°: 75.0 %")


def test_a_figure_is_downloaded_as_a_picture(page: Page, site: str, rated: Study, tmp_path: Path):
    page.goto(dashboard(site, rated))
    expect(plot(page, "attackers-ladder")).to_have_class(re.compile("js-plotly-plot"))
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG of Who can still name them?").click()
    download.value.save_as(tmp_path / "ladder.svg")
    assert download.value.suggested_filename == "street-walks-attackers-ladder.svg"
    assert "<svg" in (tmp_path / "ladder.svg").read_text()


def test_export_opens_by_keyboard(page: Page, site: str, rated: Study):
    page.goto(dashboard(site, rated))
    page.get_by_role("button", name="Export").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Ratings, XLSX")).to_be_visible()
    assert violations(page) == []


def test_closing_asks_once_and_ends_the_polling(page: Page, site: str, rated: Study):
    page.goto(dashboard(site, rated))
    page.get_by_role("button", name="Close study").click()
    page.get_by_role("button", name="Press again to close").click()
    expect(page.get_by_role("button", name="Open again")).to_be_visible()
    assert page.locator("[hx-get]#live").count() == 0


def test_a_missing_reason_is_told_in_the_pages_own_words(page: Page, site: str, rated: Study):
    rater = rated.raters.order_by("pk")[0]
    page.goto(site + reverse("studies:rater", args=[rated.slug, rater.pseudonym]))
    page.get_by_role("button", name="Set aside", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text(
        "Give a reason: it stands in the study’s log beside your name."
    )
    assert not rated.masks.exists()


def test_a_rater_is_set_aside_by_keyboard_after_one_question(page: Page, site: str, rated: Study):
    rater = rated.raters.first()
    page.goto(site + reverse("studies:rater", args=[rated.slug, rater.pseudonym]))
    page.get_by_label("Reason", exact=True).fill("told us so")
    button = page.get_by_role("button", name="Set aside", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Press again to set aside")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Count again")).to_be_visible()
    page.goto(dashboard(site, rated))
    expect(page.locator("#aside-said")).to_have_text("1 rater set aside (1 by hand)")


def test_another_matrix_comes_without_loading_the_page_anew(page: Page, site: str, rated: Study):
    compared = with_second_condition(rated, numbers=(3, 4))
    attack(compared.conditions.get(number=2).anonymization)
    page.goto(dashboard(site, compared))
    expect(plot(page, "frontier")).to_have_class(re.compile("js-plotly-plot"))
    page.evaluate("window.stayed = true")
    choices = page.get_by_role("group", name="Condition of the matrix")
    choices.get_by_role("link", name="sdf α 1.5").click()
    expect(choices.locator("[aria-current]")).to_have_text("sdf α 1.5")
    expect(choices.locator("[aria-current]")).to_be_focused()
    expect(plot(page, "success-matrix")).to_have_class(re.compile("js-plotly-plot"))
    expect(plot(page, "frontier")).to_have_class(re.compile("js-plotly-plot"))
    assert page.evaluate("window.stayed")
    assert "matrix=2" in page.url
