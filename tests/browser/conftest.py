from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

import tests.file_database  # noqa: F401  the live server answers in threads of its own
from studies import rating
from studies.models import Rater, Study
from tests.studies.rows import make_study

LONG = 20_000  # ms; two cores may be busy with other tests


@pytest.fixture
def study() -> Study:
    """A study for raters' journeys: two seats, four pairs each."""
    return make_study(view_angles=[0, 90, 0, 90, 0, 90], seats=[[1, 2, 3, 4], [3, 4, 5, 6]])


@pytest.fixture
def own_rater(study: Study) -> Rater:
    return rating.enrol(study, rating.Applicant(consent=True))[0]


@pytest.fixture
def patience(page: Page) -> None:
    page.set_default_timeout(LONG)
    expect.set_options(timeout=LONG)


@pytest.fixture
def errors(page: Page) -> Any:
    """No page of a journey may throw, or ask for what its content policy forbids."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on(
        "console", lambda message: seen.append(message.text) if "Content Security" in message.text else None
    )
    yield seen
    assert seen == []


@pytest.fixture
def who(researcher: Any) -> Any:
    """Who is signed in at `site`."""
    return researcher


@pytest.fixture
def site(page: Page, live_server: Any, client: Any, who: Any) -> str:
    """The site's address, signed in."""
    client.force_login(who)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    return str(live_server.url)
