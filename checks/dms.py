"""AWS Database Migration Service: replication instances, endpoints and tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_dms.type_defs import EndpointTypeDef as Endpoint
    from types_boto3_dms.type_defs import ReplicationInstanceTypeDef as Instance
    from types_boto3_dms.type_defs import ReplicationTaskTypeDef as Task

MODIFY = "dms:ModifyReplicationInstance"
CHOOSE_SSL = (
    "aurora",
    "azure",
    "db2",
    "docdb",
    "mariadb",
    "mongodb",
    "mysql",
    "oracle",
    "postgres",
    "sqlserver",
    "sybase",
)
"""Beginnings of the engines whose endpoints have an SSL mode. AWS's own stores are reached over HTTPS, and Redshift
over TLS, whatever the mode says.
https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Security.SSL.html"""

READS, WRITES = ("SOURCE_CAPTURE", "SOURCE_UNLOAD"), ("TARGET_APPLY", "TARGET_LOAD")
ENOUGH = ("LOGGER_SEVERITY_DEFAULT", "LOGGER_SEVERITY_DEBUG", "LOGGER_SEVERITY_DETAILED_DEBUG")
"""Levels at which a task says what it does; the others tell errors and warnings alone.
https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.Logging.html"""


@collector("dms:DescribeReplicationInstances", arn="{ReplicationInstanceArn}", name="{ReplicationInstanceIdentifier}")
def instances(aws: Aws) -> Iterator[Instance]:
    """Leaves out those that are being deleted."""
    found = aws.items("dms:DescribeReplicationInstances", "ReplicationInstances")
    return (one for one in found if one["ReplicationInstanceStatus"] != "deleting")


endpoints: Collector[Endpoint] = collect(
    "dms:DescribeEndpoints", "Endpoints", arn="{EndpointArn}", name="{EndpointIdentifier}"
)

tasks: Collector[Task] = collect(
    "dms:DescribeReplicationTasks", "ReplicationTasks", arn="{ReplicationTaskArn}", name="{ReplicationTaskIdentifier}"
)


@check(instances, practice=Practice.NETWORK, severity=Severity.HIGH)
def instance_is_not_public(instance: Instance) -> Verdict:
    """DMS replication instance has no public address.

    The instance holds passwords of the databases it copies, and their rows on the way; a stranger should not reach it.

    Fix: It is chosen when the instance is made: make one without public access and move the tasks to it.
    See: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_ReplicationInstance.html
    """
    return expect(not instance["PubliclyAccessible"], "has a public address")


@check(instances, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def instance_takes_minor_upgrades(instance: Instance) -> Verdict:
    """DMS replication instance takes minor upgrades.

    Minor versions bring security fixes; with the setting on they arrive in the maintenance window by themselves.

    Fix: Turn on auto minor version upgrade of the replication instance.
    See: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_ReplicationInstance.EngineVersions.html
    """
    return expect(instance["AutoMinorVersionUpgrade"], "does not take minor version upgrades by itself")


@fix(instance_takes_minor_upgrades, MODIFY, risk=Risk.SAFE, patience=120)
def take_minor_upgrades(instance: Instance) -> Plan:
    """Let the replication instance take minor upgrades in its window."""
    if instance["ReplicationInstanceStatus"] != "available":
        raise NotApplicable(f"it is {instance['ReplicationInstanceStatus']}: it takes no change until it is available")
    is_on, words = instance["AutoMinorVersionUpgrade"], {True: "on", False: "off"}

    window = instance.get("PreferredMaintenanceWindow", "one that AWS chose")

    def switch(*, to: bool) -> Call:
        which = {"ReplicationInstanceArn": instance["ReplicationInstanceArn"]}
        return Call(MODIFY, which | {"AutoMinorVersionUpgrade": to})

    return Plan(
        do=[switch(to=True)],
        undo=[switch(to=is_on)],
        before={"minor version upgrades": words[is_on]},
        after={"minor version upgrades": "on"},
        notes=[f"Nothing restarts now. An upgrade restarts the instance in its maintenance window ({window})."],
    )


@check(instances, practice=Practice.BACKUP, severity=Severity.LOW)
def instance_is_in_several_zones(instance: Instance) -> Verdict:
    """DMS replication instance has a standby in another zone.

    When its zone fails, the standby takes over, and what is replicated goes on.

    Fix: Change the replication instance to Multi-AZ, at about twice the cost.
    See: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_ReplicationInstance.html
    """
    return expect(instance["MultiAZ"], "runs in one Availability Zone")


@check(endpoints, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def endpoint_is_encrypted_in_transit(endpoint: Endpoint) -> Verdict:
    """DMS endpoint is reached over TLS.

    Over a plain connection, whoever sits in between reads the password and every row that is copied.

    Fix: Set the endpoint's SSL mode to require or better; for Redis and Kafka, its security protocol.
    See: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Security.SSL.html
    """
    engine = endpoint["EngineName"]
    if engine == "redis":  # DMS chooses TLS where nobody did
        plain = endpoint.get("RedisSettings", {}).get("SslSecurityProtocol") == "plaintext"
        return expect(not plain, "is reached without TLS")
    if engine == "kafka":
        plain = endpoint.get("KafkaSettings", {}).get("SecurityProtocol", "plaintext") == "plaintext"
        return expect(not plain, "is reached without TLS")
    if not engine.startswith(CHOOSE_SSL):
        raise NotApplicable(f"DMS has no SSL mode for {engine}")
    return expect(endpoint["SslMode"] != "none", "is reached without TLS")


@check(endpoints, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def endpoint_of_neptune_uses_iam(endpoint: Endpoint) -> Verdict:
    """DMS endpoint of Neptune uses IAM authorization.

    Then only a role that IAM lets in loads data, and Neptune can refuse everyone else.

    Fix: Turn on IAM authorization in Neptune and in the endpoint, with a role that may connect.
    See: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Neptune.html
    """
    if endpoint["EngineName"] != "neptune":
        raise NotApplicable("it is no endpoint of Neptune")
    return expect(endpoint.get("NeptuneSettings", {}).get("IamAuthEnabled"), "does without IAM authorization")


@check(endpoints, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def endpoint_of_mongodb_signs_in(endpoint: Endpoint) -> Verdict:
    """DMS endpoint of MongoDB signs in.

    An endpoint that needs no password shows that the database behind it lets everyone in who reaches it.

    Fix: Turn on authentication in MongoDB, then set the endpoint's authentication mode to password.
    See: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.MongoDB.html
    """
    if endpoint["EngineName"] != "mongodb":
        raise NotApplicable("it is no endpoint of MongoDB")
    return expect(endpoint.get("MongoDbSettings", {}).get("AuthType") == "password", "signs in without a password")


@check(tasks, practice=Practice.MONITORING, severity=Severity.LOW)
def task_logs_what_it_does(task: Task) -> Verdict:
    """DMS task logs what it reads and writes.

    Rows that are lost on the way, or that somebody adds, show in the log alone; warnings without it lack the context.

    Fix: Turn on CloudWatch logs of the task, at the default severity or a finer one for source and target.
    See: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.Logging.html
    """
    logging: dict[str, Any] = json.loads(task["ReplicationTaskSettings"]).get("Logging") or {}
    if not logging.get("EnableLogging"):
        return "keeps no log"
    levels = {one["Id"]: one.get("Severity", "") for one in logging.get("LogComponents") or []}
    quiet = [part for part in (*READS, *WRITES) if levels.get(part, ENOUGH[0]) not in ENOUGH]
    return expect(not quiet, f"logs no more than errors and warnings of {', '.join(quiet)}")
