"""How fast AWS is asked: below its limits, so that a scan is never why somebody's autoscaling is throttled."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError


@dataclass(frozen=True)
class Rate:
    """Calls a second, and how many may come at once after a rest."""

    per_second: float
    burst: float


RATES: Mapping[str, Rate] = {
    # AWS: 20 a second, 100 at once. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    "ec2": Rate(15, 80),
    # AWS: 10 a second. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    "cloudtrail": Rate(8, 8),
    # AWS: 5 a second for DescribeMetricFilters.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    "logs": Rate(4, 4),
    # AWS: 9 a second for DescribeAlarms.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    "cloudwatch": Rate(8, 8),
}
"""For each operation of a service in a region: three quarters or so of what AWS allows everybody in the account."""
OTHERS = Rate(100, 100)
"""For services that publish no limit or a far higher one; adaptive retries do the rest."""


class OverBudget(BotoCoreError):
    """A scan made as many calls as it may."""

    fmt = "the scan's {budget:,} calls are used up (AWS_SEC_SCAN_CALLS)"


@dataclass
class _Bucket:
    """Tokens as they were at a moment. Below zero: calls that wait for theirs."""

    tokens: float
    at: float


@dataclass
class Pace:
    """Of all clients of one scan. `rates`: service -> calls a second, where the settings say otherwise."""

    rates: Mapping[str, float] = field(default_factory=dict)
    at_once: int = 32
    budget: int = 200_000
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._made = 0
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._slots: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(self.at_once))

    def govern(self, client: Any) -> None:
        """Hold back each call of a client until it is its turn. A call over the budget raises OverBudget."""
        client.meta.events.register_first("before-call", self._before)
        for ended in ("after-call", "after-call-error"):
            client.meta.events.register(ended, self._after)

    def _before(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        service = model.service_model.service_name
        wait, slot = self._reserve(service, model.name, context["client_region"])
        self.sleep(wait)
        slot.acquire()
        context["slot"] = slot

    def _after(self, context: dict[str, Any], **_: Any) -> None:
        slot = context.pop("slot", None)
        if slot:
            slot.release()

    def _reserve(self, service: str, operation: str, region: str) -> tuple[float, threading.Semaphore]:
        """Seconds until the call may be made, and the slot it needs."""
        with self._lock:
            self._made += 1
            if self._made > self.budget:
                raise OverBudget(budget=self.budget)
            rate = self._rate(service)
            now = self.clock()
            bucket = self._buckets.setdefault((service, operation, region), _Bucket(rate.burst, now))
            bucket.tokens = min(rate.burst, bucket.tokens + (now - bucket.at) * rate.per_second) - 1
            bucket.at = now
            return max(0.0, -bucket.tokens / rate.per_second), self._slots[service]

    def _rate(self, service: str) -> Rate:
        asked = self.rates.get(service)
        return Rate(asked, max(1.0, asked)) if asked else RATES.get(service, OTHERS)
