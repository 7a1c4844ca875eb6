"""The daily digest: what changed, what is worth doing today, how things stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo

from slack_sdk.models.blocks import Block

from bot.blocks.findings import finding_line, fix_button
from bot.blocks.mutes import scope
from bot.blocks.parts import Message, actions, button, context, divider, header, lines, section
from bot.blocks.status import unread
from bot.blocks.text import code, escape, mention, moment, plain, severity
from bot.digest import Digest
from bot.ids import Action, OfList
from bot.store.findings import Finding
from bot.words import counted, plural, span

SHOWN = 5
"""Findings of one kind that a digest names before it only counts."""


def digest(news: Digest, *, fixes: Collection[str], now: datetime, zone: tzinfo) -> Message:
    """The day's message: news first, then three things to do, then where things stand."""
    summary = _summary(news)
    blocks: list[Block] = [header(f"AWS account {news.standing.account}: {summary}")]
    late = f"  ·  {span(news.late)} late: the bot was down" if news.late else ""
    asked = f"  ·  asked for by {mention(news.asked_by)}" if news.asked_by else ""
    blocks.append(context(f"Digest of {escape(news.slot)}{late}{asked}"))
    blocks += _news(news)
    if news.todo:
        blocks.append(section("*Worth doing today*"))
        blocks += [section(f"{_gone(one)}{finding_line(one, now)}", fix_button(one, fixes, now)) for one in news.todo]
    blocks += _waiting(news)
    blocks += _mutes(news, zone)
    blocks += unread(news.standing)
    blocks.append(section(_standing(news)))
    blocks.append(actions(button("Status", Action.STATUS, OfList()), button("All findings", Action.PAGE, OfList())))
    # The block id is how a restarted bot finds out whether this digest is out already.
    head = f"Audit head {news.head.seq}:{news.head.hash}"
    blocks += [divider(), _named(context(head), f"digest:{news.slot}")]
    return Message(f"AWS account {news.standing.account}: {summary}. {_standing(news)}", blocks)


def _named(block: Block, id: str) -> Block:
    block.block_id = id
    return block


def _summary(news: Digest) -> str:
    parts = [
        (len(news.opened), "new"),
        (len(news.reopened), "back again"),
        (len(news.resolved), "resolved"),
    ]
    words = ", ".join(f"{count:,} {word}" for count, word in parts if count)
    words = words or ("nothing changed" if news.since else "the first digest")
    return f"{words}; {len(news.done):,} resolved since" if news.done else words


def _news(news: Digest) -> list[Block]:
    found: list[str] = []
    for title, some in (("🆕 *New*", news.opened), ("🔁 *Back again*", news.reopened)):
        found += _some(title, [_new(news, finding) for finding in some])
    found += _some("✅ *Resolved*", [_resolved(news, finding) for finding in news.resolved])
    return [*lines(found)]


def _new(news: Digest, finding: Finding) -> str:
    line = f"{_gone(finding)}{severity(finding.severity)}  {code(finding.name, 100)} {plain(finding.text)}"
    return f"• {line}{_by(news, finding) if finding.state == 'resolved' else ''}"


def _gone(finding: Finding) -> str:
    """The mark of what was resolved after the digest was posted."""
    return "✅ *Resolved since*  " if finding.state == "resolved" else ""


def _some(title: str, texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    more = [f"• and {len(texts) - SHOWN:,} more"] if len(texts) > SHOWN else []
    return [f"{title} ({len(texts):,})", *texts[:SHOWN], *more]


def _resolved(news: Digest, finding: Finding) -> str:
    return f"• {code(finding.name, 100)} {plain(finding.text)}{_by(news, finding)}"


def _by(news: Digest, finding: Finding) -> str:
    request = news.fixed_by.get(finding.id)
    return f"  ·  fixed by {mention(request.requester)} and {mention(request.approver)}" if request else ""


def _waiting(news: Digest) -> list[Block]:
    texts = [f"• request {r.id}: {code(r.name, 100)}, asked by {mention(r.requester)}" for r in news.waiting]
    if not texts:
        return []
    more = [f"• and {len(texts) - SHOWN:,} more"] if len(texts) > SHOWN else []
    return [*lines([f"⏳ *Waiting for an approver* ({len(texts):,})", *texts[:SHOWN], *more])]


def _mutes(news: Digest, zone: tzinfo) -> list[Block]:
    whole = [
        f"• {scope(one)} ({plural(one.hides, 'finding')}) until {moment(one.until, zone)}: {plain(one.reason, 100)}"
        for one in news.scopes_ending
    ]
    single = [
        f"• {code(f.name, 100)} until {moment(f.muted_until, zone)}: {plain(f.muted_reason or '', 100)}"
        for f in news.mutes_ending
    ]
    return [*lines(_some("🔔 *Mutes that end soon*", [*whole, *single]))]


def _standing(news: Digest) -> str:
    stands = news.standing
    score = "–" if stands.score is None else f"{stands.score}"  # noqa: RUF001
    moved = ""
    if stands.score is not None and news.before and news.before.score is not None:
        moved = f" ({stands.score - news.before.score:+d} since the last digest)"
    read = f"{stands.read} of {plural(stands.total, 'check')} read everywhere"
    muted = f"  ·  {plural(stands.muted, 'finding')} muted" if stands.muted else ""
    return f"Score {score} of 100{moved}  ·  open: {counted(stands.open)}  ·  {read}{muted}"
