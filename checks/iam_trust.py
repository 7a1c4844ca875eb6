"""What roles give to other accounts and to services, and roles that nobody uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from checks.documents import Statement
from checks.iam import OF_CONTROL_TOWER, grants_all, is_bounded, limit, roles
from checks.iam_roles import full_arns, let_in, management_account, must_be_ours, must_not_be_control_towers
from checks.kit import Call, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, fix, now
from checks.outsiders import named_in

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import RoleDetailTypeDef as Role

SWEEPING = ("AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess")
"""AWS's policies that give all data of nearly every service. ViewOnlyAccess and SecurityAudit give settings only.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html"""

SAYS_FOR_WHOM: Mapping[str, str] = {
    "bedrock": "bedrock/latest/userguide/cross-service-confused-deputy-prevention.html",
    "codebuild": "codebuild/latest/userguide/setting-up-service-role.html",
    "config": "config/latest/developerguide/iamrole-permissions.html",
    "datasync": "datasync/latest/userguide/cross-service-confused-deputy-prevention.html",
    "ecs-tasks": "AmazonECS/latest/developerguide/task-iam-roles.html",
    "personalize": "personalize/latest/dg/cross-service-confused-deputy-prevention.html",
    "pipes": "eventbridge/latest/userguide/eb-pipes-permissions.html",
    "sagemaker": "sagemaker/latest/dg/security-confused-deputy-prevention.html",
    "scheduler": "scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
    "states": "step-functions/latest/dg/procedure-create-iam-role.html",
    "transfer": "transfer/latest/userguide/confused-deputy.html",
    "vpc-flow-logs": "vpc/latest/userguide/flow-logs-iam-role.html",
}
"""Services that name the account they act for when they take a role, and the page of AWS's documentation that says so.
Of others it is not documented, and a role that asks for it may be one they can no longer take."""

SOURCE = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")


@check(roles, practice=Practice.ROLES, severity=Severity.MEDIUM)
def service_acts_for_its_own_account(role: Role) -> Verdict:
    """Role of a service says for which account it acts.

    Otherwise somebody in another account may talk the service into using the role for them (the confused deputy).

    Fix: Require aws:SourceAccount to be this account, or aws:SourceArn to be what uses the role, in the trust policy.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    must_be_ours(role)
    asked = [(who.id, statement) for who, statement in let_in(role) if who.kind == "Service" and _says(who.id)]
    if not asked:
        raise NotApplicable("no service that says for which account it acts may assume the role")
    loose = sorted({service for service, statement in asked if not _asks_for_whom(statement)})
    return expect(not loose, f"lets {', '.join(loose)} act for any account")


@fix(service_acts_for_its_own_account, "iam:UpdateAssumeRolePolicy", risk=Risk.CUTS_ACCESS)
def ask_for_whom(role: Role) -> Plan:
    """Let services take the role for this account only."""
    must_be_ours(role)
    document: Any = role["AssumeRolePolicyDocument"]
    if isinstance(document, str) or _is_mixed(role):
        raise NotApplicable("a statement names others, too: part them first")
    account = role["Arn"].split(":")[4]
    found = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    later = {**document, "Statement": [_with_account(one, account) for one in found]}
    if later["Statement"] == found:
        raise NotApplicable("every service is asked for which account it acts")
    put = {"RoleName": role["RoleName"]}
    return Plan(
        do=[Call("iam:UpdateAssumeRolePolicy", put | {"PolicyDocument": json.dumps(later)})],
        undo=[Call("iam:UpdateAssumeRolePolicy", put | {"PolicyDocument": json.dumps(document)})],
        before={"trust policy": json.dumps(document)},
        after={"trust policy": json.dumps(later)},
        notes=[
            "What uses the role from another account is refused; AWS does not let it be passed to one.",
            "Try what uses the role afterwards: a feature of the service that names no account is refused, too.",
        ],
    )


@check(roles, management_account, full_arns, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def role_for_another_account_is_narrow(
    role: Role, management: str, full: set[str], *, own_accounts: tuple[str, ...] = ()
) -> Verdict:
    """Role for another account is narrow.

    A break-in over there is then one here: with ReadOnlyAccess all data can be read, with the others changed, too.

    Fix: Give the role the actions the other party needs. For looking at settings, SecurityAudit or ViewOnlyAccess is
    enough. Accounts that are yours as well belong into own_accounts of this check, in AWS_SEC_THRESHOLDS.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    must_be_ours(role)
    must_not_be_control_towers(role, management)
    own = {role["Arn"].split(":")[4], management, *own_accounts}
    others = sorted({one for who, s in let_in(role) if who.kind == "AWS" for one in named_in(s)} - own)
    if not others:
        raise NotApplicable("the role trusts no other account")
    held = [policy["PolicyArn"] for policy in role.get("AttachedManagedPolicies", [])]
    sweeping = full | {arn for arn in (*held, limit(role)) if arn.endswith(tuple(f"/{name}" for name in SWEEPING))}
    if is_bounded(role, sweeping):
        return None
    broad = [arn.rpartition("/")[2] for arn in held if arn in sweeping]
    if grants_all([], role.get("RolePolicyList", []), full):
        broad.append("an inline policy that allows everything")
    return expect(not broad, f"gives account {', '.join(others)} {' and '.join(broad)}")


@check(roles, now, practice=Practice.ROLES, severity=Severity.LOW)
def unused_role_is_removed(role: Role, now: datetime, *, days: int = 90) -> Verdict:
    """Role that nobody uses is removed.

    Nobody looks after it, and nobody would notice who takes it. AWS remembers 400 days of use.

    Fix: Find out what it was for and delete it, or mute this for a role that is kept for emergencies.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html
    """
    must_be_ours(role)
    if role["RoleName"].startswith(OF_CONTROL_TOWER):
        raise NotApplicable("Control Tower made the role")
    last = role.get("RoleLastUsed", {}).get("LastUsedDate")
    made = role["CreateDate"]
    if now - (last or made) < timedelta(days=days):
        return None
    return (
        f"was last used on {last:%Y-%m-%d}" if last else f"was not used in the time AWS remembers, made {made:%Y-%m-%d}"
    )


def _says(service: str) -> bool:
    return service.partition(".")[0] in SAYS_FOR_WHOM


def _asks_for_whom(statement: Statement) -> bool:
    return any(condition.key in SOURCE and condition.narrows for condition in statement.conditions)


def _is_mixed(role: Role) -> bool:
    """Whether a statement that lets such a service in also names somebody of whom that cannot be asked."""
    found = [s for who, s in let_in(role) if who.kind == "Service" and _says(who.id) and not _asks_for_whom(s)]
    return any(who.kind != "Service" or not _says(who.id) for statement in found for who in statement.principals)


def _with_account(statement: Mapping[str, Any], account: str) -> Mapping[str, Any]:
    """The statement with one condition more, where it lets a service in that can meet it."""
    principal = statement.get("Principal")
    named = principal.get("Service", []) if isinstance(principal, Mapping) else []
    services = [named] if isinstance(named, str) else named
    condition = statement.get("Condition", {})
    keys = {key.lower() for block in condition.values() for key in block}
    if statement["Effect"] != "Allow" or not any(map(_says, services)) or keys & {*SOURCE}:
        return statement
    equals = condition.get("StringEquals", {}) | {"aws:SourceAccount": account}
    return {**statement, "Condition": {**condition, "StringEquals": equals}}
