"""What answers late, never, or in the study's place, and a second device: no score is lost, no pair condemned."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from studies import rating
from studies.models import Presentation, Rater, Study
from tests.browser.rating_steps import begin, pair_opens, rate_by_mouse, scores
from tests.studies.rows import make_study, rate

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]
CLIPS = "**/c/**"
LONGER_THAN_ANY_WAIT = 31_000  # ms


def test_a_pair_left_out_on_another_device_costs_no_other_score(
    page: Page, context: BrowserContext, live_server: Any
) -> None:
    study = make_study(view_angles=[0, 90, 0, 90], seats=[[1, 2, 3, 4]])  # nothing to replace a pair by
    rater = rating.enrol(study, rating.Applicant(consent=True))[0]
    begin(page, live_server, rater)
    pair_opens(page, 1)
    page.wait_for_load_state("networkidle")
    context.set_offline(True)
    for position, score in ((1, "2"), (2, "3")):
        pair_opens(page, position)
        page.keyboard.press(score)
        page.keyboard.press("Enter")
    with pytest.raises(rating.NoPairLeft):
        rating.replace(rater, 1, "does not play on the other device")

    context.set_offline(False)

    expect(page.locator("#notice")).to_contain_text("Pair 1 was left out: it could not be played on another")
    rate_by_mouse(page, 3, 4)
    rate_by_mouse(page, 4, 5)
    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores() == [(2, 3), (3, 4), (4, 5)]


def test_what_was_scored_on_another_device_is_not_asked_again(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    for position in (1, 2, 3):
        rate(own_rater, position, 5)

    page.keyboard.press("2")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Pair 1 was saved before with 5. That score stays.")).to_be_visible()
    rate_by_mouse(page, 4, 4)
    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores() == [(1, 5), (2, 5), (3, 5), (4, 4)]


@pytest.mark.parametrize(
    ("stranger", "told"),
    [
        ({"status": 403, "body": ""}, "You’re offline. 1 score is kept"),
        ({"status": 200, "body": "<h1>Sign in to this network</h1>"}, "You’re offline. 1 score is kept"),
        (
            {"status": 502, "body": "<h1>Bad gateway</h1>"},
            "The study doesn’t answer right now. 1 score is kept",
        ),
    ],
)
def test_what_answers_in_the_studys_place_takes_no_score(
    page: Page, live_server: Any, own_rater: Rater, stranger: Any, told: str
) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    page.route("**/rating", lambda route: route.fulfill(**stranger))
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_contain_text(told)

    page.unroute("**/rating")

    expect(page.locator("#connection")).to_have_text("All scores sent.")
    assert scores() == [(1, 4)]


def test_a_clip_of_which_nothing_comes_is_asked_for_again(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    page.clock.install()
    page.goto(f"{live_server.url}/r/{own_rater.token}/")
    page.route(CLIPS, lambda route: None)
    page.reload()
    with page.expect_request(CLIPS):
        page.get_by_role("button", name="Show the first pair").click()

    page.clock.fast_forward(LONGER_THAN_ANY_WAIT)  # it is given up ...
    expect(page.locator("#connection")).to_be_visible()
    page.unroute(CLIPS)
    page.clock.fast_forward(LONGER_THAN_ANY_WAIT)  # ... and asked for again

    pair_opens(page, 1)
    assert not Presentation.objects.exclude(problem="").exists()


def test_while_the_server_is_away_no_clip_is_called_broken(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    page.clock.install()
    page.goto(f"{live_server.url}/r/{own_rater.token}/")
    page.route(CLIPS, lambda route: route.fulfill(status=503))
    page.get_by_role("button", name="Show the first pair").click()
    for _ in range(6):
        with page.expect_response(CLIPS):
            page.clock.fast_forward(LONGER_THAN_ANY_WAIT)
    page.unroute(CLIPS)
    page.clock.fast_forward(LONGER_THAN_ANY_WAIT)

    pair_opens(page, 1)
    assert not Presentation.objects.exclude(problem="").exists()


def test_an_address_that_expired_while_the_device_slept_is_asked_for_anew(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    asked: list[Route] = []

    def too_late_for_all_four(route: Route) -> None:
        asked.append(route)
        _ = route.fulfill(status=410) if len(asked) <= 4 else route.continue_()

    page.route("**/c/original/**", too_late_for_all_four)

    begin(page, live_server, own_rater)

    pair_opens(page, 1)
    assert not Presentation.objects.exclude(problem="").exists()


def test_start_keeps_the_platforms_parameters_however_slow_the_answers_are(
    page: Page, live_server: Any, study: Study, own_rater: Rater
) -> None:
    """On a device that has begun, the page asks how far that is before anything else."""
    page.goto(f"{live_server.url}/s/{study.token}/")
    page.evaluate(
        'key => localStorage.setItem(key, \'{"key": "k", "rater": "slow"}\')',
        f"gaitmos-study-{study.token}-P1",
    )
    page.route("**/api/v1/raters/slow", lambda route: None)
    page.goto(f"{live_server.url}/s/{study.token}/?PROLIFIC_PID=P1")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    assert study.raters.exclude(pk=own_rater.pk).get().external_hmac != ""


def test_start_waits_for_its_script(page: Page, live_server: Any, study: Study) -> None:
    """Sent by the browser alone, the form would lose what the platform put into the address."""
    held: list[Route] = []
    page.route("**/rater_start.js", lambda route: held.append(route))
    page.goto(f"{live_server.url}/s/{study.token}/?PROLIFIC_PID=P1", wait_until="commit")
    expect(page.get_by_role("button", name="Start")).to_be_disabled()

    asked_for(page, held, 1)
    held[0].continue_()

    expect(page.get_by_role("button", name="Start")).to_be_enabled()


def test_an_altered_link_is_called_that(page: Page, live_server: Any, study: Study) -> None:
    page.goto(f"{live_server.url}/s/{study.token}/?PROLIFIC_PID=%F0%9F%98%80")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("alert")).to_have_text(
        "The link isn’t as it was sent to you. Please open it again from where you got it."
    )


def asked_for(page: Page, held: list[Route], times: int) -> None:
    """Wait until that many requests are held back: the page shows that it asks before the request is seen here."""
    while len(held) < times:
        page.wait_for_timeout(20)


def test_a_welcome_counts_the_scores_that_arrive_meanwhile(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    pair_opens(page, 1)
    held: list[Route] = []
    page.route("**/rating", lambda route: held.append(route))
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    pair_opens(page, 2)
    page.reload()
    expect(page.get_by_text("0 of 4 scores are saved. 1 more is being sent.")).to_be_visible()

    asked_for(page, held, 2)  # by the page that went, and by the one that came back
    held[-1].continue_()

    expect(page.get_by_text("1 of 4 scores are saved. About 1 minute is left.")).to_be_visible()
    assert scores() == [(1, 4)]


def test_while_the_last_score_is_sent_the_page_says_so(
    page: Page, live_server: Any, own_rater: Rater
) -> None:
    begin(page, live_server, own_rater)
    for position in (1, 2, 3):
        rate_by_mouse(page, position, 3)
    pair_opens(page, 4)
    held: list[Route] = []
    page.route("**/rating", lambda route: held.append(route))
    rate_by_mouse(page, 4, 3)
    expect(page.get_by_text("Your last scores are being sent.")).to_be_visible()

    held[0].continue_()

    expect(page.get_by_text("C7K4Q9")).to_be_visible()
    assert scores() == [(1, 3), (2, 3), (3, 3), (4, 3)]
