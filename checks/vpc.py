"""VPCs and their flow logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.ec2_names import with_name
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
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import FlowLogTypeDef as FlowLog
    from types_boto3_ec2.type_defs import VpcTypeDef as Vpc

VPC_ARN = "arn:{partition}:ec2:{region}:{account}:vpc/{VpcId}"
ROLES = ("DeliverLogsPermissionArn", "DeliverCrossAccountRole")
SHOWS_REJECTED = ("ALL", "REJECT")

flow_logs: Collector[FlowLog] = collect(
    "ec2:DescribeFlowLogs", "FlowLogs", arn="arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{FlowLogId}"
)


@collector("ec2:DescribeVpcs", arn=VPC_ARN, name="{known_as}")
def vpcs(aws: Aws) -> Iterator[Vpc]:
    """The account's own: AWS also lists VPCs that others share with it, and hides their flow logs."""
    own = (vpc for vpc in aws.items("ec2:DescribeVpcs", "Vpcs") if vpc["OwnerId"] == aws.account)
    return (with_name(vpc, vpc["VpcId"]) for vpc in own)


@extra(needs=(flow_logs,))
def logs(aws: Aws, vpc: Vpc) -> Sequence[FlowLog]:
    """The flow logs of the whole VPC; those of a subnet or an interface name that as their resource."""
    return [log for log in aws.read(flow_logs) if log["ResourceId"] == vpc["VpcId"]]


@collector("ec2:DescribeNetworkInterfaces", arn=VPC_ARN, needs=(vpcs,))
def unused_vpcs(aws: Aws) -> Iterator[Vpc]:
    """The default VPC, which AWS makes unasked, when nothing is in it; no other is looked into."""
    for vpc in aws.read(vpcs):
        if vpc["IsDefault"]:
            one = {"Filters": [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}], "MaxResults": 5}  # 5: AWS's fewest
            if next(aws.items("ec2:DescribeNetworkInterfaces", "NetworkInterfaces", **one), None) is None:
                yield vpc


@extra(needs=(unused_vpcs,))
def is_used(aws: Aws, vpc: Vpc) -> bool:
    return not vpc["IsDefault"] or all(unused["VpcId"] != vpc["VpcId"] for unused in aws.read(unused_vpcs))


@extra(needs=(flow_logs,))
def others_logs(aws: Aws, vpc: Vpc) -> Sequence[FlowLog]:
    """Flow logs of the account's other VPCs here that are delivered: where this one's can go as well."""
    found = (log for log in aws.read(flow_logs) if log["ResourceId"].startswith("vpc-"))
    return [
        log
        for log in found
        if log["ResourceId"] != vpc["VpcId"]
        and log["FlowLogStatus"] == "ACTIVE"
        and log.get("DeliverLogsStatus") != "FAILED"
    ]


@check(vpcs, logs, is_used, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def vpc_has_flow_logs(vpc: Vpc, logs: Sequence[FlowLog], is_used: bool) -> Verdict:
    """VPC has flow logs.

    Without flow logs nobody can tell afterwards who reached what, or notice who is knocking at the door.

    Fix: Create a flow log of the VPC for rejected or all traffic, to CloudWatch Logs or S3. Delete unused VPCs.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
    """
    if not is_used and not logs:
        raise NotApplicable("it is a default VPC with nothing in it")
    if not logs:
        return "has no flow log"
    active = [log for log in logs if log["FlowLogStatus"] == "ACTIVE"]
    if not active:
        return "has no active flow log"
    telling = [log for log in active if log["TrafficType"] in SHOWS_REJECTED]
    if not telling:
        return "logs accepted traffic only"
    failing = all(log.get("DeliverLogsStatus") == "FAILED" for log in telling)  # absent before the first delivery
    return "has a flow log that cannot be delivered" if failing else None


@fix(vpc_has_flow_logs, "ec2:CreateFlowLogs", risk=Risk.SAFE, reads=(others_logs,))
def log_rejected_traffic(vpc: Vpc, logs: Sequence[FlowLog], is_used: bool, others_logs: Sequence[FlowLog]) -> Plan:
    """Log the VPC's rejected traffic where the flow logs of another VPC go.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
    """
    if any(log["TrafficType"] in SHOWS_REJECTED for log in logs):
        raise NotApplicable("it has a flow log already: why that does not deliver is to be found out first")
    model = next((log for log in others_logs if log["LogDestinationType"] in ("s3", "cloud-watch-logs")), None)
    if model is None:
        raise NotApplicable("no other VPC here has a flow log whose destination it could share")
    if model["LogDestinationType"] == "s3":
        where = model["LogDestination"]
        to: dict[str, str] = {"LogDestination": where}
    else:
        where = model["LogGroupName"]
        to = {"LogGroupName": where} | {key: model[key] for key in ROLES if key in model}  # type: ignore[literal-required]
    what = {"ResourceIds": [vpc["VpcId"]], "ResourceType": "VPC", "TrafficType": "REJECT"}
    return Plan(
        do=[Call("ec2:CreateFlowLogs", what | {"LogDestinationType": model["LogDestinationType"]} | to)],
        undo=[],
        before={"flow logs of rejected traffic": "none"},
        after={"flow logs of rejected traffic": f"to {where}"},
        notes=[
            "There is no undo: the flow log has an id that only AWS knows yet. Deleting it by hand takes it back.",
            "AWS charges for what is delivered and stored. The traffic itself does not notice.",
        ],
    )
