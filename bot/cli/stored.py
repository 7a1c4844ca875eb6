"""What the database knows, printed as Slack shows it: `aws-sec status`, `findings`, `compliance` and `digest`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

import checks as catalogue
from bot import recording, settings
from bot.cli.exits import OK, Failed
from bot.cli.output import (
    Format,
    Line,
    bar,
    console,
    listing,
    plain,
    print_json_array,
    table,
)
from bot.compliance import Stand, report
from bot.digest import Digest, Edition, compose
from bot.export import FORMATS, About
from bot.standing import Standing, standing
from bot.store import Store, open_store
from bot.store.findings import Filter, Finding, NoSuchFinding
from bot.words import NONE, age, counted, plural, when
from checks.kit import Severity

WORST = 5
REASONS = 5
NO_SCAN = "nothing was scanned yet: run `aws-sec scan`"


@dataclass(frozen=True)
class Stored:
    """The database, the account it is about, and now."""

    store: Store
    account: str
    now: datetime


@contextmanager
def opened() -> Iterator[Store]:
    """The database of the settings. Raises Failed when there is none: reading makes no file. Raises StoreError."""
    config = settings.load()
    if not config.database.exists():
        raise Failed(f"there is no database {config.database} (AWS_SEC_DATABASE): {NO_SCAN}")
    store = open_store(config.database, audit_keys=config.audit_keys)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _scanned() -> Iterator[Stored]:
    with opened() as store:
        last = store.scans.last() or store.scans.last(complete=False)
        if last is None:
            raise Failed(NO_SCAN)
        yield Stored(store, last.account, datetime.now(UTC))


def export(kind: str, *, resolved: bool) -> int:
    """Print the findings in a format of other tools."""
    known = catalogue.load()[0]
    with _scanned() as stored:
        which = Filter(account=stored.account, state="resolved" if resolved else "open", muted=None)
        sys.stdout.writelines(FORMATS[kind](stored.store.findings.each(which, stored.now), About(known, stored.now)))
    return OK


def find(number: int) -> Finding:
    """The finding with this number. Raises Failed."""
    with opened() as store:
        try:
            return store.findings.get(number)
        except NoSuchFinding as error:
            raise Failed(f"{error}: `aws-sec findings` lists what there is") from error


def status() -> int:
    """Print how the account stands on the twelve practices."""
    checks, _ = catalogue.load()
    with _scanned() as at:
        now_stands = standing(at.store, at.account, checks.values(), at.now)
        worst = at.store.findings.search(Filter(account=at.account), at.now, limit=WORST)
    out = console()
    _print_standing(out, now_stands, at.now)
    if worst:
        out.print("\nWorst first")
        out.print(listing(_line(finding, at.now) for finding in worst))
        out.print(f"\nNext: aws-sec explain {worst[0].id}, or all of them: aws-sec findings")
    else:
        out.print("\nNothing is open." + (" Look at what could not be read." if now_stands.unknown else ""))
    return OK


def findings(which: Filter, how: Format, limit: int) -> int:
    """Print stored findings, worst first."""
    with _scanned() as at:
        mine = Filter(**{**vars(which), "account": at.account})
        found = at.store.findings.search(mine, at.now, limit=limit)
        total = at.store.findings.count(mine, at.now)
    if how is Format.JSON:
        print_json_array(_as_json(finding, at.now) for finding in found)
        return OK
    out = console()
    if not found:
        out.print("No such finding.")
        return OK
    out.print(listing(_line(finding, at.now) for finding in found))
    out.print(f"\n{len(found):,} of {plural(total, 'finding')}. Next: aws-sec explain {found[0].id}")
    return OK


def compliance(name: str, how: Format) -> int:
    """Print a framework control by control, as the last scan found it."""
    with _scanned() as at:
        known = {check.id for check in recording.select(settings.load())}
        found = report(at.store, at.account, catalogue.frameworks()[name], known)
    if how is Format.JSON:
        print_json_array(
            {"control": c.id, "status": c.stand.value, "failed": c.failed, "checks": list(c.checks), "why": c.why}
            for c in found.controls
        )
        return OK
    out = console()
    out.print(plain(found.title, "bold"))
    rows = table("Control", "Status", "Failed", "Checks, or why there is none")
    for control in found.controls:
        words = control.why or "\n".join(control.checks)
        rows.add_row(control.id, _stand(control.stand), str(control.failed or ""), Text(words))
    out.print(rows)
    out.print("\n" + ", ".join(f"{found.counts[stand]} {stand.value}" for stand in Stand if found.counts[stand]))
    return OK


def _stand(stand: Stand) -> Text:
    colour = {Stand.FAIL: "red", Stand.UNKNOWN: "yellow", Stand.PASS: "green"}.get(stand, "dim")
    return Text(stand.value, colour)


def digest() -> int:
    """Print what a digest would say now. Nothing is posted, and no slot is used up."""
    checks, fixes = catalogue.load()
    with _scanned() as at:
        edition = Edition(f"{at.now:%Y-%m-%d %H:%M}", asked_by="the terminal")  # in full, also when nothing changed
        news = compose(at.store, at.account, checks.values(), fixes, edition, at.now)
    _print_digest(console(), news, at.now)
    return OK


def _print_standing(out: Console, stands: Standing, now: datetime) -> None:
    age_words = f"scanned {age(now - stands.scanned_at)}" if stands.scanned_at else "never scanned completely"
    out.print(f"Account {stands.account}, {age_words}")
    out.print(Text("Score    ").append_text(bar(stands.score)).append("  of 100"))
    hidden = f", {plural(stands.muted, 'finding')} muted" if stands.muted else ""
    out.print(f"Open     {counted(stands.open)}{hidden}")
    out.print(f"Coverage {stands.read} of {plural(stands.total, 'check')} read everywhere\n")
    rows = table("Practice", "Score", "Open", "Read")
    for column in (0, 1, 3):
        rows.columns[column].no_wrap = True
    for one in stands.practices:
        rows.add_row(one.practice.value, bar(one.score), counted(one.open), f"{one.read} of {one.total}")
    out.print(rows)
    _print_unknown(out, stands)


def _print_unknown(out: Console, stands: Standing) -> None:
    if not stands.unknown:
        return
    out.print("\nCould not be read, so neither pass nor fail")
    for reason in stands.unknown[:REASONS]:
        out.print(Padding(plain(reason), (0, 0, 0, 2)))
    if len(stands.unknown) > REASONS:
        out.print(f"  and {len(stands.unknown) - REASONS} more: aws-sec doctor")


def _print_digest(out: Console, news: Digest, now: datetime) -> None:
    since = f"since the digest of {when(news.since)}" if news.since else "no digest went out yet"
    out.print(f"Digest for account {news.standing.account}, {since}")
    before = f", {news.before.score} before" if news.before and news.before.score is not None else ""
    out.print(f"Score {NONE if news.standing.score is None else news.standing.score} of 100{before}")
    out.print(f"Open  {counted(news.standing.open)}")
    out.print(f"Read  {news.standing.read} of {plural(news.standing.total, 'check')}")
    _print_unknown(out, news.standing)
    for title, some in (
        ("New", news.opened),
        ("Back again", news.reopened),
        ("Resolved", news.resolved),
        ("Worth doing today", news.todo),
        ("Mutes that end soon", news.mutes_ending),
    ):
        _print_some(out, title, some, news, now)
    if news.scopes_ending:
        out.print("\nMutes of more than one finding that end soon")
        for mute in news.scopes_ending:
            owned = f" that {mute.owner} owns" if mute.owner else ""
            what = f"what has the tag {mute.tag}" if mute.tag else f"{mute.check_id}{owned}"
            out.print(plain(f"  {what}, until {when(mute.until)}: {mute.reason}"))
    if news.waiting:
        out.print(f"\nWaiting for an approver: {plural(len(news.waiting), 'request')}")
        for request in news.waiting:
            out.print(plain(f"  request {request.id}: {request.check_id} on {request.name}"))
    out.print(f"\nAudit head {news.head.seq}:{news.head.hash}")


def _print_some(out: Console, title: str, some: Sequence[Finding], news: Digest, now: datetime) -> None:
    if not some:
        return
    out.print(f"\n{title} ({len(some)})")
    lines = []
    for finding in some:
        request = news.by.fixed.get(finding.id) if finding.state == "resolved" else None
        lines.append(_line(finding, now, f", fixed by request {request.id}" if request else ""))
    out.print(listing(lines))


def _line(finding: Finding, now: datetime, more: str = "") -> Line:
    since = f"{finding.region}, {age(now - (finding.resolved_at or finding.opened_at))}{more}"
    if finding.muted(now):
        since += f", muted until {when(finding.muted_until)}: {finding.muted_reason}"
    words = plain(f"{finding.name} {finding.text}").append_text(plain(f"  ({since})", "dim"))
    return Line(finding.check_id, finding.severity, str(finding.id), words)


def _as_json(finding: Finding, now: datetime) -> dict[str, Any]:
    return {
        "finding": finding.id,
        "check": finding.check_id,
        "practice": finding.practice,
        "severity": Severity(finding.severity).word,
        "state": finding.state,
        "account": finding.account,
        "region": finding.region,
        "resource": finding.resource,
        "text": f"{finding.name} {finding.text}",
        "opened_at": finding.opened_at.isoformat(),
        "muted_until": finding.muted_until.isoformat() if finding.muted_until and finding.muted(now) else None,
    }
