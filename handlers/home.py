"""The Home tab, filled each time somebody opens it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.blocks.home import Home, home_view, nothing_to_see
from bot.context import Bot
from bot.people import Person, Rights
from bot.remediate import Refusal
from bot.standing import standing
from bot.store.fix_request import State
from bot.store.owned import Owned
from bot.store.owners_told import OwnersTold
from handlers.access import Access


async def show_home(bot: Bot, access: Access, who: Person) -> None:
    """Publish the tab for one person. Raises PostError."""
    try:
        who = await access.member(who)
        await access.may_view(who)
    except Refusal as error:
        await bot.post.publish_home(who.user, nothing_to_see(str(error)))
        return
    rights = await access.rights(who)
    home = await asyncio.to_thread(_home, bot, who, rights)
    await bot.post.publish_home(who.user, home_view(home, fixes=bot.fixes, now=bot.now(), zone=bot.settings.zone))


def _home(bot: Bot, who: Person, rights: Rights) -> Home:
    requests, now = bot.store.requests, bot.now()
    waiting = [one for one in requests.in_state(State.WAITING) if one.requester != str(who)] if rights.approve else []
    undecided = [one for one in waiting if str(who) not in one.approvals]
    stands = standing(bot.store, bot.account, bot.checks.values(), now)
    owners = [owner for owner, user in bot.settings.owners.items() if user == who.user]
    open_now = Owned(bot.store.db).by_severity(bot.account, now) if owners else {}
    yours: dict[str, Mapping[int, int]] = {owner: open_now.get(owner, {}) for owner in owners}
    told = not OwnersTold(bot.store.db).wants_none(who.user)
    freezes = bot.store.freezes.current(now)
    return Home(stands, rights, undecided, requests.asked_by(str(who)), freezes, who.user, yours, told)
