"""Mutes with a scope: one row hides all findings of a check, of one owner, or on what has a tag, present and future."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.people import BOT
from bot.store.audit import Audit
from bot.store.database import Database, stamp

HIDES = (
    "SELECT h.mute AS mute, count(*) AS n FROM findings f CROSS JOIN hidden_by h ON h.finding = f.id"
    " WHERE f.state = 'open' GROUP BY 1"
)
"""Mute -> open findings that it hides. One pass over the findings, for all mutes: CROSS JOIN keeps the order.
Source: https://www.sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join"""


@dataclass(frozen=True)
class Mute:
    """What it hides: findings of a check, or with an empty `check_id` of every check.

    `owner`: only on resources of this owner; `tag`: only on those that have it, `key` or `key=value`; empty: on all.
    `hides`: how many open findings that is now.
    """

    id: int
    account: str
    check_id: str
    owner: str
    start: datetime
    until: datetime
    reason: str
    by: str
    hides: int = 0
    tag: str = ""

    @property
    def scope(self) -> tuple[str, str, str]:
        return (self.check_id, self.owner, self.tag)


class Mutes:
    """The mutes of findings one by one are columns of the findings themselves."""

    def __init__(self, db: Database, audit: Audit) -> None:
        self._db = db
        self._audit = audit

    def begin(  # the columns of a row
        self,
        account: str,
        check_id: str,
        owner: str,
        *,
        tag: str = "",
        until: datetime,
        reason: str,
        by: str,
        at: datetime,
    ) -> Mute:
        """Hide, from now on, what matches; a mute of the same scope that still holds is ended by it."""
        row = {"account": account, "check_id": check_id, "owner": owner, "tag": tag, "reason": reason, "by": by}
        with self._db.transaction():
            for other in self.current(account, at):
                if other.scope == (check_id, owner, tag):
                    self._end(other, "ended", by=by, at=at)
            id = self._db.insert("mutes", row | {"start": stamp(at), "until": stamp(until)})
            detail = {"mute": id, "owner": owner, "tag": tag, "until": stamp(until), "reason": reason}
            self._audit.append("mute.begun", actor=by, subject=check_id or tag, detail=detail)
            return next(one for one in self.current(account, at) if one.id == id)

    def end(self, account: str, id: int, *, by: str, at: datetime) -> Mute | None:
        """End one before its time; None when there is none that holds."""
        with self._db.transaction():
            found = next((one for one in self.current(account, at) if one.id == id), None)
            if found:
                self._end(found, "ended", by=by, at=at)
        return found

    def expire(self, now: datetime) -> list[Mute]:
        """End those whose time is over; each gets its audit row."""
        with self._db.transaction():
            over = self._rows("until <= :now ORDER BY until, id", {"now": stamp(now)})
            for one in over:
                self._end(one, "expired", by=str(BOT), at=now)
        return over

    def current(self, account: str, now: datetime) -> list[Mute]:
        """Those that hold now, the first to end first."""
        return self._rows("account = :account AND until > :now ORDER BY until, id", {
            "account": account, "now": stamp(now),
        })  # fmt: skip

    def tags(self, account: str, now: datetime) -> set[str]:
        """The tags of those that hold now."""
        return {one.tag for one in self.current(account, now) if one.tag}

    def set_tagged(self, account: str, tag: str, resources: Collection[str]) -> None:
        """What has a tag, in place of what had it when it was last read."""
        with self._db.transaction():
            self._db.write("DELETE FROM tagged WHERE account = ? AND tag = ?", [account, tag])
            for resource in resources:
                self._db.insert("tagged", {"account": account, "tag": tag, "resource": resource})

    def ending(self, account: str, now: datetime, before: datetime) -> list[Mute]:
        """Those that end between now and `before`, soonest first."""
        return [one for one in self.current(account, now) if one.until <= before]

    def _end(self, one: Mute, how: str, *, by: str, at: datetime) -> None:
        self._db.write("UPDATE mutes SET ended_at = ?, ended_by = ? WHERE id = ?", [stamp(at), by, one.id])
        detail = {"mute": one.id, "owner": one.owner, "tag": one.tag, "reason": one.reason}
        self._audit.append(f"mute.{how}", actor=by, subject=one.check_id or one.tag, detail=detail)

    def _rows(self, where: str, params: dict[str, Any]) -> list[Mute]:
        found = self._db.rows(f"SELECT * FROM mutes WHERE ended_at IS NULL AND {where}", params)  # noqa: S608
        hides = {row["mute"]: row["n"] for row in self._db.rows(HIDES)} if found else {}
        return [_mute(row | {"hides": hides.get(row["id"], 0)}) for row in found]


def _mute(row: Mapping[str, Any]) -> Mute:
    times = {name: datetime.fromisoformat(row[name]) for name in ("start", "until")}
    fields: dict[str, Any] = {name: row[name] for name in Mute.__dataclass_fields__} | times
    return Mute(**fields)
