"""An account as the CIS AWS Foundations Benchmark 5.0 wants it, with something of each kind that it speaks of."""

from __future__ import annotations

from bot.demo.aws import Emulated


def fill(url: str) -> None:
    """Fills a fresh emulated account over its API. Raises botocore's ClientError when the emulator refuses."""
    Emulated(url)
