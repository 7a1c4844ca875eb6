"""The account's password policy, and whether somebody can open a support case."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

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
    fix,
)

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import PasswordPolicyTypeDef as PasswordPolicy
    from types_boto3_iam.type_defs import PolicyRoleTypeDef as PolicyRole

LENGTH = 14
REUSE = 24

COMPOSITION = ("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters")
SETTINGS = (
    "MinimumPasswordLength",
    *COMPOSITION,
    "AllowUsersToChangePassword",
    "MaxPasswordAge",
    "PasswordReusePrevention",
    "HardExpiry",
)
"""What iam:UpdateAccountPasswordPolicy takes. It replaces the whole policy: what is left out goes back to its default.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html"""

AWS_DEFAULT: Mapping[str, Any] = {"MinimumPasswordLength": 8} | dict.fromkeys(COMPOSITION, True)
"""A policy no weaker than the one AWS applies where none is set: 8 characters, three of four kinds.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html"""


@collector("iam:GetAccountPasswordPolicy", arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT)
def password_policy(aws: Aws) -> Iterator[PasswordPolicy]:
    """The policy; empty when none is set."""
    yield aws.call("iam:GetAccountPasswordPolicy", absent="NoSuchEntity").get("PasswordPolicy", {})


@check(password_policy, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def password_policy_wants_length(policy: PasswordPolicy, *, length: int = LENGTH) -> Verdict:
    """Password policy wants long passwords.

    Length is what makes a password hard to guess; eight characters are tried through in hours.

    Fix: Set the minimum length of IAM passwords to 14 or more.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
    """
    if not policy:
        return "has no password policy, so 8 characters are enough"
    wanted = policy["MinimumPasswordLength"]
    return expect(wanted >= length, f"accepts passwords of {wanted} characters")


@check(password_policy, practice=Practice.PASSWORDS, severity=Severity.LOW)
def password_policy_prevents_reuse(policy: PasswordPolicy, *, passwords: int = REUSE) -> Verdict:
    """Password policy prevents reuse.

    A user who must change a leaked password should not be able to go back to it.

    Fix: Let IAM remember the last 24 passwords.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
    """
    if not policy:
        return "has no password policy, so old passwords can be used again"
    remembered = policy.get("PasswordReusePrevention", 0)
    return expect(remembered >= passwords, f"remembers {remembered or 'no'} earlier passwords")


KINDS: Mapping[str, str] = {
    "uppercase": "RequireUppercaseCharacters",
    "lowercase": "RequireLowercaseCharacters",
    "number": "RequireNumbers",
    "symbol": "RequireSymbols",
}
EVERY_KIND = tuple(KINDS)
AGE = 90


@check(password_policy, practice=Practice.PASSWORDS, severity=Severity.LOW)
def password_policy_wants_all_kinds(policy: PasswordPolicy, *, kinds: tuple[str, ...] = EVERY_KIND) -> Verdict:
    """Password policy wants all kinds of characters.

    Passwords of letters only are the first that are tried. Length counts for more; some standards ask for both.

    Fix: Require uppercase and lowercase letters, numbers and symbols in IAM passwords.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-7
    """
    if not policy:
        return "has no password policy, so three kinds of characters out of four are enough"
    missing = [kind for kind in kinds if not policy.get(KINDS[kind])]
    return expect(not missing, f"accepts passwords without a character of kind: {', '.join(missing)}")


@check(password_policy, practice=Practice.PASSWORDS, severity=Severity.LOW)
def password_policy_expires_passwords(policy: PasswordPolicy, *, days: int = AGE) -> Verdict:
    """Password policy lets passwords expire.

    PCI DSS and older CIS benchmarks ask for it, to end the use of a stolen password. NIST now advises against it: turn
    this check off where no standard of yours asks.

    Fix: Let IAM passwords expire after 90 days or fewer, and leave it to users to set the next one.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-10
    """
    age = policy.get("MaxPasswordAge", 0)
    if not age:
        return "lets passwords live for ever"
    return expect(age <= days, f"lets passwords live for {age} days")


CALLS = ("iam:UpdateAccountPasswordPolicy", "iam:DeleteAccountPasswordPolicy")


@fix(password_policy_wants_length, *CALLS, risk=Risk.SAFE)
def want_length(policy: PasswordPolicy, *, length: int = LENGTH) -> Plan:
    """Raise the minimum length of IAM passwords."""
    return _change(policy, {"MinimumPasswordLength": max(length, policy.get("MinimumPasswordLength", 0))})


@fix(password_policy_prevents_reuse, *CALLS, risk=Risk.SAFE)
def prevent_reuse(policy: PasswordPolicy, *, passwords: int = REUSE) -> Plan:
    """Let IAM remember earlier passwords."""
    return _change(policy, {"PasswordReusePrevention": max(passwords, policy.get("PasswordReusePrevention", 0))})


@fix(password_policy_wants_all_kinds, *CALLS, risk=Risk.SAFE)
def want_all_kinds(policy: PasswordPolicy, *, kinds: tuple[str, ...] = EVERY_KIND) -> Plan:
    """Require more kinds of characters in IAM passwords."""
    return _change(policy, {KINDS[kind]: True for kind in kinds})


@fix(password_policy_expires_passwords, *CALLS, risk=Risk.CUTS_ACCESS)
def let_expire(policy: PasswordPolicy, *, days: int = AGE) -> Plan:
    """Let IAM passwords expire."""
    if policy.get("HardExpiry"):
        raise NotApplicable("with hard expiry on, users with older passwords would be locked out")
    note = f"Whoever has a password older than {days} days must set a new one at the next sign-in."
    return _change(policy, {"MaxPasswordAge": min(days, policy.get("MaxPasswordAge") or days)}, note)


def _change(policy: PasswordPolicy, to: Mapping[str, int | bool], *more: str) -> Plan:
    """The policy with some settings made stricter and everything else kept."""
    # Zero, false and absent are all the default, and zero may not be sent.
    earlier: dict[str, Any] = {key: value for key, value in policy.items() if key in SETTINGS and value}
    later = {**(earlier or AWS_DEFAULT), **to}  # what is fixed still tells if it drifts
    notes = [*more] or ["Passwords in use stay valid; the rule holds from each user's next change."]
    if policy:
        back = Call("iam:UpdateAccountPasswordPolicy", earlier)
    else:
        back = Call("iam:DeleteAccountPasswordPolicy", {})
        notes.append(
            "There was no policy: the new one also asks for all four kinds of characters; AWS asked for three."
        )
    return Plan(
        do=[Call("iam:UpdateAccountPasswordPolicy", later)],
        undo=[back],
        before={key: _word(earlier.get(key)) if policy else "not set" for key in SETTINGS},
        after={key: _word(later.get(key)) for key in SETTINGS},
        notes=notes,
    )


def _word(value: bool | int | None) -> str:
    if isinstance(value, bool) or not value:
        return "on" if value else "off"
    return str(value)


class Access(TypedDict):
    """The roles that hold one of AWS's policies, and what a new role is made of."""

    account_id: str
    policy: str
    roles: list[PolicyRole]


