"""Amazon MQ: what the judges say of brokers, and the one that a fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import mq
from checks.kit import NotApplicable
from tests.checks.cases import Case

ACTIVE: dict[str, Any] = {"BrokerId": "b-1", "BrokerState": "RUNNING", "EngineType": "ACTIVEMQ"}
RABBIT = ACTIVE | {"EngineType": "RABBITMQ"}
DETAILS = {"MaintenanceWindowStartTime": {"DayOfWeek": "SUNDAY", "TimeOfDay": "02:00", "TimeZone": "UTC"}}
PUBLIC, UPGRADES, LOGS, ZONES = (
    mq.broker_is_not_public,
    mq.broker_takes_minor_upgrades,
    mq.broker_keeps_logs,
    mq.broker_is_in_several_zones,
)


def logs(**kinds: bool) -> dict[str, Any]:
    return {"Logs": kinds}


CASES = [
    Case(PUBLIC, [ACTIVE, {"PubliclyAccessible": False}], None),
    Case(PUBLIC, [ACTIVE, {"PubliclyAccessible": True}], "is publicly accessible"),
    Case(UPGRADES, [ACTIVE, DETAILS | {"AutoMinorVersionUpgrade": True}], None),
    Case(
        UPGRADES,
        [ACTIVE, DETAILS | {"AutoMinorVersionUpgrade": False}],
        "does not take minor version upgrades by itself",
    ),
    Case(LOGS, [ACTIVE, logs(General=True, Audit=True)], None),
    Case(LOGS, [ACTIVE, logs(General=True, Audit=False)], "keeps no audit log"),
    Case(LOGS, [ACTIVE, logs(General=False, Audit=False)], "keeps no general and no audit log"),
    Case(LOGS, [RABBIT, logs(General=True)], None),
    Case(LOGS, [RABBIT, logs(General=False)], "keeps no general log"),
    Case(ZONES, [ACTIVE | {"DeploymentMode": "ACTIVE_STANDBY_MULTI_AZ"}], None),
    Case(ZONES, [RABBIT | {"DeploymentMode": "CLUSTER_MULTI_AZ"}], None),
    Case(ZONES, [ACTIVE | {"DeploymentMode": "SINGLE_INSTANCE"}], "is one instance in one Availability Zone"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_broker_as_the_emulator_has_it(aws: Region) -> None:
    old_broker(aws.clients.session)
    [found] = mq.brokers.stream(aws)
    assert identify(aws, mq.brokers, found)[1] == "orders"
    assert PUBLIC.judge(found, mq.details.read(aws, found)) == "is publicly accessible"


def test_no_plan_for_a_broker_that_restarts() -> None:
    with pytest.raises(NotApplicable):
        mq.take_minor_upgrades.plan(ACTIVE | {"BrokerState": "REBOOT_IN_PROGRESS"}, DETAILS)


def old_broker(aws: boto3.Session) -> None:
    aws.client("mq").create_broker(
        BrokerName="orders",
        EngineType="ACTIVEMQ",
        EngineVersion="5.17.6",
        HostInstanceType="mq.t3.micro",
        DeploymentMode="SINGLE_INSTANCE",
        AutoMinorVersionUpgrade=False,
        PubliclyAccessible=True,
        Logs={"General": False, "Audit": False},
        Users=[{"Username": "orders", "Password": "Just-4-tests-only"}],
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {UPGRADES.id: old_broker}
