"""AWS Secrets Manager secrets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict

from checks.kit import Collector, NotApplicable, Practice, Severity, Verdict, check, collect, now


class Secret(TypedDict, total=False):
    """What is read of a secret's entry in the list."""

    ARN: str
    Name: str
    RotationEnabled: bool
    NextRotationDate: datetime
    OwningService: str
    PrimaryRegion: str


secrets: Collector[Secret] = collect("secretsmanager:ListSecrets", "SecretList", arn="{ARN}", name="{Name}")


A_DAY = timedelta(days=1)
"""How long after its date a renewal may still be on its way: a rotation's window ends within a day."""


@check(secrets, now, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def secret_rotates(secret: Secret, now: datetime) -> Verdict:
    """A secret is renewed automatically.

    A password that never changes stays useful to whoever once saw it.

    Fix: Turn on rotation: AWS has rotation functions for its databases, and anything else takes a Lambda of yours.
    Where renewals fail, the log of the rotation function says why.
    See: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
    """
    if secret.get("OwningService"):
        raise NotApplicable(f"{secret['OwningService']} owns it")
    if secret.get("PrimaryRegion", secret["ARN"].split(":")[3]) != secret["ARN"].split(":")[3]:
        raise NotApplicable("it is a replica, renewed with its primary in another region")
    if not secret.get("RotationEnabled"):
        return "is never renewed automatically"
    due = secret.get("NextRotationDate", now)  # in the past when renewals fail
    return f"should have been renewed by {due:%Y-%m-%d}" if now - due > A_DAY else None
