"""A digest as data: what is new, what got fixed, what is still open, how the score moves; of an account or an owner."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from bot.checklists import confirmed_by
from bot.standing import Standing, standing
from bot.store import Store
from bot.store.audit import Head
from bot.store.digests import Shown, Slot
from bot.store.findings import Finding
from bot.store.fix_request import FixRequest, State
from bot.store.mutes import Mute
from bot.store.owned import Owned
from bot.store.scans import Score
from bot.weekly import WEEK, Week, week
from checks.kit import AnyCheck

WORTH_DOING = 3
"""Things worth doing that a digest names."""
LOOKED_AT = 500
"""Of so many of the worst, those worth doing are chosen."""
MUTE_WARNING = timedelta(days=3)
"""How long before its end a mute is announced."""
FRESH = timedelta(days=1)
"""Nobody may say that nothing changed who has not looked for longer."""


@dataclass(frozen=True)
class Edition:
    """Which digest. `route`: where it goes and what of; `owner`: of whose resources only; empty: of the whole account.

    `asked_by`: who wanted it besides the daily one.
    """

    slot: str
    route: str = ""
    owner: str = ""
    late: timedelta | None = None
    asked_by: str = ""
    weekly: bool = False
    zone: tzinfo = UTC

    @property
    def block(self) -> str:
        """The id of a block of its message, by which a restarted bot finds out whether it is out already."""
        route = f":{hashlib.sha256(self.route.encode()).hexdigest()[:12]}" if self.route else ""
        return f"digest:{self.slot}{route}"


@dataclass(frozen=True)
class People:
    """Who did something about a finding: those who had it fixed, who undid that, who had its check run again."""

    fixed: Mapping[int, FixRequest] = field(default_factory=dict)
    undone: Mapping[int, FixRequest] = field(default_factory=dict)
    confirmed: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Digest:
    """The news of an account, or of what one owner has in it.

    `since`: when the one before went out, None for the first. `standing`: of one owner it has no score.
    `quiet`: nothing changed, so there is a line to say at most.
    """

    edition: Edition
    standing: Standing
    before: Score | None
    since: datetime | None
    opened: list[Finding]
    reopened: list[Finding]
    resolved: list[Finding]
    by: People
    todo: list[Finding]
    waiting: list[FixRequest]
    mutes_ending: list[Finding]
    head: Head
    scopes_ending: Sequence[Mute] = ()
    """Mutes of more than one finding that end soon; `mutes_ending` are findings that were muted one by one."""
    by_owner: Mapping[str, Counter[int]] = field(default_factory=dict)
    """Owner -> severity -> how many are open, who has most first; "" stands for nobody."""
    week: Week | None = None
    quiet: bool = False

    @property
    def shown(self) -> Shown:
        """What its message shows, as the database keeps it."""
        opened, reopened, resolved, todo = (
            [finding.id for finding in some] for some in (self.opened, self.reopened, self.resolved, self.todo)
        )
        about = self.edition
        return Shown(
            opened, reopened, resolved, todo, self.since, about.late, self.done, about.asked_by, about.weekly,
            _print_of(self.standing),
        )  # fmt: skip

    @property
    def done(self) -> list[int]:
        """The findings that were open when it was posted and are not any more."""
        some = [*self.opened, *self.reopened, *self.todo]
        return list(dict.fromkeys(finding.id for finding in some if finding.state == "resolved"))


def compose(
    store: Store,
    account: str,
    checks: Collection[AnyCheck],
    fixes: Container[str],
    edition: Edition,
    now: datetime,
) -> Digest:
    """What happened since the digest of this route before, and how things stand now."""
    before = store.digests.of(edition.route).newest()
    since = before.posted_at if before else None
    if edition.weekly and since:
        since = min(since, now - WEEK)
    last = [one for one in _last_changes(store, account, since, now) if _concerns(edition, one[0])]
    found = _around(
        store, account, checks, edition, since, now,
        opened=[f for f, kinds in last if f.state == "open" and "opened" in kinds and not f.muted(now)],
        reopened=[
            f
            for f, kinds in last
            if f.state == "open" and kinds & {"opened", "reopened"} == {"reopened"} and not f.muted(now)
        ],
        # What opened and went between two days was never told of; a week has told of both.
        resolved=[f for f, kinds in last if f.state == "resolved" and (edition.weekly or "opened" not in kinds)],
        todo=_todo(store, account, edition.owner, fixes, now),
        head=store.audit.head(),
    )  # fmt: skip
    unread = before.shown.unread if before and before.shown else ""
    return replace(found, quiet=True, todo=[]) if _is_quiet(found, unread, now) else found


def compose_again(
    store: Store, account: str, checks: Collection[AnyCheck], edition: Edition, slot: Slot, shown: Shown, now: datetime
) -> Digest:
    """The same digest as things are now: what it told of, gone or not, and where the account stands."""
    those = store.findings.those
    return _around(
        store, account, checks, edition, shown.since, now,
        opened=those(shown.opened),
        reopened=those(shown.reopened),
        resolved=those(shown.resolved),
        todo=those(shown.todo),
        head=slot.head,  # the witness: what was shown stays shown
    )  # fmt: skip


def edition_of(slot: Slot, shown: Shown, owner: str, zone: tzinfo) -> Edition:
    """The edition that a message was of."""
    return Edition(slot.slot, slot.route, owner, shown.late, shown.asked_by, shown.weekly, zone)


def _around(  # which digest, and what it tells of
    store: Store,
    account: str,
    checks: Collection[AnyCheck],
    edition: Edition,
    since: datetime | None,
    now: datetime,
    *,
    opened: list[Finding],
    reopened: list[Finding],
    resolved: list[Finding],
    todo: list[Finding],
    head: Head,
) -> Digest:
    owner, ending = edition.owner, now + MUTE_WARNING
    mutes = store.findings.mutes_ending(now, ending)
    return Digest(
        edition,
        _stands(store, account, checks, owner, now),
        store.scans.score_before(account, since) if since and not owner else None,
        since,
        opened,
        reopened,
        resolved,
        _people(store, since),
        todo,
        _waiting(store, edition),
        [one for one in mutes if one.account == account and _concerns(edition, one)],
        head,
        _scopes_ending(store, account, owner, now, ending),
        {} if owner else Owned(store.db).by_severity(account, now),
        week(store, account, owner, now, edition.zone) if edition.weekly else None,
    )


def _concerns(edition: Edition, finding: Finding) -> bool:
    return not edition.owner or finding.owner == edition.owner


def _stands(store: Store, account: str, checks: Collection[AnyCheck], owner: str, now: datetime) -> Standing:
    """How the account stands; of one owner, what is open and muted."""
    whole, mine = standing(store, account, checks, now), Owned(store.db)
    if not owner:
        return whole
    found = mine.by_severity(account, now).get(owner, Counter())
    return replace(whole, score=None, open=found, muted=mine.muted(account, owner, now))


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


def _people(store: Store, since: datetime | None) -> People:
    def ended(state: State) -> dict[int, FixRequest]:
        found = store.requests.in_state(state)
        return {r.finding_id: r for r in found if since is None or (r.ended_at is not None and r.ended_at > since)}

    return People(ended(State.FIXED), ended(State.UNDONE), confirmed_by(store, since))


def _waiting(store: Store, edition: Edition) -> list[FixRequest]:
    waiting = store.requests.in_state(State.WAITING)
    about = {one.id: one for one in store.findings.those([request.finding_id for request in waiting])}
    return [one for one in waiting if one.finding_id in about and _concerns(edition, about[one.finding_id])]


def _scopes_ending(store: Store, account: str, owner: str, now: datetime, before: datetime) -> list[Mute]:
    found = store.mutes.ending(account, now, before)
    if not owner:
        return found
    hidden = Owned(store.db).hidden([one.id for one in found], owner)
    return [replace(one, hides=hidden[one.id]) for one in found if one.id in hidden]


def _todo(store: Store, account: str, owner: str, fixes: Container[str], now: datetime) -> list[Finding]:
    """The worst open findings, one for each check, those with a fix first among equals."""
    worst = store.findings.those(Owned(store.db).worst(account, owner, now, LOOKED_AT))
    worst.sort(key=lambda f: (-f.severity, f.check_id not in fixes, f.opened_at, f.id))
    by_check: dict[str, Finding] = {}
    for finding in worst:
        by_check.setdefault(finding.check_id, finding)
    return list(by_check.values())[:WORTH_DOING]


def _is_quiet(news: Digest, unread_before: str, now: datetime) -> bool:
    """Whether nothing changed, as far as somebody looked."""
    about, stands, before = news.edition, news.standing, news.before
    told = (news.opened, news.reopened, news.resolved, news.waiting, news.mutes_ending, news.scopes_ending)
    moved = before is not None and before.score != stands.score
    looked = stands.scanned_at is not None and now - stands.scanned_at <= FRESH
    due = news.since is not None and not about.weekly and not about.asked_by
    return due and looked and not moved and not any(told) and _print_of(stands) == unread_before


def _print_of(stands: Standing) -> str:
    """A fingerprint of what could not be read; "" when all was."""
    return hashlib.sha256("\n".join(sorted(stands.unknown)).encode()).hexdigest()[:16] if stands.unknown else ""
