"""How long a status takes that is answered from the database: `python -m benchmarks.stored DATABASE FINDINGS`.

Fills the database and prints, as JSON, the seconds that the answer to `/aws-sec status` takes to make.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from slack_bolt.authorization import AuthorizeResult

from benchmarks.reference import REGIONS
from bot import settings
from bot.app import _bot
from bot.ids import Spot
from bot.post import Post
from bot.scan import Outcome, Status, UnitDone, plan_units
from bot.standing import standing
from bot.store import Store, open_store
from checks import load
from checks.kit import AnyCheck
from handlers.drill import draw

ACCOUNT = "123456789012"
TIMES = 20


def fill(store: Store, findings: int) -> None:
    """So many open findings, spread over every check and region, as one scan records them."""
    known = [*load()[0].values()]
    units = plan_units(known, REGIONS[0], REGIONS)
    now = datetime.now(UTC)
    scan_id = store.scans.begin(ACCOUNT, at=now, complete_scope=True, requested_by="benchmark")
    shares: Counter[tuple[AnyCheck, str]] = Counter()
    pairs = cycle([(check, unit.region) for unit in units for check in unit.checks])
    for _ in range(findings):
        shares[next(pairs)] += 1
    for done, unit in enumerate(units, 1):
        end = UnitDone(unit.checks, ACCOUNT, unit.region, True, done, len(units), unit.reading)
        failed = [one for check in unit.checks for one in _failed(check, unit.region, shares[check, unit.region])]
        store.findings.record(scan_id, end, failed, {check.id: 20 for check in unit.checks}, now)
    store.scans.end(scan_id, at=now, state="done")
    store.scans.record_score(scan_id, ACCOUNT, standing(store, ACCOUNT, known, now).as_score(now))


def _failed(check: AnyCheck, region: str, times: int) -> list[Outcome]:
    names = [f"northwind-{number}" for number in range(times)]
    return [
        Outcome(check, ACCOUNT, region, f"arn:aws:s3:::{name}", name, Status.FAIL, "is not as it should be")
        for name in names
    ]


def pictures(store: Store) -> list[float]:
    """Seconds of each of several answers: the very message that Slack is sent."""
    identity = AuthorizeResult(enterprise_id=None, team_id="T0")
    bot = _bot(settings.load(), store, ACCOUNT, identity, Post("xoxb-none", "http://localhost:9/api/"))
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        draw(bot, Spot(), None)
        took.append(time.perf_counter() - began)
    return took


def main(arguments: Sequence[str]) -> None:
    store = open_store(Path(arguments[0]))
    try:
        fill(store, int(arguments[1]))
        took = pictures(store)
    finally:
        store.close()
    sys.stdout.write(json.dumps({"first": took[0], "median": statistics.median(took)}))


if __name__ == "__main__":
    main(sys.argv[1:])
