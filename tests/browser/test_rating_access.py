"""The raters' pages for everybody: axe in both themes, phones, keys, reduced motion, no JavaScript."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from studies import rating
from studies.models import Rater, Study
from tests.browser.rating_steps import begin, enter, pair_opens
from tests.studies.rows import make_study, rate

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


def test_with_reduced_motion_each_clip_waits_for_play(page: Page, live_server: Any, own_rater: Rater) -> None:
    page.emulate_media(reduced_motion="reduce")
    begin(page, live_server, own_rater)

    page.get_by_role("button", name="Play the original walk").click()
    play = page.get_by_role("button", name="Play the changed walk")
    expect(play).to_be_visible()
    assert page.evaluate("document.querySelector('[data-clip=changed]').paused")
    page.get_by_role("heading", level=1).focus()
    page.keyboard.press("Space")
    pair_opens(page, 1)


def test_keys_can_be_switched_off(page: Page, live_server: Any, own_rater: Rater) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    page.get_by_role("button", name="Help").click()
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()

    page.keyboard.press("4")

    expect(page.locator(".scale :checked")).to_have_count(0)


def test_without_javascript_the_page_says_what_it_needs(browser: Any, live_server: Any, study: Study) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/s/{study.token}/")

    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_hidden()
    context.close()


def test_on_a_phone_everything_fits_and_can_be_touched(page: Page, live_server: Any, study: Study) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, live_server, study)
    pair_opens(page, 1)

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for target in page.locator("button:visible, .scale label").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, target
    save = page.get_by_role("button", name="Save and go on").bounding_box()
    assert save is not None
    assert save["y"] + save["height"] <= 844  # no scrolling between watching and saving
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_every_state_is_accessible(
    page: Page, context: BrowserContext, live_server: Any, study: Study, theme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})

    def is_at(heading: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(heading))
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        assert_accessible(page)

    page.goto(f"{live_server.url}/s/{study.token}/")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_be_visible()
    is_at("How natural")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()
    is_at("How it works")
    page.get_by_role("button", name="Show the first pair").click()
    expect(page.get_by_role("button", name="Play the original walk")).to_be_visible()
    is_at("Pair 1 of 4")
    page.get_by_role("button", name="Play the original walk").click()
    page.get_by_role("button", name="Play the changed walk").click()
    pair_opens(page, 1)
    page.keyboard.press("4")
    is_at("Pair 1 of 4")
    context.set_offline(True)
    expect(page.locator("#connection")).to_be_visible()
    is_at("Pair 1 of 4")
    context.set_offline(False)
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    is_at("Pair 1 of 4")
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    expect(page.get_by_text("1 score saved", exact=True)).to_be_visible()
    page.reload()
    is_at("Welcome back")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    is_at("Welcome back")
    page.keyboard.press("Escape")
    for position in (2, 3, 4):
        rate(Rater.objects.get(), position, 3)
    page.reload()
    is_at("That was the last pair")
    page.get_by_role("button", name="See what is stored about you").click()
    expect(page.get_by_role("table")).to_be_visible()
    is_at("That was the last pair")
    page.goto(f"{live_server.url}/s/unknown/")
    is_at("This link leads nowhere")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_practice_break_and_expiry_are_accessible(page: Page, live_server: Any, theme: Any) -> None:
    study = make_study(view_angles=[0, 0, 0], seats=[[1, 2, 3]], pause_half_way=True, template="dcr")
    study.stimuli.filter(number=1).update(role="training")
    rater = rating.enrol(study, rating.Applicant(consent=True, locale="vi"))[0]
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{live_server.url}/r/{rater.token}/")
    expect(page.get_by_role("heading", name="Cách thực hiện")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Bắt đầu phần tập").click()
    expect(page.get_by_role("radio", name="3")).to_be_enabled()
    assert_accessible(page)
    page.keyboard.press("3")
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Phần tập đã xong")).to_be_focused()
    assert_accessible(page)
    page.get_by_role("button", name="Xem cặp đầu tiên").click()
    expect(page.get_by_role("radio", name="3")).to_be_enabled()
    page.keyboard.press("3")
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Đã được một nửa")).to_be_focused()
    assert_accessible(page)
    Rater.objects.update(expires=rater.created)
    page.reload()
    expect(page.get_by_role("heading", name="Liên kết này đã hết hạn")).to_be_focused()
    assert_accessible(page)
