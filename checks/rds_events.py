"""Amazon RDS events: whether somebody hears of what happens to databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from checks.databases import db_clusters, db_instances
from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Practice, Severity, Verdict, check, collector, expect

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import EventSubscriptionTypeDef as Subscription

OF_INSTANCES = ("configuration change", "failure", "maintenance")
OF_CLUSTERS = ("failure", "maintenance")
OF_PARAMETERS = ("configuration change",)
"""Categories of events that AWS's best practices call critical.
https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html"""


class Region(TypedDict):
    """A region's subscriptions, and how many databases there are to hear of."""

    subscriptions: Sequence[Subscription]
    instances: int
    clusters: int


@collector("rds:DescribeEventSubscriptions", arn=ACCOUNT_ARN, name="{region}", needs=(db_instances, db_clusters))
def regions(aws: Aws) -> Iterator[Region]:
    instances, clusters = len(aws.read(db_instances)), len(aws.read(db_clusters))
    subscriptions: list[Subscription] = []
    if instances or clusters:
        subscriptions += aws.items("rds:DescribeEventSubscriptions", "EventSubscriptionsList")
    yield {"subscriptions": subscriptions, "instances": instances, "clusters": clusters}


@check(regions, practice=Practice.MONITORING, severity=Severity.LOW)
def region_tells_of_db_instances(region: Region, *, categories: Sequence[str] = OF_INSTANCES) -> Verdict:
    """Region tells somebody of critical events of DB instances.

    A database that failed, or was reconfigured by somebody, should be known before customers call.

    Fix: Create an RDS event subscription for all instances with these categories, to a topic that people read.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.html
    """
    if not region["instances"]:
        raise NotApplicable("it has no DB instances")
    return _unheard(region, "db-instance", categories, "DB instances")


@check(regions, practice=Practice.MONITORING, severity=Severity.LOW)
def region_tells_of_db_clusters(region: Region, *, categories: Sequence[str] = OF_CLUSTERS) -> Verdict:
    """Region tells somebody of critical events of DB clusters.

    A cluster that failed over, or waits for maintenance, should be known before customers call.

    Fix: Create an RDS event subscription for all clusters with these categories, to a topic that people read.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.html
    """
    if not region["clusters"]:
        raise NotApplicable("it has no DB clusters")
    return _unheard(region, "db-cluster", categories, "DB clusters")


@check(regions, practice=Practice.MONITORING, severity=Severity.LOW)
def region_tells_of_db_parameters(region: Region, *, categories: Sequence[str] = OF_PARAMETERS) -> Verdict:
    """Region tells somebody of changed database parameters.

    Parameters decide on TLS and audit logs of every database that shares them.

    Fix: Create an RDS event subscription for all parameter groups with these categories, to a topic that people read.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.html
    """
    if not region["instances"]:
        raise NotApplicable("it has no DB instances")
    return _unheard(region, "db-parameter-group", categories, "parameter groups")


def _unheard(region: Region, source: str, categories: Sequence[str], what: str) -> Verdict:
    heard = [one for one in region["subscriptions"] if _is_about_all(one, source)]
    # .get: AWS leaves the list out, or empty, where a subscription takes every category.
    takes_all = any(not one.get("EventCategoriesList") for one in heard)
    known = {category for one in heard for category in one.get("EventCategoriesList", [])}
    missing = [category for category in categories if category not in known]
    return expect(takes_all or not missing, f"has no RDS event subscription for {', '.join(missing)} of all its {what}")


def _is_about_all(subscription: Mapping[str, object], source: str) -> bool:
    """Whether it works and is about every source of a type: no type means all types.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateEventSubscription.html
    """
    return (
        bool(subscription["Enabled"])
        and subscription["Status"] in ("active", "creating", "modifying")
        and subscription.get("SourceType", source) in (source, "")
        and not subscription.get("SourceIdsList")
    )
