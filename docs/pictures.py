"""A picture of every message, modal and tab in docs/messages.md, as the local Slack draws it: `make pictures`.

Each picture carries the hash of what it shows, so that a test can tell which are out of date.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from PIL import Image, ImageChops, PngImagePlugin
from playwright.sync_api import Page, ViewportSize, sync_playwright
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.demo import slack
from bot.demo.bot import in_words
from bot.demo.processes import cache_folder, processes, wait_until
from tests.blocks.examples import ORDINARY, all_of
from tests.conftest import free_port
from tests.e2e.browser import FLAGS, chromium

FOLDER = Path(__file__).parent / "images" / "messages"
SHOWS = "aws-sec-shows"
"""The key in a PNG's text under which the hash stands."""
COLOURS = 64
MARGIN = 12
PERSON = "U01ANA"
WINDOW: ViewportSize = {"width": 960, "height": 3000}
STEADY = ".msg-time, .msg-hover-actions { display: none !important }"
"""What differs from run to run."""

Payload = Mapping[str, Any]


def hash_of(payload: Payload) -> str:
    """The hash of what a picture shows."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def shown_by(picture: Path) -> str:
    """The hash of what a picture shows, as it carries it."""
    with Image.open(picture) as image:
        return str(image.info.get(SHOWS, ""))


class Gallery:
    """A local Slack, a browser on it, and an app that shows what it is told to."""

    def __init__(self, page: Page, port: int) -> None:
        self._page, self._url = page, f"http://localhost:{port}"
        self._client = WebClient(slack.BOT_TOKEN, base_url=f"{self._url}/api/")
        self._modal: Payload = {}
        app = WebClient(slack.APP_TOKEN, base_url=f"{self._url}/api/")
        self._socket = SocketModeClient(slack.APP_TOKEN, web_client=app)
        self._socket.socket_mode_request_listeners.append(self._open)  # type: ignore[arg-type]  # its types want a class
        self._socket.connect()

    def __enter__(self) -> Self:
        self._page.goto(self._url)
        self._page.add_style_tag(content=STEADY)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def picture(self, payload: Payload) -> bytes:
        """A PNG of a message, a modal or the home tab."""
        kind = payload.get("type", "message")
        return {"modal": self._of_modal, "home": self._of_home}.get(kind, self._of_message)(payload)

    def _of_message(self, payload: Payload) -> bytes:
        sent = self._client.chat_postMessage(channel=slack.CHANNEL, **payload)
        message = self._page.locator(f'.msg[data-ts="{sent["ts"]}"]')
        return message.screenshot()

    def _of_home(self, payload: Payload) -> bytes:
        self._client.views_publish(user_id=PERSON, view=dict(payload))
        self._page.locator(".sidebar-item", has_text="aws-sec").click()
        taken = self._page.locator(".main").screenshot()
        self._page.locator(".sidebar-item", has_text=re.compile(r"^\W*security$")).click()
        return taken

    def _of_modal(self, payload: Payload) -> bytes:
        self._modal = payload
        composer = self._page.locator("textarea.composer-input")
        composer.fill("/aws-sec show")
        composer.press("Enter")
        modal = self._page.locator(".modal-overlay > *").last
        modal.wait_for()
        taken = modal.screenshot()
        self._page.locator(".modal-overlay").get_by_role("button", name=re.compile("Close|Cancel")).last.click()
        return taken

    def _open(self, socket: SocketModeClient, request: SocketModeRequest) -> None:
        socket.send_socket_mode_response(SocketModeResponse(request.envelope_id))
        if request.type == "slash_commands":
            self._client.views_open(trigger_id=request.payload["trigger_id"], view=dict(self._modal))


def drawable(payload: Payload) -> dict[str, Any]:
    """The same in what the local Slack draws: it knows neither moments nor user groups."""
    return dict(json.loads(re.sub(r"<!subteam\^\w+>", "@approvers", json.dumps(in_words(payload)))))


def small(png: bytes, shows: str) -> bytes:
    """The same picture with few colours and without what is empty below, and the hash of what it shows."""
    told = PngImagePlugin.PngInfo()
    told.add_text(SHOWS, shows)
    out = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    empty = Image.new("RGB", image.size, image.getpixel((image.width - 1, image.height - 1)))
    drawn = ImageChops.difference(image, empty).getbbox() or (0, 0, *image.size)
    image = image.crop((0, 0, image.width, min(image.height, drawn[3] + MARGIN)))
    image.quantize(COLOURS).save(out, "PNG", optimize=True, pnginfo=told)
    return out.getvalue()


def main() -> int:
    """Take anew what is out of date, and remove what is of no message; how many were taken is printed."""
    examples = dict(all_of(ORDINARY))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        if old.stem not in examples:
            old.unlink()
    stale = {
        name: payload
        for name, payload in examples.items()
        if not (file := FOLDER / f"{name}.png").exists() or shown_by(file) != hash_of(payload)
    }
    if stale:
        _take(stale)
    print(f"{len(stale)} of {len(examples)} pictures taken")  # noqa: T201  # it is a command
    return 0


def _take(wanted: Mapping[str, Payload]) -> None:
    with tempfile.TemporaryDirectory() as folder, processes(Path(folder)) as children, sync_playwright() as playwright:
        binary = slack.fetch_slack(children, cache_folder(), slack.find_npm(), os.environ)
        port = free_port()
        child = slack.start_slack(children, binary, port, os.environ)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport=WINDOW)
        with Gallery(page, port) as gallery:
            wait_until(lambda: slack.is_connected(port), child, seconds=30, doing="connecting")
            for name, payload in wanted.items():
                (FOLDER / f"{name}.png").write_bytes(small(gallery.picture(drawable(payload)), hash_of(payload)))
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
