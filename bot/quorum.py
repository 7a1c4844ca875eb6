"""Whether there are people enough to approve what the rules want approved, whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.settings import Settings

TWO = "AWS_SEC_TWO_APPROVERS_FOR, AWS_SEC_SECOND_APPROVER_ABOVE"


@dataclass(frozen=True)
class Quorum:
    """The user ids of who may approve, how many of them are left for a request of one's own, and how many it may need.

    `others`: approvers besides the requester, when one of them asks; all of them, when none may.
    """

    approvers: Collection[str]
    others: int
    needed: int

    @property
    def shortage(self) -> str:
        """What nobody can approve, in words; "" when there is always somebody."""
        if len(self.approvers) < self.needed:
            return f"what needs two approvers ({TWO}) nobody can approve"
        if not self.others:
            return "what they ask for themselves nobody can approve"
        if self.others < self.needed:
            return f"what needs two approvers ({TWO}) nobody can approve when one of them asks for it"
        return "while they are away nobody can approve" if len(self.approvers) == 1 else ""


def quorum(settings: Settings, groups: Mapping[str, Collection[str]]) -> Quorum | None:
    """Who may approve, and for whom that is too few. None when a user group is not in `groups`: id -> members."""
    listed = [*settings.approvers, *settings.requesters, *(id for limit in settings.limits for id in limit.who)]
    if not {id for id in listed if id.startswith("S")} <= groups.keys():
        return None

    def users(ids: Collection[str]) -> set[str]:
        return {user for id in ids for user in (groups[id] if id.startswith("S") else (id,))}

    def barred(act: str) -> set[str]:
        return {user for limit in settings.limits if act not in limit.may for user in users(limit.who)}

    approvers = users(settings.approvers) - barred("approve")
    requesters = users(settings.requesters) if settings.requesters else approvers  # nobody listed: everybody may ask
    own = bool(approvers & requesters - barred("request"))
    two = settings.two_approvers_for or settings.batch_size > settings.second_approver_above
    return Quorum(approvers, len(approvers) - own, 2 if two else 1)