@collector("iam:ListEntitiesForPolicy", arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT)
def support_access(aws: Aws) -> Iterator[Access]:
    """The roles that may open support cases."""
    yield _holding(aws, "AWSSupportAccess")


@collector("iam:ListEntitiesForPolicy", arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT)
def audit_access(aws: Aws) -> Iterator[Access]:
    """The roles that may look at every setting that matters for security."""
    yield _holding(aws, "SecurityAudit")


def _holding(aws: Aws, name: str) -> Access:
    policy = f"arn:{aws.partition}:iam::aws:policy/{name}"
    roles = aws.items("iam:ListEntitiesForPolicy", "PolicyRoles", PolicyArn=policy, EntityFilter="Role")
    return {"account_id": aws.account, "policy": policy, "roles": list(roles)}


@check(support_access, practice=Practice.ROLES, severity=Severity.LOW)
def account_has_support_role(access: Access) -> Verdict:
    """Account has a role for AWS Support.

    In an incident somebody must be able to open a case with AWS without being an administrator or root.

    Fix: Attach the policy AWSSupportAccess to a role that those who handle incidents may assume.
    See: https://docs.aws.amazon.com/awssupport/latest/user/accessing-support.html
    """
    return expect(access["roles"], "has no role with AWSSupportAccess")


@check(audit_access, practice=Practice.ROLES, severity=Severity.LOW)
def account_has_audit_role(access: Access) -> Verdict:
    """Account has a role for those who review security.

    Who only has to look should not need a role that can change things or read data.

    Fix: Attach the policy SecurityAudit to a role that those who review the account may assume.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
    """
    return expect(access["roles"], "has no role with SecurityAudit")


ROLE_CALLS = ("iam:CreateRole", "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRole")


@fix(account_has_support_role, *ROLE_CALLS, risk=Risk.SAFE)
def add_support_role(access: Access) -> Plan:
    """Create a role that may open support cases."""
    return _new_role(access, "support-access")


@fix(account_has_audit_role, *ROLE_CALLS, risk=Risk.SAFE)
def add_audit_role(access: Access) -> Plan:
    """Create a role that may look at security settings."""
    return _new_role(access, "security-audit")


def _new_role(access: Access, name: str) -> Plan:
    """A role that whoever in the account may assume roles can take, with MFA."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{access['policy'].split(':')[1]}:iam::{access['account_id']}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            }
        ],
    }
    attached = {"RoleName": name, "PolicyArn": access["policy"]}
    return Plan(
        do=[
            Call("iam:CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trust)}),
            Call("iam:AttachRolePolicy", attached),
        ],
        undo=[Call("iam:DetachRolePolicy", attached), Call("iam:DeleteRole", {"RoleName": name})],
        before={access["policy"]: ", ".join(role["RoleName"] for role in access["roles"]) or "no role"},
        after={access["policy"]: name},
        notes=[
            "Whoever in this account is allowed sts:AssumeRole on the role, and signed in with MFA, can take it.",
            f"If there is a role named {name} already, AWS refuses and nothing changes.",
        ],
    )
