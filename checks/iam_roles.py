"""IAM roles: whom their trust policies let in, and what services may do with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from checks.documents import MATCHES, Condition, Principal, Statement, public_grants, trusted
from checks.iam import OF_AWS, OF_CONTROL_TOWER, full_policies, grants_all, is_bounded, roles
from checks.iam_policies import detach
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)
from checks.outsiders import named_in
from checks.policy_edits import close

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import RoleDetailTypeDef as Role

Organization: TypeAlias = Mapping[str, str]

ORGANIZATION = ("aws:principalorgid", "aws:principalorgpaths")
TENANT_IN_AUDIENCE = (
    *("accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"),
    *("api.pulumi.com/oidc", "oidc.vercel.com", "sandboxes.cloud"),
)
"""Shared providers whose audience is one's own app, identity pool or team.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html"""
SENTINEL = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d"
"""Microsoft Sentinel, the provider that names its customer in the session's name."""
SHARED = (
    *("token.actions.githubusercontent.com", "vstoken.actions.githubusercontent.com", "gitlab.com", "scalr.io"),
    *("oidc-configuration.audit-log.githubusercontent.com", "agent.buildkite.com", "oidc.codefresh.io"),
    *("app.terraform.io", "proidc.upbound.io", "tokens.cloud.shisho.dev", "studio.datachain.ai/api", SENTINEL),
    *("oidc.op1.openshiftapps.com/", "rh-oidc.s3.us-east-1.amazonaws.com/"),
)
"""How providers begin that many organizations share and whose audience anybody may ask for. The issuer of any other
is of one organization, says the same page.
Some: https://github.com/aws-samples/data-perimeter-policy-examples"""
OF_ANY_TENANT = ("amr", "environment", "ref", "workflow")
"""Claims that look the same in everybody's tokens: each repository has a branch main."""

NOBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)
"""A trust policy for when nobody is left to trust: IAM takes none without a statement."""

OPEN = re.compile(r"[*?]|\$\{")
OWNED = re.compile(r"(?:[a-z_]+:)?+[^:/*?$]+[:/]")
"""A claim that names whose it is before its first wildcard: "repo:acme/*" does, "repo:*" and "repo:acme*" do not."""


@collector("organizations:DescribeOrganization", arn=ACCOUNT_ARN, scope=Scope.ACCOUNT)
def organization(aws: Aws) -> Iterator[Organization]:
    """The organization the account is in, or nothing."""
    found = aws.call("organizations:DescribeOrganization", absent="AWSOrganizationsNotInUseException")
    if found:
        yield found["Organization"]


@extra(needs=(organization,))
def management_account(aws: Aws, role: Role) -> str:
    """The account that manages this one's organization; empty without one."""
    return next((str(found["MasterAccountId"]) for found in aws.read(organization)), "")


@extra(needs=(full_policies,))
def full_arns(aws: Aws, role: Role) -> set[str]:
    """The ARNs of the account's own policies that allow everything."""
    return {policy["Arn"] for policy in aws.read(full_policies)}


@check(roles, practice=Practice.ROLES, severity=Severity.CRITICAL)
def role_names_whom_it_trusts(role: Role) -> Verdict:
    """Role names whom it trusts.

    A role that trusts everyone, or every repository of a shared provider, belongs to whoever finds it.

    Fix: Name accounts, roles or services in the trust policy; for an OIDC provider, add a condition on its `sub` claim.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
    """
    must_be_ours(role)
    if any(_lets_in(statement) for statement in public_grants(role["AssumeRolePolicyDocument"])):
        return "may be assumed by anyone in any AWS account"
    for principal, statement in let_in(role):
        host = _web_identity(principal)
        if host and not any(_pins(condition, host) for condition in statement.conditions):
            return f"may be assumed by anyone with a token of {host}"
    return None


@fix(role_names_whom_it_trusts, "iam:UpdateAssumeRolePolicy", risk=Risk.CUTS_ACCESS)
def trust_nobody_unnamed(role: Role) -> Plan:
    """Take the statements that let anyone in out of the trust policy."""
    must_be_ours(role)
    document = role["AssumeRolePolicyDocument"]

    def put(text: str) -> Call:
        return Call("iam:UpdateAssumeRolePolicy", {"RoleName": role["RoleName"], "PolicyDocument": text})

    notes = ["Sessions that strangers have now go on until they end: revoke the role's active sessions in IAM as well."]
    found = close(document if isinstance(document, str) else json.dumps(document), put, NOBODY, notes)
    if role_names_whom_it_trusts.judge({**role, "AssumeRolePolicyDocument": found.do[0].params["PolicyDocument"]}):
        raise NotApplicable("which tokens of its identity provider are meant is yours to say")
    return found


