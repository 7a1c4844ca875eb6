"""The digest: what changed, what is worth doing today, how things stand; one line where nothing changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo

from slack_sdk.models.blocks import Block, ContextBlock

from bot.blocks.charts import chart_blocks
from bot.blocks.findings import finding_line, fix_button
from bot.blocks.mutes import scope
from bot.blocks.native import Drawn
from bot.blocks.owner_notes import list_of
from bot.blocks.parts import Message, actions, button, context, divider, header, lines, section
from bot.blocks.status import unread
from bot.blocks.text import code, escape, mention, moment, plain, severity, visible
from bot.blocks.weekly import week_blocks
from bot.digest import Digest
from bot.ids import Action, OfList, OfTrend
from bot.store.findings import Finding
from bot.weekly import WEEK
from bot.words import age, counted, plural, span

SHOWN = 5
"""Findings of one kind that a digest names before it only counts."""
OWNERS = 5
"""Owners whose open findings it counts."""


def digest(news: Digest, *, fixes: Collection[str], now: datetime, zone: tzinfo) -> Message:
    """The message: news first, then three things to do, then where things stand and what needs somebody soon."""
    if news.quiet:
        return _one_line(news, now)
    top: list[Block] = [header(f"{_about(news)}: {_summary(news)}"), context(_which(news)), *_news(news)]
    if news.todo:
        top.append(section("*Worth doing today*"))
        top += [section(f"{_gone(one)}{finding_line(one, now)}", fix_button(one, fixes, now)) for one in news.todo]
    if news.week:
        top += week_blocks(news.week, now)
    top += lines([_standing(news), *_by_owner(news)])
    rest = [*_waiting(news), *_mutes(news, zone), *_unread(news), _buttons(news), divider(), _foot(news)]
    text = f"{plain(_about(news))}: {_summary(news)}. {_standing(news)}"
    charts = chart_blocks(news.week.trend) if news.week and news.week.trend else []
    message = Message(text, [*top, *rest])
    return Drawn(text, [*top, *charts, *rest], message) if charts else message


def _one_line(news: Digest, now: datetime) -> Message:
    """What is said when nothing changed."""
    stands = news.standing
    scanned = f"  ·  scanned {age(now - stands.scanned_at)}" if stands.scanned_at else ""
    words = plain(f"{_about(news)}: nothing changed")
    line = section(f"💤 *{words}*  ·  {_standing(news)}{scanned}")
    return Message(f"{words}. {_standing(news)}", [line, _foot(news, f"{_which(news)}  ·  ")])


def _about(news: Digest) -> str:
    owner = f", what {visible(news.edition.owner)[:60]} owns" if news.edition.owner else ""
    return f"AWS account {news.standing.account}{owner}"


def _which(news: Digest) -> str:
    about = news.edition
    weekly = "  ·  weekly edition" if about.weekly else ""
    late = f"  ·  {span(about.late)} late: the bot was down" if about.late else ""
    asked = f"  ·  asked for by {mention(about.asked_by)}" if about.asked_by else ""
    return f"Digest of {escape(about.slot)}{weekly}{late}{asked}"


def _foot(news: Digest, before: str = "") -> ContextBlock:
    """The witness of the audit log, under the id by which the message is found again."""
    foot = context(f"{before}Audit head {news.head.seq}:{news.head.hash}")
    foot.block_id = news.edition.block
    return foot


def _list(news: Digest) -> OfList:
    return list_of(news.edition.owner)


def _buttons(news: Digest) -> Block:
    listed = button("All findings", Action.PAGE, _list(news))
    if news.edition.owner:
        return actions(listed)
    trend = button("Trend", Action.TREND, OfTrend(days=WEEK.days))
    return actions(button("Status", Action.STATUS, OfList()), listed, trend)


def _summary(news: Digest) -> str:
    parts = [
        (len(news.opened), "new"),
        (len(news.resolved), "resolved"),
        (len(news.reopened), "back again"),
    ]
    words = ", ".join(f"{count:,} {word}" for count, word in parts if count)
    words = words or ("nothing changed" if news.since else "the first digest")
    words = f"the week: {words}" if news.edition.weekly and news.since else words
    return f"{words}; {len(news.done):,} resolved since" if news.done else words


def _news(news: Digest) -> list[Block]:
    found = _some("🆕 *New*", [_new(news, finding) for finding in news.opened])
    found += _some("✅ *Resolved*", [_resolved(news, finding) for finding in news.resolved])
    found += _some("🔁 *Back again*", [_new(news, finding) for finding in news.reopened])
    return [*lines(found)]


def _new(news: Digest, finding: Finding) -> str:
    line = f"{_gone(finding)}{severity(finding.severity)}  {code(finding.name, 100)} {plain(finding.text)}"
    return f"• {line}{_by(news, finding)}"


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
    """Who made it so, as far as it was somebody here."""
    if finding.state != "resolved":
        undone = news.by.undone.get(finding.id)
        return f"  ·  its fix was undone by {mention(undone.undoer)}" if undone else ""
    if request := news.by.fixed.get(finding.id):
        people = dict.fromkeys([request.requester, *(request.approvals or [request.approver or ""])])
        return f"  ·  fixed by {' and '.join(mention(one) for one in people)}"
    looked = news.by.confirmed.get(finding.id)
    return f"  ·  checked again by {mention(looked)}" if looked else ""


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
    muted = f"  ·  {plural(stands.muted, 'finding')} muted" if stands.muted else ""
    if news.edition.owner:
        return f"Open: {counted(stands.open)}{muted}"
    score = "–" if stands.score is None else f"{stands.score}"  # noqa: RUF001
    moved = ""
    if stands.score is not None and news.before and news.before.score not in (None, stands.score):
        when = "in the week" if news.edition.weekly else "since the last digest"
        moved = f" ({stands.score - (news.before.score or 0):+d} {when})"
    read = f"{stands.read} of {plural(stands.total, 'check')} read everywhere"
    return f"Score {score} of 100{moved}  ·  open: {counted(stands.open)}  ·  {read}{muted}"


def _by_owner(news: Digest) -> list[str]:
    """Open findings of each owner; nothing where no tag names one."""
    if not any(news.by_owner):
        return []
    told = [
        f"{code(owner, 60) if owner else 'nobody'} {counts.total():,} ({counted(counts)})"
        for owner, counts in list(news.by_owner.items())[:OWNERS]
    ]
    more = [f"{len(news.by_owner) - OWNERS:,} more"] if len(news.by_owner) > OWNERS else []
    return [f"By owner: {'  ·  '.join([*told, *more])}"]


def _unread(news: Digest) -> list[Block]:
    """Who owns what could not be read is not known, so an owner is only told that there is some."""
    count = len(news.standing.unknown)
    if not news.edition.owner:
        return unread(news.standing)
    words = f"❔ {plural(count, 'thing')} in the account could not be read, so something may be missing here."
    return [section(words)] if count else []
