"""The steps that raters' journeys are made of."""

from typing import Any

from playwright.sync_api import Page, expect

from studies.models import Rater, Rating, Study


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
