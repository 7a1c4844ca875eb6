"""Who acts: a person in a Slack workspace, or the bot itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Team and user id, as the audit log keeps them. User ids alone are not unique across workspaces."""

    team: str
    user: str

    def __str__(self) -> str:
        return f"{self.team}/{self.user}"

    @classmethod
    def parse(cls, text: str) -> Person:
        """The person behind what `str` made."""
        team, _, user = text.rpartition("/")
        return cls(team, user)


@dataclass(frozen=True)
class Rights:
    """What a person may do, besides looking."""

    ask: bool
    approve: bool
    break_glass: bool


BOT = Person("aws-sec", "bot")
"""Who acts when the schedule or a restart does."""
