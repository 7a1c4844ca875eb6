"""A scan of the configured account from credentials to database, in the calling thread."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError

import checks as catalogue
from bot import aws
from bot.aws_errors import CallError
from bot.fix_inputs import check_inputs
from bot.nearest import did_you_mean
from bot.owners import owners
from bot.pace import Pace
from bot.scan import Event, Outcome, Status, UnitDone, scan
from bot.settings import BadSettings, Settings
from bot.standing import standing
from bot.store import Store
from bot.tagged import follow_tags
from checks.kit import AnyCheck, Practice

log = logging.getLogger(__name__)

SCAN_CALLS = ("sts:GetCallerIdentity", "ec2:DescribeRegions")
"""What a scan calls on its own behalf, besides what its checks declare."""


class CannotScan(Exception):
    """The scan did not begin; says why and what to do."""


@dataclass(frozen=True)
class Target:
    """What to scan: an account's home, the regions to read, and those that were asked for but are off."""

    home: aws.Region
    regions: tuple[str, ...]
    off: tuple[str, ...]


@dataclass(frozen=True)
class Recorded:
    """How a recorded scan ended. `stopped`: the time limit was reached before everything was read."""

    scan_id: int
    account: str
    stopped: bool
    note: str


def connect(settings: Settings) -> aws.Region:
    """The account to scan, in its home region. Raises CannotScan."""
    try:
        session = aws.session(settings.role_arn, external_id=settings.external_id)
        pace = Pace(settings.call_rates, settings.calls_at_once, settings.scan_calls)
        return aws.account(aws.Clients(session, pace=pace))
    except CallError as error:
        raise CannotScan(str(error)) from error
    except BotoCoreError as error:  # a profile or a configuration file that boto3 cannot use
        raise CannotScan(f"AWS cannot be used: {error}") from error


def target(settings: Settings, home: aws.Region, asked: Sequence[str] = ()) -> Target:
    """Which regions to read: those asked for, or those in the settings, or all that are enabled. Raises CannotScan."""
    wanted = tuple(dict.fromkeys(asked or settings.regions))
    try:
        enabled = aws.enabled_regions(home)
    except CallError as error:
        if not wanted:
            raise CannotScan(f"{error}; or name the regions in AWS_SEC_REGIONS") from error
        log.warning("regions could not be listed, so those asked for are read as they are: %s", error)
        return Target(home, wanted, ())
    off = tuple(region for region in wanted if region not in enabled)
    regions = tuple(region for region in wanted if region in enabled) if wanted else tuple(enabled)
    if not regions:
        raise CannotScan(f"not enabled for account {home.account}: {', '.join(off)}; enabled: {', '.join(enabled)}")
    return Target(home, regions, off)


def select(
    settings: Settings, ids: Collection[str] = (), practices: Collection[str] = (), frameworks: Collection[str] = ()
) -> list[AnyCheck]:
    """The checks to run. Raises BadSettings for a check, practice, framework, threshold or input that is not there."""
    known = catalogue.load()[0]
    _refuse_unknown("AWS_SEC_SKIP_CHECKS", settings.skip_checks, known)
    _refuse_unknown("AWS_SEC_THRESHOLDS", settings.thresholds, known)
    _refuse_unknown("check", ids, known)
    _refuse_unknown("practice", practices, {practice.key for practice in Practice})
    _refuse_unknown("framework", frameworks, catalogue.frameworks())
    for id, values in settings.thresholds.items():
        _refuse_unknown(f"AWS_SEC_THRESHOLDS[{id}]", values, known[id].thresholds)
        for name, value in values.items():
            _refuse_other_type(f"AWS_SEC_THRESHOLDS[{id}][{name}]", value, known[id].thresholds[name])
    check_inputs(settings)
    return [
        check
        for check in known.values()
        if check.id not in settings.skip_checks
        and (not ids or check.id in ids)
        and (not practices or check.practice.key in practices)
        and (not frameworks or catalogue.references(check.id).keys() & {*frameworks})
    ]


def record(  # what, where, for whom, until when
    settings: Settings,
    store: Store,
    where: Target,
    checks: Sequence[AnyCheck],
    *,
    requested_by: str,
    complete_scope: bool,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Recorded:
    """Scan and store: each unit in one transaction as it ends, the score when all of a complete scope was read.

    `on_event` sees every outcome and every finished unit. Raises StoreError.
    """
    started = datetime.now(UTC)
    account = where.home.account
    scan_id = store.scans.begin(account, at=started, complete_scope=complete_scope, requested_by=requested_by)
    state, stopped = "failed", False
    try:
        stopped = _consume(store, scan_id, _until(settings, started, where, checks), on_event)
        state = "interrupted" if stopped else "done"
    except KeyboardInterrupt:
        state = "interrupted"
        raise
    finally:
        note = f"not enabled: {', '.join(where.off)}" if where.off else ""
        store.scans.end(scan_id, at=datetime.now(UTC), state=state, note=note)
    if complete_scope and not stopped:
        store.findings.set_owners(account, owners(where.home, where.regions, settings.owner_tags))
        now = datetime.now(UTC)
        follow_tags(store, where.home, where.regions, now)
        store.scans.record_score(scan_id, account, standing(store, account, checks, now).as_score(now))
    if stopped:
        note = f"stopped after {settings.scan_minutes} minutes; what was read is stored"
    return Recorded(scan_id, account, stopped, note)


def _until(settings: Settings, started: datetime, where: Target, checks: Sequence[AnyCheck]) -> Iterator[Event | None]:
    limit = started + timedelta(minutes=settings.scan_minutes)
    thresholds = {check.id: settings.thresholds_of(check) for check in checks}
    for event in scan(where.home, checks, where.regions, thresholds):
        yield event
        if datetime.now(UTC) > limit:
            yield None
            return


def _consume(store: Store, scan_id: int, events: Iterator[Event | None], on_event: Callable[[Event], None]) -> bool:
    """Whether the scan was stopped by its time limit."""
    held: dict[tuple[int, str], list[Outcome]] = {}
    passed: dict[tuple[int, str], Counter[str]] = {}
    for event in events:
        if event is None:
            return True
        on_event(event)
        if isinstance(event, Outcome):
            key = (id(event.check.over), event.region)
            if event.status is Status.PASS:
                passed.setdefault(key, Counter())[event.check.id] += 1
            else:
                held.setdefault(key, []).append(event)
        else:
            _store_unit(store, scan_id, event, held, passed)
    return False


def _store_unit(
    store: Store,
    scan_id: int,
    done: UnitDone,
    held: dict[tuple[int, str], list[Outcome]],
    passed: dict[tuple[int, str], Counter[str]],
) -> None:
    key = (id(done.checks[0].over), done.region)
    store.findings.record(scan_id, done, held.pop(key, []), passed.pop(key, Counter()), datetime.now(UTC))


def _refuse_unknown(what: str, given: Collection[str], known: Collection[str]) -> None:
    for one in given:
        if one not in known:
            hint = did_you_mean(one, known, ": `aws-sec checks` lists what there is")
            raise BadSettings(f"{what}: there is no {one!r}{hint}")


def _refuse_other_type(what: str, value: object, default: object) -> None:
    if isinstance(default, tuple):
        value = tuple(value) if isinstance(value, list) else value
    if type(value) is not type(default):
        raise BadSettings(f"{what}: {value!r} is not of the same kind as the default {default!r}")
