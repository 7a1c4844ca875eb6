"""The daily digest as data: what is new, what got fixed, what is still open, how the score moves."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.standing import Standing, standing
from bot.store import Store
from bot.store.audit import Head
from bot.store.digests import Shown, Slot
from bot.store.findings import Filter, Finding
from bot.store.fix_request import FixRequest, State
from bot.store.mutes import Mute
from bot.store.scans import Score
from checks.kit import AnyCheck

WORTH_DOING = 3
"""Things worth doing that a digest names."""
MUTE_WARNING = timedelta(days=3)
"""How long before its end a mute is announced."""


@dataclass(frozen=True)
class Digest:
    """One day's news of an account.

    `since`: when the digest before went out, None for the first. `asked_by`: who wanted it besides the daily one.
    """

    slot: str
    late: timedelta | None
    standing: Standing
    before: Score | None
    since: datetime | None
    opened: list[Finding]
    reopened: list[Finding]
    resolved: list[Finding]
    fixed_by: Mapping[int, FixRequest]
    todo: list[Finding]
    waiting: list[FixRequest]
    mutes_ending: list[Finding]
    head: Head
    asked_by: str = ""
    scopes_ending: Sequence[Mute] = ()
    """Mutes of whole checks that end soon; `mutes_ending` are findings that were muted one by one."""

    @property
    def shown(self) -> Shown:
        """What its message shows, as the database keeps it."""
        opened, reopened, resolved, todo = (
            [finding.id for finding in some] for some in (self.opened, self.reopened, self.resolved, self.todo)
        )
        return Shown(opened, reopened, resolved, todo, self.since, self.late, self.done)

    @property
    def done(self) -> list[int]:
        """The findings that were open when it was posted and are not any more."""
        some = [*self.opened, *self.reopened, *self.todo]
        return list(dict.fromkeys(finding.id for finding in some if finding.state == "resolved"))


def compose(  # what to report on, which slot, when
    store: Store,
    account: str,
    checks: Collection[AnyCheck],
    fixes: Container[str],
    *,
    slot: str,
    now: datetime,
    late: timedelta | None = None,
    asked_by: str = "",
) -> Digest:
    """What happened since the last posted digest, and how things stand now."""
    since = store.digests.last_posted_at()
    last = _last_changes(store, account, since, now)
    return Digest(
        slot=slot,
        late=late,
        standing=standing(store, account, checks, now),
        before=store.scans.score_before(account, since) if since else None,
        since=since,
        opened=[f for f, kinds in last if f.state == "open" and "opened" in kinds and not f.muted(now)],
        reopened=[
            f
            for f, kinds in last
            if f.state == "open" and kinds & {"opened", "reopened"} == {"reopened"} and not f.muted(now)
        ],
        resolved=[f for f, kinds in last if f.state == "resolved" and "opened" not in kinds],
        fixed_by=_fixed_by(store, since),
        todo=_todo(store, account, fixes, now),
        waiting=store.requests.in_state(State.WAITING),
        mutes_ending=store.findings.mutes_ending(now, now + MUTE_WARNING),
        head=store.audit.head(),
        asked_by=asked_by,
        scopes_ending=store.mutes.ending(account, now, now + MUTE_WARNING),
    )


def compose_again(
    store: Store, account: str, checks: Collection[AnyCheck], slot: Slot, shown: Shown, now: datetime
) -> Digest:
    """The same digest as things are now: what it told of, gone or not, and where the account stands."""
    those = store.findings.those
    return Digest(
        slot=slot.slot,
        late=shown.late,
        standing=standing(store, account, checks, now),
        before=store.scans.score_before(account, shown.since) if shown.since else None,
        since=shown.since,
        opened=those(shown.opened),
        reopened=those(shown.reopened),
        resolved=those(shown.resolved),
        fixed_by=_fixed_by(store, shown.since),
        todo=those(shown.todo),
        waiting=store.requests.in_state(State.WAITING),
        mutes_ending=store.findings.mutes_ending(now, now + MUTE_WARNING),
        head=slot.head,  # the witness: what was shown stays shown
        scopes_ending=store.mutes.ending(account, now, now + MUTE_WARNING),
    )


def _last_changes(
    store: Store, account: str, since: datetime | None, now: datetime
) -> list[tuple[Finding, frozenset[str]]]:
    """Each finding that changed, worst first, with the kinds of its changes; none before the first digest."""
    if since is None:
        return []
    kinds: dict[int, set[str]] = {}
    findings: dict[int, Finding] = {}
    for change in store.findings.changes(account, since, now):
        findings[change.finding.id] = change.finding
        kinds.setdefault(change.finding.id, set()).add(change.kind)
    worst_first = sorted(findings.values(), key=lambda f: (-f.severity, f.id))
    return [(finding, frozenset(kinds[finding.id])) for finding in worst_first]


def _fixed_by(store: Store, since: datetime | None) -> dict[int, FixRequest]:
    fixed = store.requests.in_state(State.FIXED)
    return {r.finding_id: r for r in fixed if since is None or (r.ended_at is not None and r.ended_at > since)}


def _todo(store: Store, account: str, fixes: Container[str], now: datetime) -> list[Finding]:
    """The worst open findings, one for each check, those with a fix first among equals."""
    worst = store.findings.search(Filter(account=account), now, limit=500)
    worst.sort(key=lambda f: (-f.severity, f.check_id not in fixes, f.opened_at, f.id))
    by_check: dict[str, Finding] = {}
    for finding in worst:
        by_check.setdefault(finding.check_id, finding)
    return list(by_check.values())[:WORTH_DOING]
