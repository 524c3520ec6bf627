"""Other kinds of study in a real browser: practice and a break, one clip alone or side by side, other languages."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from studies import rating
from studies.models import Rater, Rating
from tests.browser.rating_steps import scores, status
from tests.studies.rows import add_pair, make_study

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


def rate_by_key(page: Page, heading: str, score: int) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.get_by_role("radio", name=str(score))).to_be_enabled()
    page.keyboard.press(str(score))
    page.keyboard.press(str(score))


def test_practice_comes_first_and_half_way_there_is_a_break(page: Page, live_server: Any) -> None:
    study = make_study(view_angles=[0, 90], seats=[[3, 1, 4, 2]], pause_half_way=True)
    add_pair(study, 3, 0, role="training", expected_score=2)
    add_pair(study, 4, 0, role="check", expected_score=5)

    page.goto(f"{live_server.url}/s/{study.token}/")
    expect(page.get_by_text("after 1 for practice")).to_be_visible()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start with practice").click()
    page.get_by_role("button", name="Start the practice").click()
    rate_by_key(page, "Practice 1 of 1", 2)
    expect(page.get_by_text("Now come 3 pairs that count.")).to_be_visible()
    page.get_by_role("button", name="Show the first pair").click()
    rate_by_key(page, "Pair 1 of 3", 3)
    rate_by_key(page, "Pair 2 of 3", 5)
    expect(page.get_by_role("heading", name="Half-way. Time for a break.")).to_be_focused()
    expect(page.get_by_text("3 of 4 scores are given.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("3 of 4 scores are saved.").first).to_be_visible()
    page.get_by_role("button", name="Go on with pair 3").click()
    rate_by_key(page, "Pair 3 of 3", 4)

    expect(page.get_by_text("All 4 scores have arrived.")).to_be_visible()
    assert scores() == [(1, 2), (2, 3), (3, 5), (4, 4)]


@pytest.mark.parametrize(
    ("fields", "heading", "announced", "name"),
    [
        ({"template": "acr"}, "Walk 1 of 1", "Walk 1 of 1. Walk, 0.6 seconds.", "walk"),
        ({"layout": "side-by-side"}, "Pair 1 of 1", "Pair 1 of 1. Both walks, 0.6 seconds.", "both"),
    ],
)
def test_one_clip_has_one_bar_and_no_grey(
    page: Page, live_server: Any, fields: Any, heading: str, announced: str, name: str
) -> None:
    study = make_study(view_angles=[0], seats=[[1]], **fields)
    rater = rating.enrol(study, rating.Applicant(consent=True))[0]
    page.goto(f"{live_server.url}/r/{rater.token}/")
    page.get_by_role("button", name="Show the first").click()

    expect(status(page)).to_have_text(announced)
    expect(page.locator("[data-watched]:visible")).to_have_count(1)
    rate_by_key(page, heading, 4)

    expect(page.get_by_text("Your score has arrived.")).to_be_visible()
    kept = Rating.objects.get()
    assert list(kept.playback["clips"]) == [name]
    assert kept.watched_fraction is not None
    assert kept.watched_fraction >= 0.95


def test_dcr_shows_its_own_labels_after_two_seconds_of_grey(page: Page, live_server: Any) -> None:
    study = make_study(view_angles=[0], seats=[[1]], template="dcr")
    rater = rating.enrol(study, rating.Applicant(consent=True))[0]
    page.goto(f"{live_server.url}/r/{rater.token}/")
    page.get_by_role("button", name="Show the first").click()

    expect(page.locator(".scale span")).to_have_text(
        ["Very annoying", "Annoying", "Slightly annoying", "Perceptible but not annoying", "Imperceptible"]
    )
    rate_by_key(page, "Pair 1 of 1", 5)
    expect(page.get_by_text("Your score has arrived.")).to_be_visible()
    kept = Rating.objects.get()
    assert kept.presented_at is not None
    assert (kept.rated_at - kept.presented_at).total_seconds() >= 0.6 + 2 + 0.6


def test_a_whole_study_in_japanese(page: Page, live_server: Any) -> None:
    study = make_study(view_angles=[0, 90], seats=[[1, 2]])
    page.goto(f"{live_server.url}/s/{study.token}/")
    page.get_by_role("link", name="日本語").click()
    expect(page.get_by_role("heading", name="この歩き方はどのくらい自然に見えますか？")).to_be_visible()
    expect(page.get_by_text("映像を再生できます")).to_be_visible()
    page.get_by_role("button", name="始める").click()
    expect(page.get_by_role("alert")).to_have_text(
        "先にチェックを入れてください。同意がなければ何も保存できません。"
    )
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="始める").click()
    page.get_by_role("button", name="最初の組を見る").click()

    expect(status(page)).to_have_text("1組目（全2組）。元の歩行、0.6秒。")
    expect(status(page)).to_have_text("加工後の歩行。")
    expect(status(page)).to_have_text(
        "両方の再生が終わりました。1（非常に悪い）から5（非常に良い）までで選んでください。"
    )
    page.keyboard.press("4")
    expect(status(page)).to_have_text("4（良い）を選びました。Enterキーで保存します。")
    page.keyboard.press("Enter")
    rate_by_key(page, "2組目（全2組）", 2)

    expect(page.get_by_text("2件の評価がすべて届きました。")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "ja"
    assert scores() == [(1, 4), (2, 2)]
    assert Rater.objects.get().locale == "ja"


def test_what_is_stored_is_shown_and_the_device_check_with_it(page: Page, live_server: Any) -> None:
    study = make_study(view_angles=[0], seats=[[1]])
    page.goto(f"{live_server.url}/s/{study.token}/?lang=vi")
    expect(page.get_by_text("Phát được phim")).to_be_visible()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Bắt đầu").click()
    page.get_by_role("button", name="Xem cặp đầu tiên").click()
    rate_by_key(page, "Cặp 1 trên 1", 3)
    page.get_by_role("button", name="Xem những gì được lưu về bạn").click()

    expect(page.get_by_role("dialog").get_by_text(Rater.objects.get().pseudonym)).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    device = Rater.objects.get().device
    expect(page.get_by_role("dialog").get_by_text("Thiết bị", exact=True).locator("+ dd")).to_have_text(
        f"Chiều rộng màn hình {device['width']} · Chiều cao màn hình {device['height']} · Mật độ điểm ảnh 1"
        f" · Màn hình cảm ứng không · Phát được phim có · Kết nối, kB/giây {device['kilobytes_per_second']}"
    )
    assert device["plays"] is True
    assert device["kilobytes_per_second"] > 0


def test_a_browser_that_cannot_play_takes_no_seat(page: Page, live_server: Any) -> None:
    study = make_study(view_angles=[0], seats=[[1]])
    page.route("**/device-check*.mp4", lambda route: route.fulfill(body="no video", content_type="video/mp4"))
    page.goto(f"{live_server.url}/s/{study.token}/")
    expect(page.get_by_text("This browser can’t play the clips. Please try another one.")).to_be_visible()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("alert").filter(has_text="can’t play the clips")).to_be_visible()
    assert not Rater.objects.exists()
