"""The local Slack in a real browser, in a person's words: act as, open a channel, type, click, read."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS = 30_000


class SlackPage:
    """One browser window on the local Slack."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self._page = page
        self._pictures = pictures
        self._clicked = 0
        self._pictured = 0.0
        self.clicks = 0
        """Clicks of the person while `measured`, and how long that took, without the pictures."""
        self.seconds = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Counts what is done in here."""
        clicked, pictured, begun = self._clicked, self._pictured, time.monotonic()
        yield
        self.clicks += self._clicked - clicked
        self.seconds += time.monotonic() - begun - (self._pictured - pictured)

    def act_as(self, real_name: str) -> None:
        self._page.locator("select").first.select_option(label=real_name)

    def open(self, channel: str) -> None:
        self._clicked += 1
        name = re.compile(rf"^\W*{re.escape(channel)}\W*$")
        self._page.locator("button.sidebar-item").filter(has_text=name).click()
        expect(self._page.get_by_placeholder(f"Message #{channel} as")).to_be_visible()

    def type(self, text: str) -> None:
        composer = self._page.locator("textarea.composer-input")
        composer.fill(text)
        composer.press("Enter")

    def click(self, button: str) -> None:
        """The newest button with these words."""
        self._clicked += 1
        self._page.get_by_role("button", name=button, exact=True).last.click()

    def sees(self, text: str | re.Pattern[str], *, within_ms: float = PATIENCE_MS) -> Locator:
        """Wait until the newest place with this text is on the screen."""
        found = self._page.get_by_text(text).last
        expect(found).to_be_visible(timeout=within_ms)
        return found

    def sees_no(self, button: str) -> None:
        expect(self._page.get_by_role("button", name=button, exact=True)).to_have_count(0, timeout=PATIENCE_MS)

    def answer(self, text: str, button: str) -> None:
        """Fill in an open modal and press its button."""
        self.fill_in(text)
        self._clicked += 1
        self._page.locator(".modal-overlay").get_by_role("button", name=button, exact=True).click()

    def fill_in(self, text: str) -> None:
        """Fill in an open modal."""
        modal = self._page.locator(".modal-overlay")
        modal.locator("input:not([type=checkbox]), textarea").first.fill(text)

    def tick_all(self) -> None:
        """Tick every box of an open modal: this Slack shows none as chosen beforehand."""
        for box in self._page.locator(".modal-overlay input[type=checkbox]").all():
            box.check()

    def close_modal(self) -> None:
        self._clicked += 1
        self._page.locator(".modal-overlay").get_by_role("button", name="Close").last.click()
        expect(self._page.locator(".modal-overlay")).to_have_count(0)

    def picture(self, name: str) -> None:
        """Keep what the window shows now."""
        self._keep(name, self._page)

    def picture_of(self, name: str, text: str) -> None:
        """Keep the newest message with this text, and nothing around it."""
        self._keep(name, self._page.locator(".msg").filter(has_text=text).last)

    def picture_of_modal(self, name: str) -> None:
        self._keep(name, self._page.locator(".modal-overlay > *").last)

    def _keep(self, name: str, what: Page | Locator) -> None:
        begun, path = time.monotonic(), self._pictures / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        what.screenshot(path=path)
        self._pictured += time.monotonic() - begun


def chromium() -> str:
    """The browser of this machine. Fails with a sentence where there is none."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert executable, "these tests need Chromium: apt-get install chromium"
    return executable


@contextmanager
def slack_page(url: str, pictures: Path, *, width: int = 1200, height: int = 900) -> Iterator[SlackPage]:
    """A fresh headless Chromium on the local Slack. Fails with a sentence where there is no Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(url)
        yield SlackPage(page, pictures)
        browser.close()
