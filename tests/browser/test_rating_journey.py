"""A rater's whole way in a real browser: by mouse, by keyboard, through reloads and a lost connection."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from studies import rating
from studies.models import Presentation, Rater, Rating, Study
from tests.studies.rows import SECONDS, make_study

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 15_000  # ms; two cores may be busy with other tests


@pytest.fixture
def study() -> Study:
    return make_study(view_angles=[0, 90, 0, 90, 0, 90], seats=[[1, 2, 3, 4], [3, 4, 5, 6]])


@pytest.fixture
def own_rater(study: Study) -> Rater:
    return rating.enrol(study, rating.Applicant(consent=True))[0]


@pytest.fixture(autouse=True)
def _patience(page: Page) -> None:
    page.set_default_timeout(LONG)
    expect.set_options(timeout=LONG)


@pytest.fixture(autouse=True)
def errors(page: Page) -> Any:
    """No page of a journey may throw, or ask for what its content policy forbids."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on(
        "console", lambda message: seen.append(message.text) if "Content Security" in message.text else None
    )
    yield seen
    assert seen == []


def status(page: Page) -> Any:
    return page.get_by_role("status").and_(page.locator("#status"))


def enter(page: Page, live_server: Any, study: Study) -> None:
    page.goto(f"{live_server.url}/s/{study.token}/")
    page.get_by_label("I am 18 or older and I agree to take part.").check()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Show the first pair").click()


def begin(page: Page, live_server: Any, rater: Rater) -> None:
    page.goto(f"{live_server.url}/r/{rater.token}/")
    page.get_by_role("button", name="Show the first pair").click()


def pair_opens(page: Page, position: int, total: int = 4) -> None:
    """This pair plays through and its scale opens."""
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Pair {position} of {total}")
    expect(page.get_by_role("radio", name="3")).to_be_enabled()


def rate_by_mouse(page: Page, position: int, score: int) -> None:
    pair_opens(page, position)
    page.locator(".scale label").nth(score - 1).click()
    page.get_by_role("button", name="Save and go on").click()


def scores() -> list[tuple[int, int]]:
    kept = Rating.objects.order_by("presentation__position")
    return list(kept.values_list("presentation__position", "score"))


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


def test_a_seat_that_was_taken_meanwhile_is_told_in_place(page: Page, live_server: Any, study: Study) -> None:
    page.goto(f"{live_server.url}/s/{study.token}/")
    study.seats.update(occupied=True)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_text("All places in this study are taken at the moment.")).to_be_visible()


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
    rater = Rater.objects.get()
    for position in (2, 3, 4):
        Rating.objects.create(
            presentation=rater.presentations.get(position=position), score=3, rated_at=rater.created
        )
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
