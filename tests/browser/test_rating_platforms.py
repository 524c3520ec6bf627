"""Through Prolific and Mechanical Turk and back, in a real browser, the platforms played by pages of our own."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from studies import identities
from studies.models import Rater
from tests.studies.rows import make_study

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience")]


NO_STORAGE = """
  if (window !== top) Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("not in a frame", "SecurityError"); },
  });
"""


@pytest.fixture
def platform() -> Iterator[ThreadingHTTPServer]:
    """A real server of another site (127.0.0.1, where the study is localhost's) that answers with `.page`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(server.page.encode())  # type: ignore[attr-defined]

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def address_of(platform: Any) -> str:
    return f"http://127.0.0.1:{platform.server_port}"


def answer(route: Any, body: str) -> None:
    route.fulfill(body=body, content_type="text/html")


def test_prolific_sends_somebody_and_gets_them_back_with_the_code(page: Page, live_server: Any) -> None:
    study = make_study(view_angles=[0], seats=[[1]], platform="prolific")
    page.route("https://app.prolific.com/**", lambda route: answer(route, "<h1>Back at Prolific</h1>"))
    page.goto(f"{live_server.url}/s/{study.token}/?PROLIFIC_PID=5f1a&STUDY_ID=64b0&SESSION_ID=77c2")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Show the first pair").click()
    assert "5f1a" not in page.url
    expect(page.get_by_role("radio", name="4")).to_be_enabled()
    page.keyboard.press("4")
    page.keyboard.press("4")
    page.get_by_role("link", name="Return to Prolific").click()

    expect(page.get_by_role("heading", name="Back at Prolific")).to_be_visible()
    assert page.url == "https://app.prolific.com/submissions/complete?cc=C7K4Q9"
    told = identities.told_of(Rater.objects.get())
    assert told == {"PROLIFIC_PID": "5f1a", "STUDY_ID": "64b0", "SESSION_ID": "77c2"}


def test_in_mturks_frame_it_works_without_cookies_or_storage_and_ends_with_its_form(
    page: Page, live_server: Any, settings: Any, platform: Any
) -> None:
    study = make_study(view_angles=[0], seats=[[1]], platform="mturk")
    settings.CROWD_FRAMES = [address_of(platform)]
    query = "assignmentId=3XYZ&hitId=3HIT&workerId=A1B2&turkSubmitTo=https%3A%2F%2Fwww.mturk.com"
    platform.page = (
        f'<iframe src="{live_server.url}/s/{study.token}/?{query}" width="800" height="700"></iframe>'
    )
    submitted: list[Any] = []

    def submit(route: Any) -> None:
        submitted.append(route.request)
        answer(route, "<h1>Submitted</h1>")

    page.route("https://www.mturk.com/**", submit)
    page.add_init_script(NO_STORAGE)
    page.goto(address_of(platform))
    task = page.frame_locator("iframe")
    task.get_by_role("checkbox").check()
    task.get_by_role("button", name="Start").click()
    task.get_by_role("button", name="Show the first pair").click()
    task.locator(".scale label").nth(3).click()
    task.get_by_role("button", name="Save and go on").click()
    task.get_by_role("button", name="Return to Mechanical Turk").click()

    expect(task.get_by_role("heading", name="Submitted")).to_be_visible()
    assert [(each.method, each.url) for each in submitted] == [
        ("POST", "https://www.mturk.com/mturk/externalSubmit")
    ]
    assert parse_qs(submitted[0].post_data) == {"assignmentId": ["3XYZ"], "code": ["C7K4Q9"]}
    assert page.context.cookies(live_server.url) == []


def test_no_other_site_may_frame_it(page: Page, live_server: Any, platform: Any) -> None:
    study = make_study(view_angles=[0], seats=[[1]], platform="mturk")
    platform.page = f'<iframe src="{live_server.url}/s/{study.token}/?workerId=A&assignmentId=3"></iframe>'
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    page.goto(address_of(platform))

    assert any("frame-ancestors" in line for line in said)
    expect(page.frame_locator("iframe").get_by_role("checkbox")).to_have_count(0)
