"""`/aws-sec audit`: who did what, and the proof that nobody touched the log."""

from __future__ import annotations

import asyncio

from bot.blocks import pages as blocks
from bot.blocks.parts import Message
from bot.ids import OfRequest, number_in
from bot.remediate import Refusal
from handlers.ask import Ask

ROWS = 15


async def audit(ask: Ask) -> None:
    """The newest rows, those of one request, or the proof."""
    words = ask.text.strip().lower()
    if words == "verify":
        await ask.whisper(await asyncio.to_thread(_verify, ask))
        return
    number = number_in(words.removeprefix("#"))
    if words and number is None:
        raise Refusal("say `/aws-sec audit`, `/aws-sec audit 3` for request 3, or `/aws-sec audit verify`")
    await ask.whisper(await asyncio.to_thread(_rows, ask, number))


async def of_request(ask: Ask) -> None:
    """The button on a request that has ended."""
    await ask.whisper(await asyncio.to_thread(_rows, ask, ask.carried(OfRequest).request))


def _rows(ask: Ask, request_id: int | None) -> Message:
    log = ask.bot.store.audit
    rows = log.rows(last=ROWS, request_id=request_id)
    page = blocks.audit_page(rows, log.head(), ask.bot.settings.zone, request_id)
    # Who reads the log is in the log as well.
    log.append("audit.read", actor=str(ask.who), subject=f"request {request_id}" if request_id else "audit log")
    return page


def _verify(ask: Ask) -> Message:
    witness = ask.bot.store.digests.witnessed()
    found = ask.bot.store.audit.verify(witness)
    result = "ok" if found.ok else "failed"
    ask.bot.store.audit.append("audit.verified", actor=str(ask.who), subject="audit log", result=result)
    return blocks.verification(found, witness)
