"""AWS Systems Manager: documents that strangers run, nodes that lag behind, sessions that leave no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from checks.kit import (
    ACCOUNT_ARN,
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
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_ssm.type_defs import AccountSharingInfoTypeDef as Share
    from types_boto3_ssm.type_defs import DocumentIdentifierTypeDef as Document
    from types_boto3_ssm.type_defs import ResourceComplianceSummaryItemTypeDef as Summary

SHARING = "/ssm/documents/console/public-sharing-permission"
SCRIPT_LOGS = "/ssm/automation/customer-script-log-destination"
"""Settings of Systems Manager in a region: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetServiceSetting.html"""
PREFERENCES = "SSM-SessionManagerRunShell"
"""The document that holds a region's preferences of Session Manager.
https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started-configure-preferences.html"""

DESTINATIONS = ("s3BucketName", "cloudWatchLogGroupName")


class Settings(TypedDict):
    sharing: str
    script_logs: str


class Node(TypedDict):
    """A machine that Systems Manager manages, and what it says of its patches and associations, if anything."""

    id: str
    arn: str
    patch: Summary | None
    association: Summary | None


class Sessions(TypedDict):
    """Whether there are machines to open sessions on, and the bucket and log group that sessions are logged in."""

    nodes: bool
    logged_in: list[str]


documents: Collector[Document] = collect(
    "ssm:ListDocuments",
    "DocumentIdentifiers",
    arn="arn:{partition}:ssm:{region}:{account}:document/{Name}",
    name="{Name}",
    Filters=[{"Key": "Owner", "Values": ["Self"]}],
)


@extra("ssm:DescribeDocumentPermission")
def shares(aws: Aws, document: Document) -> list[Share]:
    """With whom a document is shared; the account `all` is everyone."""
    wanted = {"Name": document["Name"], "PermissionType": "Share"}
    return list(aws.items("ssm:DescribeDocumentPermission", "AccountSharingInfoList", **wanted))


@collector("ssm:GetServiceSetting", arn=ACCOUNT_ARN, name="{region}")
def settings(aws: Aws) -> Iterator[Settings]:
    sharing, logs = (
        str(aws.call("ssm:GetServiceSetting", SettingId=id)["ServiceSetting"].get("SettingValue", ""))
        for id in (SHARING, SCRIPT_LOGS)
    )
    yield {"sharing": sharing, "script_logs": logs}


@collector("ssm:DescribeInstanceInformation", "ssm:ListResourceComplianceSummaries", arn="{arn}", name="{id}")
def nodes(aws: Aws) -> Iterator[Node]:
    """Those that are there now: summaries outlive machines."""
    kinds = [{"Key": "ComplianceType", "Values": ["Patch", "Association"], "Type": "EQUAL"}]
    found = aws.items("ssm:ListResourceComplianceSummaries", "ResourceComplianceSummaryItems", Filters=kinds)
    known = {(one["ResourceId"], one["ComplianceType"]): one for one in found}
    for node in aws.items("ssm:DescribeInstanceInformation", "InstanceInformationList"):
        id = node["InstanceId"]
        kind = "ssm", "managed-instance"
        if node["ResourceType"] == "EC2Instance":
            kind = "ec2", "instance"
        arn = f"arn:{aws.partition}:{kind[0]}:{aws.region}:{aws.account}:{kind[1]}/{id}"
        yield {"id": id, "arn": arn, "patch": known.get((id, "Patch")), "association": known.get((id, "Association"))}


@collector("ssm:GetDocument", arn=ACCOUNT_ARN, name="{region}", needs=(nodes,))
def sessions(aws: Aws) -> Iterator[Sessions]:
    if not aws.read(nodes):
        yield {"nodes": False, "logged_in": []}
        return
    got = aws.call("ssm:GetDocument", Name=PREFERENCES, absent="InvalidDocument")
    inputs = json.loads(got.get("Content", "{}")).get("inputs", {})
    yield {"nodes": True, "logged_in": [inputs[key] for key in DESTINATIONS if inputs.get(key)]}


@check(documents, shares, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def document_is_not_public(document: Document, shares: list[Share]) -> Verdict:
    """SSM document is not shared with everyone.

    Documents tell how you run your machines: names, addresses, sometimes passwords. Everyone could read it.

    Fix: Make the document private, or share it with accounts by their ids.
    See: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-ssm-sharing.html
    """
    return expect(not _public(shares), "is shared with everyone")


def _public(shares: list[Share]) -> list[Share]:
    return [share for share in shares if share["AccountId"].lower() == "all"]


@fix(document_is_not_public, "ssm:ModifyDocumentPermission", risk=Risk.CUTS_ACCESS)
def make_private(document: Document, shares: list[Share]) -> Plan:
    """Share the document with everyone no longer."""
    if not _public(shares):
        raise NotApplicable("it is not shared with everyone")
    [everyone] = _public(shares)
    which = {"Name": document["Name"], "PermissionType": "Share"}
    version = (
        {"SharedDocumentVersion": everyone["SharedDocumentVersion"]} if "SharedDocumentVersion" in everyone else {}
    )
    others = [share["AccountId"] for share in shares if share is not everyone]
    return Plan(
        do=[Call("ssm:ModifyDocumentPermission", which | {"AccountIdsToRemove": ["all"]})],
        undo=[Call("ssm:ModifyDocumentPermission", which | {"AccountIdsToAdd": ["all"]} | version)],
        before={"shared with": ", ".join(["everyone", *others])},
        after={"shared with": ", ".join(others) or "nobody"},
        notes=["Other accounts that run the document can no longer find it."],
    )


@check(settings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def region_blocks_public_documents(settings: Settings) -> Verdict:
    """No SSM document of the region can be made public.

    With the block on, one careless permission cannot show a document to the world.

    Fix: In Systems Manager's documents, preferences, block public sharing.
    See: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-ssm-sharing.html#block-public-access
    """
    return expect(settings["sharing"] == "Disable", "lets SSM documents be made public")


@fix(region_blocks_public_documents, "ssm:UpdateServiceSetting", risk=Risk.SAFE)
def block_public_documents(settings: Settings) -> Plan:
    """Block public sharing of SSM documents in the region."""
    note = "Documents that are public already stay so: see the check of each."
    return _set(SHARING, settings["sharing"], "Disable", note)


@check(settings, practice=Practice.MONITORING, severity=Severity.LOW)
def region_logs_automation(settings: Settings) -> Verdict:
    """Scripts of SSM Automation write to CloudWatch Logs.

    A runbook's scripts act with its role's permissions; without their output nobody can tell what one did.

    Fix: In Systems Manager's Automation, preferences, send the output of scripts to CloudWatch Logs.
    See: https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-logging.html
    """
    return expect(settings["script_logs"] == "CloudWatch", "does not log the output of automation scripts")


@fix(region_logs_automation, "ssm:UpdateServiceSetting", "ssm:ResetServiceSetting", risk=Risk.SAFE)
def log_automation(settings: Settings) -> Plan:
    """Send the output of automation scripts to CloudWatch Logs."""
    note = "It takes effect where the role that runs a script may write logs. CloudWatch Logs bills what is written."
    return _set(SCRIPT_LOGS, settings["script_logs"], "CloudWatch", note)


def _set(id: str, now: str, wanted: str, note: str) -> Plan:
    def update(value: str) -> Call:
        return Call("ssm:UpdateServiceSetting", {"SettingId": id, "SettingValue": value})

    return Plan(
        do=[update(wanted)],
        undo=[update(now) if now else Call("ssm:ResetServiceSetting", {"SettingId": id})],
        before={id: now or "not set"},
        after={id: wanted},
        notes=[note],
    )


@check(nodes, practice=Practice.CONFIG, severity=Severity.HIGH)
def node_is_patched(node: Node) -> Verdict:
    """Managed machine has the patches its baseline asks for.

    Missing patches are known holes: programs that use them are sold and shared within days.

    Fix: Install what is missing with Patch Manager, and give the machine a maintenance window.
    See: https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-compliance-states.html
    """
    if not node["patch"]:
        raise NotApplicable("Patch Manager has not looked at it")
    if node["patch"]["Status"] == "COMPLIANT":
        return None
    missing = node["patch"].get("NonCompliantSummary", {})
    worst = missing.get("SeveritySummary", {}).get("CriticalCount", 0)
    return f"misses {missing.get('NonCompliantCount', 'some')} patches" + (f", {worst} of them critical" * bool(worst))


@check(nodes, practice=Practice.CONFIG, severity=Severity.LOW)
def node_follows_its_associations(node: Node) -> Verdict:
    """Managed machine is as its associations want it.

    State Manager tried to bring the machine into the state you chose and failed: agents, settings or scans are missing.

    Fix: Open the association's history, mend what fails and apply it again; delete associations nobody needs.
    See: https://docs.aws.amazon.com/systems-manager/latest/userguide/compliance-about.html
    """
    if not node["association"]:
        raise NotApplicable("no association concerns it")
    failing = node["association"].get("NonCompliantSummary", {}).get("NonCompliantCount", "some")
    return expect(node["association"]["Status"] == "COMPLIANT", f"has {failing} associations that fail")


@check(sessions, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def region_logs_sessions(sessions: Sessions) -> Verdict:
    """Sessions of Session Manager are logged.

    CloudTrail says who opened a session; only a log says what they typed and saw on the machine.

    Fix: In Session Manager's preferences choose an S3 bucket or a log group, encrypted, for the sessions of the region.
    See: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-logging.html
    """
    if not sessions["nodes"]:
        raise NotApplicable("there are no machines to open sessions on")
    return expect(sessions["logged_in"], "does not log what is done in sessions")
