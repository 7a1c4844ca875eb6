"""The account's password policy, and whether somebody can open a support case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
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


CALLS = ("iam:UpdateAccountPasswordPolicy", "iam:DeleteAccountPasswordPolicy")


@fix(password_policy_wants_length, *CALLS, risk=Risk.SAFE)
def want_length(policy: PasswordPolicy, *, length: int = LENGTH) -> Plan:
    """Raise the minimum length of IAM passwords."""
    return _raise(policy, "MinimumPasswordLength", length)


@fix(password_policy_prevents_reuse, *CALLS, risk=Risk.SAFE)
def prevent_reuse(policy: PasswordPolicy, *, passwords: int = REUSE) -> Plan:
    """Let IAM remember earlier passwords."""
    return _raise(policy, "PasswordReusePrevention", passwords)


def _raise(policy: PasswordPolicy, name: str, to: int) -> Plan:
    """The policy with one number raised and everything else kept."""
    # Zero, false and absent are all the default, and zero may not be sent.
    earlier: dict[str, Any] = {key: value for key, value in policy.items() if key in SETTINGS and value}
    later = {**(earlier or AWS_DEFAULT), name: max(to, earlier.get(name, 0))}  # what is fixed still tells if it drifts
    notes = ["Passwords in use stay valid; the rule holds from each user's next change."]
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


@collector("iam:ListEntitiesForPolicy", arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT)
def support_access(aws: Aws) -> Iterator[Mapping[str, list[PolicyRole]]]:
    """The roles that may open support cases."""
    policy = f"arn:{aws.partition}:iam::aws:policy/AWSSupportAccess"
    roles = aws.items("iam:ListEntitiesForPolicy", "PolicyRoles", PolicyArn=policy, EntityFilter="Role")
    yield {"roles": list(roles)}


@check(support_access, practice=Practice.ROLES, severity=Severity.LOW)
def account_has_support_role(access: Mapping[str, list[PolicyRole]]) -> Verdict:
    """Account has a role for AWS Support.

    In an incident somebody must be able to open a case with AWS without being an administrator or root.

    Fix: Attach the policy AWSSupportAccess to a role that those who handle incidents may assume.
    See: https://docs.aws.amazon.com/awssupport/latest/user/accessing-support.html
    """
    return expect(access["roles"], "has no role with AWSSupportAccess")
