"""Who may do what. User groups are read again at each click: whoever left the group lost the right."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from bot.context import Bot
from bot.people import Person, Rights
from bot.post import PostError
from bot.remediate import Refusal
from bot.settings import Limit

SLACKBOT = "USLACKBOT"
"""Slack does not call it a bot. Source: https://docs.slack.dev/reference/objects/user-object"""


class Access:
    """The settings' lists of users and user groups, and the workspace they belong to."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def member(self, who: Person) -> Person:
        """The same person as one of this workspace, whichever of their workspaces they acted from.

        In an Enterprise organization an interaction may name another workspace of the person's, or the organization,
        so Slack is asked who belongs here. Raises Refusal for anybody else; PostError likewise.
        Source: https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
        """
        if who.team != self._bot.team and not (self._bot.enterprise and await self._belongs(who.user)):
            await self._refuse(who, "you belong to another workspace, so I cannot act for you")
        return Person(self._bot.team, who.user)

    async def _belongs(self, user: str) -> bool:
        try:
            found = await self._bot.post.profile(user)
        except PostError as error:
            if error.code in ("user_not_found", "user_not_visible"):
                return False
            raise
        return self._is_here(found) and not found.get("deleted")

    def _is_here(self, found: Mapping[str, Any]) -> bool:
        """Whether a user is of this workspace; in an organization people may be of several."""
        teams = {found.get("team_id"), *(found.get("enterprise_user") or {}).get("teams", ())}
        return self._bot.team in teams and not found.get("is_stranger")

    async def may_view(self, who: Person) -> None:
        """Raises Refusal unless the person may use the command; whoever may ask or approve may look, too.

        Nobody of another workspace may, as shared channels let in: `member` says who is of this one.
        """
        if who.team != self._bot.team:
            await self._refuse(who, "you belong to another workspace, so I cannot act for you")
        settings = self._bot.settings
        if settings.viewers:
            listed = [*settings.viewers, *settings.requesters, *settings.approvers]
            await self._listed(who, listed, "you are not among those who may use this command")

    async def may_ask(self, who: Person) -> None:
        """Raises Refusal unless the person may ask for fixes and mute findings."""
        await self.may_view(who)
        await self._listed(who, self._bot.settings.requesters, "you are not among those who may ask for fixes or mute")

    async def rights(self, who: Person) -> Rights:
        """What the person may do, now. Raises PostError when a user group cannot be read."""
        return Rights(
            await self.is_requester(who), who.user in await self.approvers(), who.user in await self.glass_breakers()
        )

    async def is_requester(self, who: Person) -> bool:
        """Whether `may_ask` would let the person, without a word to the audit log."""
        listed = self._bot.settings.requesters
        return not listed or who.user in await self._users(listed)

    async def may_get(self, user: str) -> None:
        """Raises Refusal unless this is a person of this workspace who may use the command; PostError likewise."""
        found = await self._bot.post.profile(user)
        if not self._is_here(found):
            raise Refusal("they belong to another workspace, so I send them nothing")
        if found.get("is_bot") or user == SLACKBOT:
            raise Refusal("that is a bot, and this is for a person")
        if found.get("deleted"):
            raise Refusal("their account is deactivated: choose somebody else")
        settings = self._bot.settings
        listed = [*settings.viewers, *settings.requesters, *settings.approvers]
        if settings.viewers and user not in await self._users(listed):
            raise Refusal("they are not among those who may use this command (AWS_SEC_VIEWERS)")

    async def approvers(self) -> frozenset[str]:
        """The user ids of all who may approve, now. Raises PostError when a user group cannot be read."""
        return await self._users(self._bot.settings.approvers)

    async def glass_breakers(self) -> frozenset[str]:
        """The user ids of all who may approve alone, now. Raises PostError when a user group cannot be read."""
        return await self._users(self._bot.settings.break_glass)

    async def limits(self, who: Person) -> list[Limit]:
        """The limits that name this person, by themselves or by a group. Raises PostError likewise."""
        return [one for one in self._bot.settings.limits if who.user in await self._users(one.who)]

    async def may_freeze(self, who: Person) -> None:
        """Raises Refusal unless the person may declare and end freezes: whoever may approve."""
        if who.user not in await self.approvers():
            await self._refuse(who, "only an approver may freeze or unfreeze; `/aws-sec help` names them")

    async def _listed(self, who: Person, listed: Collection[str], words: str) -> None:
        if listed and who.user not in listed and who.user not in await self._users(listed):
            await self._refuse(who, f"{words}: ask an administrator of aws-sec")

    async def _refuse(self, who: Person, why: str) -> NoReturn:
        log = self._bot.store.audit
        detail = {"why": why}
        await asyncio.to_thread(
            log.append, "access.refused", actor=str(who), subject="aws-sec", result="refused", detail=detail
        )
        refusal = Refusal(why)
        refusal.audited = True
        raise refusal

    async def _users(self, listed: Collection[str]) -> frozenset[str]:
        users = {id for id in listed if not id.startswith("S")}
        for group in listed:
            if group.startswith("S"):
                users |= await self._bot.post.group_members(group)
        return frozenset(users)
