"""A dead network, a failing server, two tabs, clips that won't play: no score is lost and none counts twice."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from studies import rating
from studies.models import Presentation, Rater, Rating, Study
from tests.browser.rating_steps import begin, enter, pair_opens, rate_by_mouse, scores

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


def test_a_lost_connection_loses_nothing(
    page: Page, context: BrowserContext, live_server: Any, study: Study
) -> None:
    enter(page, live_server, study)
    pair_opens(page, 1)
    page.wait_for_load_state("networkidle")  # the three pairs ahead are there

    context.set_offline(True)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_have_text(
        "You’re offline. 1 score is kept on this device and will be sent when you’re back."
    )
    pair_opens(page, 2)
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_have_text(
        "You’re offline. 2 scores are kept on this device and will be sent when you’re back."
    )
    assert scores() == []
    context.set_offline(False)

    expect(page.locator("#connection")).to_have_text("All scores sent.")
    expect(page.locator("#connection")).to_be_hidden()
    rate_by_mouse(page, 3, 4)
    rate_by_mouse(page, 4, 5)
    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores() == [(1, 2), (2, 3), (3, 4), (4, 5)]


def test_the_last_page_waits_until_every_score_has_arrived(
    page: Page, context: BrowserContext, live_server: Any, study: Study
) -> None:
    enter(page, live_server, study)
    for position in (1, 2, 3):
        rate_by_mouse(page, position, 3)
    pair_opens(page, 4)
    context.set_offline(True)
    page.keyboard.press("5")
    page.keyboard.press("5")

    expect(page.get_by_role("heading", name="Waiting for the connection")).to_be_visible()
    expect(page.get_by_text("C7K4Q9")).to_be_hidden()
    context.set_offline(False)
    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores()[-1] == (4, 5)


def test_scores_kept_on_the_device_are_sent_after_a_reload(
    page: Page, context: BrowserContext, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    page.route("**/rating", lambda route: route.abort())
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_contain_text("1 score is kept on this device")

    page.unroute("**/rating")
    page.reload()

    expect(page.get_by_role("button", name="Go on with pair 2")).to_be_visible()
    expect(page.get_by_text("1 score saved", exact=True)).to_be_visible()
    assert scores() == [(1, 4)]


def test_a_server_that_fails_for_a_while_loses_nothing(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    page.route("**/rating", lambda route: route.fulfill(status=503, json={"detail": "busy"}))
    page.keyboard.press("4")
    page.keyboard.press("4")
    expect(page.locator("#connection")).to_have_text(
        "The study doesn’t answer right now. 1 score is kept on this device and will be sent when it’s back."
    )

    page.unroute("**/rating")

    expect(page.locator("#connection")).to_have_text("All scores sent.")
    assert scores() == [(1, 4)]


def test_a_score_the_server_does_not_take_brings_the_pair_again(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    Presentation.objects.filter(rater=own_rater).update(fetched_at=None)
    rate_by_mouse(page, 1, 4)
    expect(page.get_by_text("The score for pair 1 was not taken")).to_be_visible()
    for position in (2, 3, 4, 1):
        rating.present(own_rater, position)
        rate_by_mouse(page, position, 3)

    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores() == [(1, 3), (2, 3), (3, 3), (4, 3)]


def test_a_score_kept_before_stays_and_is_told(page: Page, live_server: Any, own_rater: Rater) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    shown = Presentation.objects.get(rater=own_rater, position=1)
    Rating.objects.create(presentation=shown, score=2, rated_at=shown.fetched_at)

    page.keyboard.press("5")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Pair 1 was saved before with 2. That score stays.")).to_be_visible()
    assert scores() == [(1, 2)]


def test_a_lost_answer_to_start_costs_no_second_seat(page: Page, live_server: Any, study: Study) -> None:
    def lose_the_answer(route: Any) -> None:
        route.fetch()
        route.abort()

    page.goto(f"{live_server.url}/s/{study.token}/")
    page.get_by_role("checkbox").check()
    page.route("**/raters", lose_the_answer)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("You’re offline. Nothing is lost")).to_be_visible()
    page.unroute("**/raters")
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    assert Rater.objects.count() == 1


def test_a_clip_that_cannot_be_played_brings_another_pair(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    broken = Presentation.objects.get(rater=own_rater, position=1).stimulus.test_clip
    with open(broken.file.path, "wb") as file:
        file.write(b"not a video")

    begin(page, live_server, own_rater)

    expect(page.get_by_role("heading", name="This clip won’t play here")).to_be_focused()
    page.get_by_role("button", name="Play the other pair").click()
    rate_by_mouse(page, 1, 4)
    pair_opens(page, 2)
    kept = Rating.objects.get().presentation
    assert (kept.stimulus.number, kept.stimulus.view_angle) == (5, 0)
    assert "changed clip" in kept.replaces.problem


def test_a_missing_clip_brings_another_pair(page: Page, live_server: Any, own_rater: Rater) -> None:
    clip = Presentation.objects.get(rater=own_rater, position=1).stimulus.reference_clip
    assert clip is not None
    clip.file.delete(save=False)

    begin(page, live_server, own_rater)

    page.get_by_role("button", name="Play the other pair").click()
    pair_opens(page, 1)


def test_two_tabs_count_each_score_once(page: Page, live_server: Any, own_rater: Rater) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    other = page.context.new_page()
    begin(other, live_server, own_rater)
    pair_opens(other, 1)

    page.keyboard.press("4")
    page.keyboard.press("4")

    expect(other.get_by_text("Pair 1 was scored in another tab. It goes on here.")).to_be_visible()
    pair_opens(other, 2)
    other.keyboard.press("2")
    other.keyboard.press("2")
    for position in (3, 4):
        pair_opens(other, position)
        other.keyboard.press("5")
        other.keyboard.press("5")
    expect(other.get_by_text("C7K4Q9")).to_be_visible()
    page.bring_to_front()
    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores() == [(1, 4), (2, 2), (3, 5), (4, 5)]


def test_a_double_click_saves_once_and_skips_no_pair(page: Page, live_server: Any, own_rater: Rater) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    page.keyboard.press("4")

    page.get_by_role("button", name="Save and go on").dblclick()

    pair_opens(page, 2)
    assert scores() == [(1, 4)]


def test_the_back_button_goes_on_where_it_was(page: Page, live_server: Any, study: Study) -> None:
    page.goto("about:blank")
    enter(page, live_server, study)
    rate_by_mouse(page, 1, 5)
    pair_opens(page, 2)
    expect(page.get_by_text("1 score saved", exact=True)).to_be_visible()
    address = page.url

    page.go_back()
    page.go_forward()

    assert page.url == address
    expect(page.get_by_role("button", name="Go on with pair 2")).to_be_visible()
    assert scores() == [(1, 5)]
    assert Rater.objects.count() == 1


def test_a_link_that_expires_meanwhile_says_so_and_keeps_what_had_arrived(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    rate_by_mouse(page, 1, 5)
    pair_opens(page, 2)
    Rater.objects.update(expires=own_rater.created)

    page.keyboard.press("4")
    page.keyboard.press("4")

    expect(page.get_by_role("heading", name="This link has expired")).to_be_focused()
    expect(page.get_by_text("1 score you gave is kept.")).to_be_visible()
    expect(page.get_by_text("1 more came too late to be kept.")).to_be_visible()
    assert scores() == [(1, 5)]
