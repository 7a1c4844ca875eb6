"""Amazon Athena workgroups. A workgroup in which nothing was asked for weeks is left alone.

Athena's results are objects in S3, which encrypts all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

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
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_athena.type_defs import WorkGroupConfigurationTypeDef as Configuration
    from types_boto3_athena.type_defs import WorkGroupSummaryTypeDef as Workgroup

UPDATE = "athena:UpdateWorkGroup"

workgroups: Collector[Workgroup] = collect(
    "athena:ListWorkGroups",
    "WorkGroups",
    arn="arn:{partition}:athena:{region}:{account}:workgroup/{Name}",
    name="{Name}",
)


@extra("athena:GetWorkGroup")
def configuration(aws: Aws, workgroup: Workgroup) -> Configuration:
    return cast(
        "Configuration",
        aws.call("athena:GetWorkGroup", WorkGroup=workgroup["Name"])["WorkGroup"].get("Configuration", {}),
    )


@extra("athena:ListQueryExecutions")
def in_use(aws: Aws, workgroup: Workgroup) -> bool:
    """Whether anything was asked in it in the 45 days that Athena remembers.

    Source: https://docs.aws.amazon.com/athena/latest/ug/queries-viewing-history.html
    """
    if _runs_spark(workgroup):  # it answers no queries, and AWS refuses to list any
        return False
    asked = aws.call("athena:ListQueryExecutions", WorkGroup=workgroup["Name"], MaxResults=1)
    return bool(asked.get("QueryExecutionIds"))


@check(workgroups, configuration, in_use, practice=Practice.CONFIG, severity=Severity.LOW)
def workgroup_enforces_settings(workgroup: Workgroup, configuration: Configuration, in_use: bool) -> Verdict:
    """Athena workgroup enforces its settings.

    Otherwise each client chooses where its results go and how they are encrypted, past what you have set.

    Fix: Set where results go, then turn on Override client-side settings.
    See: https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    """
    _asked_in(workgroup, in_use=in_use)
    return expect(configuration["EnforceWorkGroupConfiguration"], "lets clients override its settings")


@fix(workgroup_enforces_settings, UPDATE, risk=Risk.CUTS_ACCESS)
def enforce_settings(workgroup: Workgroup, configuration: Configuration, in_use: bool) -> Plan:
    """Make the workgroup's settings hold for every client."""
    place = configuration.get("ResultConfiguration", {}).get("OutputLocation", "")
    managed = configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled")
    if not place and not managed:
        raise NotApplicable("it has no place for results: with its settings enforced, every query would fail")
    notes = [f"Results of every client go to {place or 'Athena itself'}: who has no access there loses them."]
    return _switch(workgroup, configuration, "EnforceWorkGroupConfiguration", notes)


@check(workgroups, configuration, in_use, practice=Practice.MONITORING, severity=Severity.LOW)
def workgroup_publishes_metrics(workgroup: Workgroup, configuration: Configuration, in_use: bool) -> Verdict:
    """Athena workgroup publishes metrics of its queries.

    Metrics show queries that scan far more than usual: a mistake that costs, or somebody who takes the data away.

    Fix: Turn on Publish query metrics to CloudWatch.
    See: https://docs.aws.amazon.com/athena/latest/ug/athena-cloudwatch-metrics-enable.html
    """
    _asked_in(workgroup, in_use=in_use)
    return expect(configuration.get("PublishCloudWatchMetricsEnabled"), "publishes no metrics of its queries")


@fix(workgroup_publishes_metrics, UPDATE, risk=Risk.SAFE)
def publish_metrics(workgroup: Workgroup, configuration: Configuration, in_use: bool) -> Plan:
    """Publish metrics of the workgroup's queries to CloudWatch."""
    notes = ["CloudWatch charges for the metrics as for any other."]
    return _switch(workgroup, configuration, "PublishCloudWatchMetricsEnabled", notes)


@check(workgroups, configuration, in_use, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def workgroup_encrypts_with_own_key(
    workgroup: Workgroup, configuration: Configuration, in_use: bool, *, customer_managed_key: bool = False
) -> Verdict:
    """Athena workgroup encrypts results with a KMS key of yours.

    S3 encrypts results in any case; with a key of yours you decide who may decrypt them, and see who does.

    Fix: Choose encryption with a KMS key for the workgroup's results, and turn on Override client-side settings.
    See: https://docs.aws.amazon.com/athena/latest/ug/encrypting-query-results-stored-in-s3.html
    """
    if not customer_managed_key:
        raise NotApplicable("S3 encrypts with its own keys, and the settings ask for no other")
    _asked_in(workgroup, in_use=in_use)
    managed = configuration.get("ManagedQueryResultsConfiguration", {})
    in_s3 = configuration.get("ResultConfiguration", {}).get("EncryptionConfiguration", {})
    key = managed.get("EncryptionConfiguration", {}).get("KmsKey") if managed.get("Enabled") else in_s3.get("KmsKey")
    return expect(key, "does not encrypt results with a KMS key of yours")


def _runs_spark(workgroup: Workgroup) -> bool:
    return workgroup.get("EngineVersion", {}).get("EffectiveEngineVersion", "").startswith("PySpark")


def _asked_in(workgroup: Workgroup, *, in_use: bool) -> None:
    if workgroup["State"] == "DISABLED":
        raise NotApplicable("it is turned off")
    if _runs_spark(workgroup):
        raise NotApplicable("it runs Spark, not queries")
    if not in_use:
        raise NotApplicable("nothing was asked in it for 45 days")


def _switch(workgroup: Workgroup, configuration: Configuration, setting: str, notes: list[str]) -> Plan:
    is_on, words = bool(configuration.get(setting)), {True: "on", False: "off"}

    def switch(*, to: bool) -> Call:
        return Call(UPDATE, {"WorkGroup": workgroup["Name"], "ConfigurationUpdates": {setting: to}})

    return Plan(
        do=[switch(to=True)],
        undo=[switch(to=is_on)],
        before={setting: words[is_on]},
        after={setting: words[True]},
        notes=notes,
    )
