"""Amazon MQ brokers, of ActiveMQ and of RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_mq.type_defs import BrokerSummaryTypeDef as Broker
    from types_boto3_mq.type_defs import DescribeBrokerResponseTypeDef as Details

UPDATE = "mq:UpdateBroker"


@collector("mq:ListBrokers", arn="{BrokerArn}", name="{BrokerName}")
def brokers(aws: Aws) -> Iterator[Broker]:
    """Leaves out those that are being deleted, or were never made."""
    found = aws.items("mq:ListBrokers", "BrokerSummaries")
    return (one for one in found if one["BrokerState"] not in ("DELETION_IN_PROGRESS", "CREATION_FAILED"))


@extra("mq:DescribeBroker")
def details(aws: Aws, broker: Broker) -> Details:
    return cast("Details", aws.call("mq:DescribeBroker", BrokerId=broker["BrokerId"]))


@check(brokers, details, practice=Practice.NETWORK, severity=Severity.HIGH)
def broker_is_not_public(broker: Broker, details: Details) -> Verdict:
    """MQ broker is not publicly accessible.

    Its console and its queues would be one guessed password away from everyone on the internet.

    Fix: It is chosen when the broker is made: make a private one, move the clients to it and delete the old one.
    See: https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/using-amazon-mq-securely.html
    """
    return expect(not details["PubliclyAccessible"], "is publicly accessible")


@check(brokers, details, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def broker_takes_minor_upgrades(broker: Broker, details: Details) -> Verdict:
    """MQ broker takes minor version upgrades.

    Minor versions bring security fixes; with the setting on they arrive in the maintenance window by themselves.

    Fix: Turn on automatic minor version upgrades of the broker.
    See: https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/upgrading-brokers.html
    """
    return expect(details["AutoMinorVersionUpgrade"], "does not take minor version upgrades by itself")


@fix(broker_takes_minor_upgrades, UPDATE, risk=Risk.SAFE)
def take_minor_upgrades(broker: Broker, details: Details) -> Plan:
    """Let the broker take minor version upgrades in its window."""
    if broker["BrokerState"] != "RUNNING":
        raise NotApplicable(f"it is {broker['BrokerState']}: it takes no change until it is RUNNING")
    is_on, words = details["AutoMinorVersionUpgrade"], {True: "on", False: "off"}
    window = details["MaintenanceWindowStartTime"]
    start = f"{window['DayOfWeek'].title()} {window['TimeOfDay']} {window.get('TimeZone', 'UTC')}"
    return Plan(
        do=[Call(UPDATE, {"BrokerId": broker["BrokerId"], "AutoMinorVersionUpgrade": True})],
        undo=[Call(UPDATE, {"BrokerId": broker["BrokerId"], "AutoMinorVersionUpgrade": is_on})],
        before={"minor version upgrades": words[is_on]},
        after={"minor version upgrades": "on"},
        notes=[
            f"Nothing restarts now. An upgrade restarts the broker in its maintenance window, from {start}.",
            "Undo is refused for newer versions, of which AWS wants it on.",
        ],
    )


@check(brokers, details, practice=Practice.MONITORING, severity=Severity.LOW)
def broker_keeps_logs(broker: Broker, details: Details) -> Verdict:
    """MQ broker keeps logs in CloudWatch Logs.

    The general log shows who connects and what fails; the audit log of ActiveMQ, who changed what in its console.

    Fix: Turn on general logs, for ActiveMQ audit logs as well, then restart the broker.
    See: https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/security-logging-monitoring.html
    """
    logs = details["Logs"]
    on = {"general": logs.get("General"), "audit": logs.get("Audit")}
    wanted = ("general", "audit") if broker["EngineType"].upper() == "ACTIVEMQ" else ("general",)
    off = [kind for kind in wanted if not on[kind]]
    return expect(not off, f"keeps no {' and no '.join(off)} log")


@check(brokers, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def broker_is_in_several_zones(broker: Broker) -> Verdict:
    """MQ broker runs in several Availability Zones.

    When a zone fails, a standby or the other nodes go on with the same queues.

    Fix: It is chosen when the broker is made: make one with a standby (ActiveMQ) or a cluster (RabbitMQ).
    See: https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/amazon-mq-broker-architecture.html
    """
    return expect(broker["DeploymentMode"] != "SINGLE_INSTANCE", "is one instance in one Availability Zone")
