"""The app's Home tab: what waits for this person, how the account stands, what they may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as SlackView

from bot.blocks.help import may
from bot.blocks.owner_notes import list_of
from bot.blocks.parts import actions, button, context, divider, header, lines, section
from bot.blocks.requests import HEADLINES
from bot.blocks.status import practice_line, worst_first
from bot.blocks.text import code, mention, moment, plain
from bot.ids import Action, OfList, OfPerson, OfRequest, OfTrend
from bot.people import Rights
from bot.standing import Standing
from bot.store.fix_request import FixRequest, State
from bot.store.freezes import Frozen
from bot.trend import USUAL
from bot.words import age, counted
from checks.kit import Fix

SHOWN = 5


@dataclass(frozen=True)
class Home:
    """All that the tab shows. `waiting`: requests this person may decide on; `own`: their newest.

    `yours`: owner -> severity -> how many are open, of the owners this person is; `told`: whether messages tell of it.
    """

    stands: Standing
    rights: Rights
    waiting: Sequence[FixRequest]
    own: Sequence[FixRequest]
    freezes: Sequence[Frozen]
    user: str = ""
    yours: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    told: bool = True


def home_view(home: Home, *, fixes: Mapping[str, Fix], now: datetime, zone: tzinfo) -> dict[str, Any]:
    """The tab as views.publish takes it: what waits for the person first."""
    blocks: list[Block] = []
    if home.waiting:
        blocks += _requests("⏳ Waits for you", home.waiting, fixes, now, decide=True)
    if home.own:
        blocks += _requests("Your requests", home.own, fixes, now, decide=False)
    if home.yours:
        blocks += _yours(home)
    blocks += _standing(home.stands, now)
    if home.freezes:
        frozen = [f"❄️ {_what(one)} until *{moment(one.until, zone)}*: {plain(one.reason, 200)}" for one in home.freezes]
        blocks += [divider(), *lines(["*Freezes*: no fix is made while one holds", *frozen[:SHOWN]])]
    blocks += [divider(), context(f"{may(home.rights)} What `/aws-sec` understands: `/aws-sec help`.")]
    return dict(SlackView(type="home", blocks=blocks[:100]).to_dict())


def nothing_to_see(why: str) -> dict[str, Any]:
    """The tab of somebody who may not look."""
    return dict(SlackView(type="home", blocks=[section(f"🚫 {plain(why[:1].upper() + why[1:])}.")]).to_dict())


def _requests(
    title: str, requests: Sequence[FixRequest], fixes: Mapping[str, Fix], now: datetime, *, decide: bool
) -> list[Block]:
    found: list[Block] = [section(f"*{title}*")]
    for one in requests[:SHOWN]:
        fix = fixes.get(one.check_id)
        what = f"{plain(fix.title) if fix else code(one.check_id)}: {code(one.name, 120)}  ·  {one.region}"
        whose = f"{mention(one.requester)} asked {age(now - one.created_at)}: {plain(one.reason, 200)}"
        state = "" if decide else f"{HEADLINES[one.state]}  ·  "
        found.append(section(f"{state}*Request {one.id}*  {what}\n{whose}"))
        if one.state is State.WAITING and one.batch is None and not decide:
            value = OfRequest(request=one.id, plan=one.plan_hash)
            found.append(actions(button("Take back", Action.CANCEL, value)))
    if len(requests) > SHOWN:
        found.append(context(f"and {len(requests) - SHOWN} more"))
    if decide:
        found.append(context("Approve or deny them where their exact calls are shown: in the approvals channel."))
    return [*found, divider()]


def _yours(home: Home) -> list[Block]:
    """What belongs to the person by its tags, and whether messages tell of it, which they may change."""
    found: list[Block] = [section("*Yours*, as tags say")]
    for number, (owner, by_severity) in enumerate([*home.yours.items()][:SHOWN], 1):
        opens = button("Show", Action.PAGE, list_of(owner), suffix=f".{number}")
        found.append(section(f"{code(owner, 100)}  open: {counted(by_severity) if by_severity else 'nothing'}", opens))
    if len(home.yours) > SHOWN:
        found.append(context(f"and {len(home.yours) - SHOWN} more owners"))
    person = OfPerson(user=home.user)
    words, act, to = (
        ("🔔 A message tells you once a day what is new.", "No more of these", Action.STOP_NOTES)
        if home.told
        else ("🔕 You wanted no messages about it.", "Send them again", Action.RESUME_NOTES)
    )
    return [*found, section(words, button(act, to, person)), divider()]


def _standing(stands: Standing, now: datetime) -> list[Block]:
    score = "–" if stands.score is None else str(stands.score)  # noqa: RUF001
    scanned = f"scanned {age(now - stands.scanned_at)}" if stands.scanned_at else "never scanned completely"
    return [
        header(f"AWS account {stands.account}"),
        section(f"*Score {score} of 100*  ·  open: {counted(stands.open)}  ·  {scanned}"),
        *lines([practice_line(one) for one in worst_first(stands.practices)]),
        actions(
            button("All findings", Action.PAGE, OfList()),
            button("Muted ones", Action.PAGE, OfList(muted=True), suffix=".more"),
            button("Trend", Action.TREND, OfTrend(days=USUAL)),
        ),
    ]


def _what(one: Frozen) -> str:
    return f"What has the tag {code(one.tag, 300)}" if one.tag else "Everything"
