"""AWS Secrets Manager secrets. What is read of them is about them: never a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict

from checks import documents
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collect,
    extra,
    fix,
    now,
)
from checks.outsiders import lets_in_outsiders, outsiders
from checks.policy_edits import close, shut_out


class Secret(TypedDict, total=False):
    """What is read of a secret's entry in the list."""

    ARN: str
    Name: str
    RotationEnabled: bool
    RotationLambdaARN: str
    RotationRules: dict[str, Any]
    NextRotationDate: datetime
    LastAccessedDate: datetime
    CreatedDate: datetime
    OwningService: str
    PrimaryRegion: str


secrets: Collector[Secret] = collect("secretsmanager:ListSecrets", "SecretList", arn="{ARN}", name="{Name}")


A_DAY = timedelta(days=1)
"""How long after its date a renewal may still be on its way: a rotation's window ends within a day."""


@extra("secretsmanager:ListSecretVersionIds")
def current_since(aws: Aws, secret: Secret) -> datetime | None:
    """Since when the secret has the value it has; None: it has none yet."""
    for version in aws.items("secretsmanager:ListSecretVersionIds", "Versions", SecretId=secret["ARN"]):
        if "AWSCURRENT" in version.get("VersionStages", []):
            made: datetime = version["CreatedDate"]
            return made
    return None


@extra("secretsmanager:GetResourcePolicy")
def policy(aws: Aws, secret: Secret) -> str:
    return str(aws.call("secretsmanager:GetResourcePolicy", SecretId=secret["ARN"]).get("ResourcePolicy", ""))


def _must_be_ours_to_renew(secret: Secret) -> None:
    if secret.get("OwningService"):
        raise NotApplicable(f"{secret['OwningService']} owns it")
    if _is_replica(secret):
        raise NotApplicable("it is a replica, renewed with its primary in another region")


def _is_replica(secret: Secret) -> bool:
    return secret.get("PrimaryRegion", secret["ARN"].split(":")[3]) != secret["ARN"].split(":")[3]


@check(secrets, now, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def secret_rotates(secret: Secret, now: datetime) -> Verdict:
    """A secret is renewed automatically.

    A password that never changes stays useful to whoever once saw it.

    Fix: Turn on rotation: AWS has rotation functions for its databases, and anything else takes a Lambda of yours.
    Where renewals fail, the log of the rotation function says why.
    See: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
    """
    _must_be_ours_to_renew(secret)
    if not secret.get("RotationEnabled"):
        return "is never renewed automatically"
    due = secret.get("NextRotationDate", now)  # in the past when renewals fail
    return f"should have been renewed by {due:%Y-%m-%d}" if now - due > A_DAY else None


@fix(secret_rotates, "secretsmanager:RotateSecret", "secretsmanager:CancelRotateSecret", risk=Risk.SAFE)
def rotate(secret: Secret, now: datetime) -> Plan:
    """Turn rotation on again, with the function and schedule it had."""
    function, rules = secret.get("RotationLambdaARN", ""), secret.get("RotationRules", {})
    if secret.get("RotationEnabled") or not function or not rules:
        raise NotApplicable("no function that could renew it is known")
    wanted = {"SecretId": secret["ARN"], "RotationLambdaARN": function, "RotationRules": rules}
    return Plan(
        do=[Call("secretsmanager:RotateSecret", wanted | {"RotateImmediately": False})],
        undo=[Call("secretsmanager:CancelRotateSecret", {"SecretId": secret["ARN"]})],
        before={"rotation": "off", "function": function},
        after={"rotation": _rhythm(rules), "function": function},
        notes=[
            "The value stays until the next date of the rotation; AWS only tries the function.",
            "Programs must fetch the secret when they need it: whoever keeps a copy is locked out at the next renewal.",
        ],
    )


def _rhythm(rules: dict[str, Any]) -> str:
    if "ScheduleExpression" in rules:
        return str(rules["ScheduleExpression"])
    return f"every {rules.get('AutomaticallyAfterDays')} days"


@check(secrets, current_since, now, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def secret_was_renewed(secret: Secret, since: datetime | None, now: datetime, *, days: int = 90) -> Verdict:
    """The value of a secret is younger than 90 days.

    Whoever saw a value, a person who left or a program's log, can use it until it changes.

    Fix: Renew the value where it is used and in the secret, or turn on rotation.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html#secretsmanager-4
    """
    _must_be_ours_to_renew(secret)
    if since is None:
        raise NotApplicable("it has no value yet")
    age = (now - since).days
    return f"has had the same value for {age} days" if age > days else None


@check(secrets, now, practice=Practice.PASSWORDS, severity=Severity.LOW)
def secret_is_used(secret: Secret, now: datetime, *, days: int = 90) -> Verdict:
    """A secret was read in the last 90 days.

    What nobody reads any more still opens a door, and costs money every month.

    Fix: Ask its owner; then delete it with a recovery window, and take away what it opens.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html#secretsmanager-3
    """
    if secret.get("OwningService"):
        raise NotApplicable(f"{secret['OwningService']} owns it")
    if _is_replica(secret):
        raise NotApplicable("it is a replica, kept for the day its primary's region fails")
    made = secret.get("CreatedDate")
    if made is None:
        raise Unknown("AWS does not say when it was made")
    read = secret.get("LastAccessedDate")
    if read is None and (now - made).days <= days:
        raise NotApplicable(f"it is not {days} days old yet")
    if read is None:
        return "was never read"
    idle = (now - read).days
    return f"was last read {idle} days ago" if idle > days else None


@check(secrets, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def secret_is_not_public(secret: Secret, policy: str) -> Verdict:
    """Secret's resource policy lets in nobody from outside.

    Everyone with any AWS account could read the secret, or change who may.

    Fix: Name the roles that need the secret in its policy, or remove the policy. Then renew the value.
    See: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
    """
    return documents.opens_to_everyone(policy)


@fix(
    secret_is_not_public,
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:DeleteResourcePolicy",
    risk=Risk.CUTS_ACCESS,
)
def close_secret(secret: Secret, policy: str) -> Plan:
    """Take the statements that let everyone in out of the secret's policy."""
    return close(policy, *_policy_calls(secret), ["Renew the value afterwards: strangers may have read it."])


def _policy_calls(secret: Secret) -> tuple[Callable[[str], Call], Call]:
    """What stores a policy, and what takes it off."""
    which = {"SecretId": secret["ARN"]}
    gone = Call("secretsmanager:DeleteResourcePolicy", which)
    return lambda text: Call("secretsmanager:PutResourcePolicy", which | {"ResourcePolicy": text}), gone


@check(secrets, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def secret_lets_in_only_trusted_accounts(
    secret: Secret, policy: str, *, trusted_accounts: Sequence[str] = ()
) -> Verdict:
    """Secret is shared with no account you do not trust.

    One stolen credential over there is enough to read your secret, and your records do not show whose.

    Fix: Take the account out of the secret's policy, or name it in trusted_accounts if it is yours or a partner's.
    See: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
    """
    return lets_in_outsiders(policy, secret["ARN"].split(":")[4], trusted_accounts)


@fix(secret_lets_in_only_trusted_accounts, *close_secret.calls, risk=Risk.CUTS_ACCESS)
def stop_sharing(secret: Secret, policy: str, *, trusted_accounts: Sequence[str] = ()) -> Plan:
    """Take accounts that are not trusted out of the secret's policy."""
    own = secret["ARN"].split(":")[4]
    notes = ["Renew the value afterwards: they keep the one that they read."]
    return shut_out(policy, lambda text: outsiders(text, own, trusted_accounts), *_policy_calls(secret), notes)
