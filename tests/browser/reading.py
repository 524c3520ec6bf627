"""Whether everybody can read a page: axe's rules, in both themes, narrow and wide."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

WIDTHS = (1440, 390)


def violations(page: Page) -> list[str]:
    """What axe objects to, each with the first element it is about."""
    return [f"{each['id']}: {each['nodes'][0]['target']}" for each in Axe().run(page).response["violations"]]


def everybody_can_read(page: Page) -> None:
    """No violation in both themes, narrow and wide; no sideways scroll at 320 px."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            assert violations(page) == [], f"{width} px, {theme}"
    page.set_viewport_size({"width": 320, "height": 900})
    page.wait_for_function("document.documentElement.scrollWidth <= 320")
