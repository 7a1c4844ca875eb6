"""AWS CloudFormation stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import StackTypeDef as Stack

TOOLKIT = "BootstrapVersion"
"""The output that every stack of `cdk bootstrap` has.
https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""

OF_SERVICES = ("StackSet-", "awseb-", "SC-")
"""How the stacks of stack sets, Elastic Beanstalk and Service Catalog begin, which change and delete them themselves.
https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/using-features.managing.html"""


@collector("cloudformation:DescribeStacks", arn="{StackId}", name="{StackName}")
def stacks(aws: Aws) -> Iterator[Stack]:
    """Those that people delete and update: not parts of others, not made by an AWS service, not on their way."""
    for stack in aws.items("cloudformation:DescribeStacks", "Stacks"):
        ours = not stack.get("ParentId") and not stack["StackName"].startswith(OF_SERVICES)
        if ours and not stack["StackStatus"].startswith(("DELETE_", "REVIEW_", "CREATE_IN", "ROLLBACK_")):
            yield stack


@check(stacks, practice=Practice.BACKUP, severity=Severity.LOW)
def stack_has_termination_protection(stack: Stack) -> Verdict:
    """CloudFormation stack cannot be deleted by one call.

    Deleting a stack deletes what is in it, databases and buckets too where nothing else keeps them.

    Fix: Turn on termination protection of the stack. Whoever really wants to delete it turns it off first.
    See: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
    """
    return expect(stack.get("EnableTerminationProtection"), "can be deleted by one call")


@fix(stack_has_termination_protection, "cloudformation:UpdateTerminationProtection", risk=Risk.SAFE)
def protect(stack: Stack) -> Plan:
    """Turn on the stack's termination protection."""

    def protection(*, on: bool) -> Call:
        wanted = {"StackName": stack["StackName"], "EnableTerminationProtection": on}
        return Call("cloudformation:UpdateTerminationProtection", wanted)

    return Plan(
        do=[protection(on=True)],
        undo=[protection(on=False)],
        before={"termination protection": "on" if stack.get("EnableTerminationProtection") else "off"},
        after={"termination protection": "on"},
        notes=["A pipeline that deletes this stack by itself, for tests say, will fail."],
    )


@check(stacks, practice=Practice.ROLES, severity=Severity.LOW)
def stack_has_a_service_role(stack: Stack) -> Verdict:
    """CloudFormation stack is changed with a role of its own.

    Without one, whoever updates the stack needs all the permissions that its resources take to make and delete.

    Fix: Give the stack a service role with the permissions it needs, and people only iam:PassRole on it.
    See: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
    """
    return expect(stack.get("RoleARN"), "is changed with the permissions of whoever updates it")


@check(stacks, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def toolkit_is_recent(stack: Stack, *, version: int = 21) -> Verdict:
    """The CDK's bootstrap stack is not outdated.

    Before version 21, deployments write assets into a bucket by its name only: a stranger who takes a freed name
    gets your templates and can change what you deploy.

    Fix: Run `cdk bootstrap` of a current CDK in the account and region.
    See: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
    """
    found = [one["OutputValue"] for one in stack.get("Outputs", []) if one["OutputKey"] == TOOLKIT]
    if not found:
        raise NotApplicable("it is no bootstrap stack of the CDK")
    if not found[0].isdigit():
        raise Unknown("its version is not a number")
    return f"is version {found[0]}, older than {version}" if int(found[0]) < version else None
