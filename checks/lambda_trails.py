"""Whether CloudTrail records who invokes Lambda functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from checks.cloudtrail import Watch, Watched, lacks_reach, some_trail, watch
from checks.kit import ACCOUNT_ARN, Aws, Practice, Severity, Verdict, check, collector, expect, extra
from checks.lambda_functions import functions
from checks.trail_selectors import function_events


class Region(TypedDict):
    """A region that has functions."""

    functions: int


@collector(arn=ACCOUNT_ARN, name="{region}", needs=(functions,))
def regions(aws: Aws) -> Iterator[Region]:
    count = len(aws.read(functions))
    if count:
        yield {"functions": count}


@extra(needs=(watch,))
def trails(aws: Aws, _: Region) -> Watch:
    [found] = aws.read(watch)
    return found


@check(regions, trails, practice=Practice.MONITORING, severity=Severity.LOW)
def region_records_invocations(region: Region, trails: Watch) -> Verdict:
    """A trail records who invokes Lambda functions.

    Without data events nobody can tell afterwards who ran a function, from where, and with whose credentials.

    Fix: On a trail that covers all regions, log data events of all Lambda functions. It costs money by the event.
    See: https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
    """
    return some_trail(trails, _lacks_invocations, "has no trail that records invocations of all functions")


def _lacks_invocations(one: Watched) -> Verdict:
    return lacks_reach(one) or expect("false" in function_events(one["selectors"]), "leaves some or all out")
