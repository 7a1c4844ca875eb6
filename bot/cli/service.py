"""Commands that start something: the bot, the demo, the doctor."""

from __future__ import annotations

import importlib.util
import logging

from bot.cli.exits import FAILS, OK, Failed
from bot.cli.output import LOG_FORMAT, console, plain, table

QUIET = ("apscheduler", "slack_sdk.webhook")
"""Loggers of which only warnings are kept: one tells of every job, each minute, the other of response URLs, which
let whoever has one answer in our name."""


def run() -> int:
    """Run the bot until it is stopped, its log on stderr. Raises BadSettings, CannotScan, CannotRun or StoreError."""
    from bot import settings

    config = settings.load()
    settings.needed_to_run(config)
    from bot.app import serve  # after the settings: what is missing is said at once

    # A service is looked after by its log.
    logging.basicConfig(force=True, level=logging.INFO, format=LOG_FORMAT)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    serve(config)
    return OK


def demo(port: int, aws_port: int) -> int:
    """Run the demo until Ctrl-C."""
    if importlib.util.find_spec("moto") is None:
        raise Failed("the demo emulates AWS with moto, which is not installed: pip install 'aws-sec[demo]'")
    from bot.demo.run import run_demo

    return run_demo(port=port, aws_port=aws_port)


def doctor() -> int:
    """Print what works and what does not."""
    from bot.doctor import Health, examine

    out = console()
    rows = table("", "What", "Found")
    bad = weak = 0
    for result in examine():
        bad += result.health is Health.BAD
        weak += result.health is Health.WEAK
        rows.add_row(plain(result.health.value, result.health.colour), result.what, plain(result.found))
        if result.advice:
            rows.add_row("", "", plain(f"→ {result.advice}"))
    out.print(rows)
    works = f"All that was tried works, {weak} with a weakness." if weak else "All that was tried works."
    out.print(f"\n{bad} to mend." if bad else f"\n{works}")
    return FAILS if bad else OK
