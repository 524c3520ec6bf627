"""A rater's whole way in a real browser: by mouse, by keyboard, through reloads, to the end or out of the study."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from studies.models import Rater, Rating, Study
from tests.browser.rating_steps import begin, enter, pair_opens, rate_by_mouse, scores, status
from tests.studies.rows import SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


def test_a_whole_study_by_mouse(page: Page, live_server: Any, study: Study) -> None:
    enter(page, live_server, study)
    for position, score in [(1, 5), (2, 3), (3, 1), (4, 4)]:
        rate_by_mouse(page, position, score)

    expect(page.get_by_role("heading", level=1)).to_have_text("That was the last pair. Thank you.")
    expect(page.get_by_text("All 4 scores have arrived.")).to_be_visible()
    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores() == [(1, 5), (2, 3), (3, 1), (4, 4)]
    rater = Rater.objects.get()
    assert rater.state == Rater.State.COMPLETE
    assert rater.consent_version == "3"
    for kept in Rating.objects.all():
        assert kept.watched_fraction is not None
        assert kept.watched_fraction >= 0.95
        assert kept.stalls is not None
        assert kept.presented_at is not None
        assert (kept.rated_at - kept.presented_at).total_seconds() >= 2 * SECONDS


def test_a_whole_study_by_keyboard_alone(page: Page, live_server: Any, study: Study) -> None:
    page.goto(f"{live_server.url}/s/{study.token}/")
    page.get_by_label("I am 18 or older and I agree to take part.").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How it works")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    pair_opens(page, 1)
    page.keyboard.press("2")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    pair_opens(page, 2)
    page.keyboard.press("5")
    page.keyboard.press("5")
    pair_opens(page, 3)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    pair_opens(page, 4)
    page.keyboard.press("3")
    page.get_by_role("button", name="Save and go on").focus()
    page.keyboard.press("Space")

    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert scores() == [(1, 4), (2, 5), (3, 2), (4, 3)]
    assert [kept.playback["replays"] for kept in Rating.objects.order_by("pk")] == [0, 0, 1, 0]


def test_every_step_is_announced_in_turn(page: Page, live_server: Any, own_rater: Rater) -> None:
    begin(page, live_server, own_rater)

    expect(status(page)).to_have_text("Pair 1 of 4. Original walk, 0.6 seconds.")
    expect(status(page)).to_have_text("Changed walk.")
    expect(status(page)).to_have_text("Both have played. Choose 1 bad to 5 excellent.")
    page.keyboard.press("4")
    expect(status(page)).to_have_text("4, good, chosen. Enter saves.")
    page.keyboard.press("Enter")
    expect(status(page)).to_have_text("Saved. Pair 2 of 4. Original walk, 0.6 seconds.")


def test_the_scale_is_closed_until_both_clips_have_played(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)

    expect(page.get_by_text("Opens when both walks have played.")).to_be_visible()
    expect(page.get_by_role("radio", name="4")).to_be_disabled()
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.locator(".stage.gap")).to_be_visible()
    expect(page.get_by_text("Next: the changed walk.")).to_be_visible()
    expect(page.get_by_role("radio", name="4")).to_be_disabled()
    pair_opens(page, 1)
    expect(page.locator(".scale :checked")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Choose a score first.").first).to_be_visible()
    assert scores() == []


def test_a_reload_in_the_middle_goes_on_where_it_was(page: Page, live_server: Any, study: Study) -> None:
    enter(page, live_server, study)
    rate_by_mouse(page, 1, 5)
    pair_opens(page, 2)
    page.keyboard.press("4")

    page.reload()

    expect(page.get_by_role("heading", name="Welcome back")).to_be_focused()
    expect(page.get_by_text("1 of 4 scores are saved. About 1 minute is left.")).to_be_visible()
    expect(status(page)).to_have_text("Welcome back. 1 of 4 scores are saved.")
    page.get_by_role("button", name="Go on with pair 2").click()
    expect(page.get_by_role("radio", name="4")).to_be_checked()
    page.keyboard.press("Enter")
    pair_opens(page, 3)
    assert scores() == [(1, 5), (2, 4)]


def test_the_same_device_comes_back_through_the_studys_own_link(
    page: Page, live_server: Any, study: Study
) -> None:
    enter(page, live_server, study)
    rate_by_mouse(page, 1, 5)
    pair_opens(page, 2)
    Study.objects.update(status=Study.Status.CLOSED)

    page.goto(f"{live_server.url}/s/{study.token}/")

    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert Rater.objects.count() == 1


def test_a_hidden_page_pauses_and_plays_that_clip_again(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    expect(page.locator("[data-watched=original] progress")).not_to_have_js_property("value", 0)

    hide = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
    page.evaluate(hide + "document.dispatchEvent(new Event('visibilitychange')); }", True)
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    assert page.evaluate("document.querySelector('[data-clip=original]').paused")
    page.evaluate(hide + "document.dispatchEvent(new Event('visibilitychange')); }", False)
    pair_opens(page, 1)
    page.keyboard.press("4")
    page.keyboard.press("4")

    pair_opens(page, 2)
    assert Rating.objects.get().playback["interruptions"] == 1


def test_withdrawing_erases_the_scores(page: Page, live_server: Any, study: Study) -> None:
    enter(page, live_server, study)
    rate_by_mouse(page, 1, 4)
    pair_opens(page, 2)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Keep them").click()
    assert Rating.objects.count() == 1

    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Erase my scores").click()

    expect(page.get_by_role("heading", name="Your scores are erased")).to_be_visible()
    assert not Rater.objects.exists()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_start_without_the_tick_explains_in_place(page: Page, live_server: Any, study: Study) -> None:
    page.goto(f"{live_server.url}/s/{study.token}/")

    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("alert")).to_have_text(
        "Please tick the box first: without your agreement nothing can be kept."
    )
    expect(page.get_by_role("checkbox")).to_be_focused()
    assert not Rater.objects.exists()


def test_a_seat_that_was_taken_meanwhile_is_told_in_place(page: Page, live_server: Any, study: Study) -> None:
    page.goto(f"{live_server.url}/s/{study.token}/")
    study.seats.update(occupied=True)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_text("All places in this study are taken at the moment.")).to_be_visible()
