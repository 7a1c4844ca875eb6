"""RDS events: what the judges say of a region's subscriptions, and what is read of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import rds_events
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_rds import instance

INSTANCES, CLUSTERS = rds_events.region_tells_of_db_instances, rds_events.region_tells_of_db_clusters
PARAMETERS = rds_events.region_tells_of_db_parameters
CRITICAL = ["configuration change", "failure", "maintenance"]


def hears(*categories: str, source: str | None = "db-instance", **more: Any) -> dict[str, Any]:
    given = {"Enabled": True, "Status": "active", "SourceIdsList": [], "EventCategoriesList": [*categories]}
    return given | ({"SourceType": source} if source else {}) | more


def region(*subscriptions: dict[str, Any], instances: int = 1, clusters: int = 1) -> dict[str, Any]:
    return {"subscriptions": [*subscriptions], "instances": instances, "clusters": clusters}


NOTHING = "has no RDS event subscription for configuration change, failure, maintenance of all its DB instances"

CASES = [
    Case(INSTANCES, [region(hears(*CRITICAL))], None),
    Case(INSTANCES, [region(hears(*CRITICAL[:1]), hears(*CRITICAL[1:]))], None),
    Case(INSTANCES, [region(hears())], None),
    Case(INSTANCES, [region(hears(source=None))], None),
    Case(INSTANCES, [region()], NOTHING),
    Case(
        INSTANCES,
        [region(hears("failure"))],
        "has no RDS event subscription for configuration change, maintenance of all its DB instances",
    ),
    Case(INSTANCES, [region(hears(*CRITICAL, Enabled=False))], NOTHING),
    Case(INSTANCES, [region(hears(*CRITICAL, Status="topic-not-exist"))], NOTHING),
    Case(INSTANCES, [region(hears(*CRITICAL, SourceIdsList=["shop"]))], NOTHING),
    Case(INSTANCES, [region(hears(*CRITICAL, source="db-cluster"))], NOTHING),
    Case(INSTANCES, [region(hears("failure"))], None, {"categories": ["failure"]}),
    Case(INSTANCES, [region(instances=0)], NotApplicable),
    Case(CLUSTERS, [region(hears("failure", "maintenance", source="db-cluster"))], None),
    Case(
        CLUSTERS,
        [region(hears(*CRITICAL))],
        "has no RDS event subscription for failure, maintenance of all its DB clusters",
    ),
    Case(CLUSTERS, [region(clusters=0)], NotApplicable),
    Case(PARAMETERS, [region(hears("configuration change", source="db-parameter-group"))], None),
    Case(PARAMETERS, [region()], "has no RDS event subscription for configuration change of all its parameter groups"),
    Case(PARAMETERS, [region(instances=0)], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_region_with_a_database_and_a_subscription(aws: Region) -> None:
    [empty] = rds_events.regions.stream(aws)
    assert empty == {"subscriptions": [], "instances": 0, "clusters": 0}
    assert identify(aws, rds_events.regions, empty) == ("arn:aws:iam::123456789012:root", "eu-west-1")


def test_subscriptions_are_read_where_there_is_a_database(aws: Region) -> None:
    instance(aws.clients.session)
    aws.clients.session.client("rds").create_event_subscription(
        SubscriptionName="all",
        SnsTopicArn="arn:aws:sns:eu-west-1:123456789012:alarms",
        SourceType="db-instance",
        Enabled=True,
    )
    [found] = rds_events.regions.stream(aws)
    assert (found["instances"], found["clusters"], len(found["subscriptions"])) == (1, 0, 1)
    assert INSTANCES.judge(found) is None