@check(roles, management_account, practice=Practice.ROLES, severity=Severity.MEDIUM)
def role_for_another_account_wants_external_id(
    role: Role, management: str, *, own_accounts: tuple[str, ...] = ()
) -> Verdict:
    """Role for another account wants an external ID.

    Without one, a vendor that serves many can be talked into using your role for somebody else (the confused deputy).

    Fix: Agree on an external ID with the other party and require it in the trust policy, or require your organization.
    Accounts that are yours as well belong into own_accounts of this check, in AWS_SEC_THRESHOLDS.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    must_be_ours(role)
    must_not_be_control_towers(role, management)
    own = {role["Arn"].split(":")[4], management, *own_accounts}
    others = [
        (account, statement)
        for principal, statement in let_in(role)
        if principal.kind == "AWS"
        for account in named_in(statement) - own
    ]
    if not others:
        raise NotApplicable("the role trusts no other account")
    loose = sorted({account for account, statement in others if not _wants_more(statement)})
    return expect(not loose, f"trusts account {', '.join(loose)} without an external ID")


@check(roles, full_arns, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def service_role_is_no_administrator(role: Role, full: set[str]) -> Verdict:
    """Role of a service is no administrator.

    Whoever breaks into the server or function that wears it owns the account.

    Fix: Give the role only the actions it uses; Access Analyzer can write that policy from CloudTrail.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-generation.html
    """
    must_be_ours(role)
    services = sorted({p.id for p, _ in let_in(role) if p.kind == "Service"})
    if not services:
        raise NotApplicable("no AWS service assumes the role")
    mighty = grants_all(role.get("AttachedManagedPolicies", []), role.get("RolePolicyList", []), full)
    return expect(not mighty or is_bounded(role, full), f"is an administrator and is assumed by {', '.join(services)}")


@fix(service_role_is_no_administrator, "iam:DetachRolePolicy", "iam:AttachRolePolicy", risk=Risk.CUTS_ACCESS)
def take_administrator(role: Role, full: set[str]) -> Plan:
    """Detach from the role what makes it an administrator."""
    must_be_ours(role)
    if grants_all([], role.get("RolePolicyList", []), full):
        raise NotApplicable("an inline policy makes it an administrator: detaching others would not help")
    held = role.get("AttachedManagedPolicies", [])
    mighty = [policy["PolicyArn"] for policy in held if grants_all([policy], [], full)]
    if not mighty:
        raise NotApplicable("no policy of it allows everything")
    return detach(mighty, [role["Arn"]])


def must_be_ours(role: Role) -> None:
    """Raises NotApplicable for a role that AWS made."""
    if any(path in role["Arn"] for path in OF_AWS):
        raise NotApplicable("AWS made the role and only AWS may change it")


def must_not_be_control_towers(role: Role, management: str) -> None:
    """Raises NotApplicable for a role by which Control Tower manages an account of an organization."""
    if management and role["RoleName"].startswith(OF_CONTROL_TOWER):
        raise NotApplicable("Control Tower made the role and keeps others from changing it")


def let_in(role: Role) -> list[tuple[Principal, Statement]]:
    """Who may assume the role, and by which statement."""
    return [(who, statement) for who, statement in trusted(role["AssumeRolePolicyDocument"]) if _lets_in(statement)]


def _lets_in(statement: Statement) -> bool:
    """Whether it is about assuming the role, not only about tagging a session."""
    named = any(action.lower().startswith("sts:assumerole") or "*" in action for action in statement.actions)
    return named or bool(statement.not_actions)


def _web_identity(principal: Principal) -> str:
    """The host of an OIDC or social identity provider; empty for anything else, SAML too."""
    if principal.kind != "Federated" or ":saml-provider/" in principal.id:
        return ""
    return principal.id.partition(":oidc-provider/")[2] or principal.id


def _pins(condition: Condition, host: str) -> bool:
    """Whether a condition says which of the provider's tokens are meant."""
    provider, _, claim = condition.key.rpartition(":")
    if not _must_match(condition) or not all(map(_names_owner, condition.values)):
        return False
    if condition.key == "sts:rolesessionname":
        return host.startswith(SENTINEL)
    if claim == "aud" and host not in TENANT_IN_AUDIENCE:
        return provider == host.lower() and not host.startswith(SHARED) and "sts.amazonaws.com" not in condition.values
    return provider == host.lower() and claim not in OF_ANY_TENANT


def _names_owner(claim: str) -> bool:
    """Whether a claim is somebody's; every repository has the bots."""
    return bool(OWNED.match(claim) if OPEN.search(claim) else claim and not claim.endswith("[bot]"))


def _wants_more(statement: Statement) -> bool:
    """Whether an Allow asks for a fixed external ID or one's own organization, or for MFA, as only people have it."""
    if any(one.key == "aws:multifactorauthpresent" and _is_true(one) for one in statement.conditions):
        return True
    return any(
        condition.narrows
        if condition.key in ORGANIZATION
        else condition.key == "sts:externalid"
        and _must_match(condition)
        and not any(map(OPEN.search, condition.values))
        for condition in statement.conditions
    )


def _is_true(condition: Condition) -> bool:
    return condition.operator == "bool" and not condition.if_exists and {*condition.values} == {"true"}


def _must_match(condition: Condition) -> bool:
    """Whether the key must be there and have one of the values."""
    loose = condition.if_exists or condition.quantifier == "forallvalues"
    return condition.operator in MATCHES and bool(condition.values) and not loose
