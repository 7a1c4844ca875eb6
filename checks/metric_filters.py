"""Alarms on what CloudTrail writes to CloudWatch Logs: one check for each kind of event that somebody should hear of.

A metric filter is judged by the events it matches, whatever its name and the text of its pattern. Several filters may
share the work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from checks import filter_patterns, trail_events
from checks.alarms import Alarm, alarms
from checks.cloudtrail import Watched, lack, watch
from checks.kit import ACCOUNT_ARN, Aws, Practice, Scope, Severity, Unknown, Verdict, check, collector
from checks.trail_events import Event

CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-"
MOST_NAMED = 3


class Group(TypedDict):
    """A log group with all events of the account, and all alarms of its region. `unread`: why it could not be read."""

    name: str
    region: str
    filters: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    unread: str


class Groups(TypedDict):
    groups: list[Group]


@collector(
    "logs:DescribeMetricFilters",
    arn=ACCOUNT_ARN,
    name="{account}",
    scope=Scope.ACCOUNT,
    needs=(watch, alarms),
)
def watched_groups(aws: Aws) -> Iterator[Groups]:
    arns = {
        one["trail"]["CloudWatchLogsLogGroupArn"]: one
        for account in aws.read(watch)
        for one in account["trails"]
        if one["trail"].get("CloudWatchLogsLogGroupArn") and (one["unread"] or fills_its_group(one))
    }
    yield {"groups": [_group(aws, arn, one) for arn, one in arns.items()]}


def fills_its_group(one: Watched) -> bool:
    """Whether all events of the account arrive in a trail's log group."""
    return lack(one) is None and not one["status"].get("LatestCloudWatchLogsDeliveryError")


def _group(aws: Aws, arn: str, one: Watched) -> Group:
    _, _, _, region, account, _, name, *_ = arn.split(":")
    found: Group = {"name": name, "region": region, "filters": [], "alarms": [], "unread": one["unread"]}
    if account != aws.account:
        found["unread"] = f"trail {one['trail']['Name']} sends its events to account {account}: look for alarms there"
    if found["unread"]:
        return found
    there = aws.at(region)
    try:
        found["filters"] = list(there.items("logs:DescribeMetricFilters", "metricFilters", logGroupName=name))
        found["alarms"] = heard(there.read(alarms))
    except Unknown as reason:  # another group may be enough
        found["unread"] = str(reason)
    return found


def heard(found: Sequence[Alarm]) -> list[dict[str, Any]]:
    """The alarms, each with the actions of the composite alarm that speaks for it where it has none of its own."""
    by_name = {one["name"]: one["alarm"] for one in found}

    def actions(alarm: Mapping[str, Any]) -> dict[str, Any]:
        return {key: alarm[key] for key in ("ActionsEnabled", "AlarmActions") if key in alarm}

    return [
        dict(one["alarm"]) | (actions(by_name[one["part_of"]]) if one["part_of"] and not acts(one["alarm"]) else {})
        for one in found
    ]


def acts(alarm: Mapping[str, Any]) -> bool:
    """Whether an alarm does something when it goes off."""
    return bool(alarm["ActionsEnabled"] and alarm.get("AlarmActions"))


@dataclass(frozen=True)
class Subject:
    """What somebody should hear of: a check, its words, and the events that tell of it.

    `events`: samples by name, each of which has to raise an alarm. `everyday`: an alarm that this raises too says
    nothing. `hints`: what a pattern about it has in its text; the names of the events where there are none.
    """

    id: str
    claim: str
    why: str
    what: str
    page: str
    events: Mapping[str, Event]
    everyday: Event
    hints: tuple[str, ...] = ()
    severity: Severity = Severity.LOW

    def told_by(self, pattern: str) -> set[str] | None:
        """Which of the events a pattern matches and tells from everyday ones; None: it speaks of them, unreadably."""
        if not pattern.lstrip().startswith("{"):
            return set()  # words anywhere in the event say nothing about what happened
        try:
            matches = filter_patterns.parse(pattern)
        except ValueError:
            text = pattern.lower()
            return None if any(hint.lower() in text for hint in self.hints or self.events) else set()
        return set() if matches(self.everyday) else {name for name, event in self.events.items() if matches(event)}


