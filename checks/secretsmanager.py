"""AWS Secrets Manager secrets."""

from __future__ import annotations

from typing import TypedDict

from checks.kit import Collector, NotApplicable, Practice, Severity, Verdict, check, collect, expect


class Secret(TypedDict, total=False):
    """What is read of a secret's entry in the list."""

    ARN: str
    Name: str
    RotationEnabled: bool
    OwningService: str
    PrimaryRegion: str


secrets: Collector[Secret] = collect("secretsmanager:ListSecrets", "SecretList", arn="{ARN}", name="{Name}")


@check(secrets, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def secret_rotates(secret: Secret) -> Verdict:
    """A secret is renewed automatically.

    A password that never changes stays useful to whoever once saw it.

    Fix: Turn on rotation: AWS has rotation functions for its databases, and anything else takes a Lambda of yours.
    See: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
    """
    if secret.get("OwningService"):
        raise NotApplicable(f"{secret['OwningService']} owns it and rotates it")
    if secret.get("PrimaryRegion", secret["ARN"].split(":")[3]) != secret["ARN"].split(":")[3]:
        raise NotApplicable("it is a replica, renewed with its primary in another region")
    return expect(secret.get("RotationEnabled"), "is never renewed automatically")