def _changes(id: str, what: str, why: str, control: int | str, source: str, *names: str) -> Subject:
    """A subject that calls of one service tell of."""
    claim = f"{what[0].upper()}{what[1:]} raise an alarm."
    page = f"{CONTROLS}{control}" if isinstance(control, int) else control
    everyday = trail_events.call(source, "ListTagsForResource", reads=True)
    return Subject(id, claim, why, what, page, trail_events.calls(source, *names), everyday)


SIGN_IN_WITH_MFA = trail_events.sign_in(mfa=True)
EC2_READ = trail_events.call("ec2", "DescribeInstances", reads=True)

SUBJECTS = (
    Subject(
        "unauthorized_calls_raise_alarm",
        "Refused API calls raise an alarm.",
        "Whoever holds stolen credentials tries what they can do with them, and most of it is refused.",
        "refused API calls",
        f"{CONTROLS}2",
        {
            code: trail_events.call("s3", "ListBuckets", reads=True, errorCode=code)
            for code in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation")
        },
        EC2_READ,
        hints=("errorCode",),
    ),
    Subject(
        "sign_in_without_mfa_raises_alarm",
        "A sign-in without MFA raises an alarm.",
        "A password alone may be in somebody else's hands; every sign-in with nothing more is worth a look.",
        "sign-ins without MFA",
        f"{CONTROLS}3",
        {"a sign-in without MFA": trail_events.sign_in(mfa=False)},
        SIGN_IN_WITH_MFA,
        hints=("MFAUsed",),
    ),
    Subject(
        "root_use_raises_alarm",
        "Use of the root user raises an alarm.",
        "Nobody should need the root user on an ordinary day, so somebody must hear when it is used.",
        "use of the root user",
        f"{CONTROLS}1",
        {
            "its sign-ins": trail_events.sign_in(mfa=True, userIdentity=trail_events.ROOT),
            "its API calls": trail_events.call("iam", "CreateUser", userIdentity=trail_events.ROOT),
        },
        trail_events.call("iam", "CreateUser"),
        hints=("root",),
        severity=Severity.MEDIUM,
    ),
    Subject(
        "failed_sign_ins_raise_alarm",
        "Failed sign-ins raise an alarm.",
        "Many wrong passwords in a row are somebody guessing.",
        "failed sign-ins",
        f"{CONTROLS}6",
        {
            "a failed sign-in": trail_events.sign_in(
                mfa=False, errorMessage="Failed authentication", responseElements={"ConsoleLogin": "Failure"}
            )
        },
        SIGN_IN_WITH_MFA,
        hints=("ConsoleLogin", "errorMessage"),
    ),
    _changes(
        "iam_policy_changes_raise_alarm",
        "changes of IAM policies",
        "One attached policy makes an administrator of anybody.",
        4,
        "iam",
        *("CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion"),
        *(
            f"{verb}{kind}Policy"
            for kind in ("User", "Group", "Role")
            for verb in ("Put", "Delete", "Attach", "Detach")
        ),
    ),
    _changes(
        "trail_changes_raise_alarm",
        "changes of trails",
        "An intruder begins by switching off what records them.",
        5,
        "cloudtrail",
        *("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
    ),
    _changes(
        "key_removals_raise_alarm",
        "removals of KMS keys",
        "Without its key, encrypted data is lost; a deletion can be cancelled for some days only.",
        7,
        "kms",
        *("DisableKey", "ScheduleKeyDeletion"),
    ),
    _changes(
        "bucket_policy_changes_raise_alarm",
        "changes of S3 bucket policies",
        "A bucket becomes public, or is copied elsewhere, by one call.",
        8,
        "s3",
        *("PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication"),
        *("DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"),
    ),
    _changes(
        "config_changes_raise_alarm",
        "changes of AWS Config",
        "Once it records nothing, other changes go unseen.",
        9,
        "config",
        *("StopConfigurationRecorder", "PutConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel"),
    ),
    _changes(
        "security_group_changes_raise_alarm",
        "changes of security groups",
        "A port opened for a moment, by mistake or on purpose, is found by scanners within minutes.",
        10,
        "ec2",
        *("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
        *("RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup"),
    ),
    _changes(
        "network_acl_changes_raise_alarm",
        "changes of network ACLs",
        "They decide what reaches whole subnets and are seldom changed.",
        11,
        "ec2",
        *("CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry"),
        *("ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"),
    ),
    _changes(
        "gateway_changes_raise_alarm",
        "changes of network gateways",
        "A gateway connects a private network with the internet or somebody else's network.",
        12,
        "ec2",
        *("CreateCustomerGateway", "DeleteCustomerGateway", "CreateInternetGateway", "DeleteInternetGateway"),
        *("AttachInternetGateway", "DetachInternetGateway"),
    ),
    _changes(
        "route_table_changes_raise_alarm",
        "changes of route tables",
        "A changed route sends traffic past the firewall, or through a stranger's machine.",
        13,
        "ec2",
        *("CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation"),
        *("DeleteRoute", "DeleteRouteTable", "DisassociateRouteTable"),
    ),
    # CIS names the calls of EC2-Classic's ClassicLink as well. AWS retired it, so no such event is written any more.
    _changes(
        "vpc_changes_raise_alarm",
        "changes of VPCs",
        "A new VPC or peering connection is a way around the network that was planned.",
        14,
        "ec2",
        *("CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "CreateVpcPeeringConnection"),
        *("AcceptVpcPeeringConnection", "RejectVpcPeeringConnection", "DeleteVpcPeeringConnection"),
    ),
    _changes(
        "organization_changes_raise_alarm",
        "changes of AWS Organizations",
        "An account that leaves, or a service control policy that is detached, takes the guard rails off.",
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-alarms-for-cloudtrail.html",
        "organizations",
        *("AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy"),
        *("DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy"),
        *("DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount"),
        *("RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit"),
    ),
)
"""The events that CIS names, in its words: https://www.cisecurity.org/benchmark/amazon_web_services"""


def _register(subject: Subject) -> None:
    """A check of whether a subject's events raise an alarm, as if its judge had been written out."""

    def judge(account: Groups) -> Verdict:
        return _raises_alarm(account, subject)

    all_of_them = f" ({', '.join(subject.events)})" if len(subject.events) > 1 else ""
    judge.__name__ = subject.id
    judge.__doc__ = (
        f"{subject.claim}\n\n{subject.why}\n\n"
        f"Fix: On the log group of a trail that covers all regions, make a metric filter for {subject.what}"
        f"{all_of_them}, and an alarm with an action on its metric.\nSee: {subject.page}"
    )
    check(watched_groups, practice=Practice.MONITORING, severity=subject.severity)(judge)


for _subject in SUBJECTS:
    _register(_subject)


def _raises_alarm(account: Groups, subject: Subject) -> Verdict:
    read = [group for group in account["groups"] if not group["unread"]]
    told = [(group, one, subject.told_by(one["filterPattern"])) for group in read for one in group["filters"]]
    matched = [(group, one, names) for group, one, names in told if names]
    alarming = set[str]().union(*(names for group, one, names in matched if _alarms(group, one)))
    if alarming == set(subject.events):
        return None
    for group in account["groups"]:
        if group["unread"]:
            raise Unknown(group["unread"])
    for _, one, names in told:
        if names is None:
            raise Unknown(f"the pattern of metric filter {one['filterName']} is not understood: look whether it fits")
    if not read:
        return f"has no trail of all events in CloudWatch Logs that could raise an alarm on {subject.what}"
    if not matched:
        return f"has no metric filter on {subject.what}"
    filtered = set[str]().union(*(names for _, _, names in matched))
    left_out = [name for name in subject.events if name not in filtered]
    if left_out:
        return f"has a metric filter on {subject.what} that leaves out {_few(left_out)}"
    silent = next(one["filterName"] for _, one, names in matched if not names <= alarming)
    return f"has metric filter {silent} on {subject.what} and no alarm that acts on it"


def _few(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _alarms(group: Group, one: dict[str, Any]) -> bool:
    metrics = {(to["metricNamespace"], to["metricName"]) for to in one["metricTransformations"]}
    return any(acts(alarm) and metrics & set(watches(alarm)) for alarm in group["alarms"])


def watches(alarm: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Namespace and name of each metric an alarm looks at, also inside an expression."""
    if "MetricName" in alarm:
        yield alarm["Namespace"], alarm["MetricName"]
    for one in alarm.get("Metrics", []):
        if "MetricStat" in one:
            yield one["MetricStat"]["Metric"]["Namespace"], one["MetricStat"]["Metric"]["MetricName"]
