"""Amazon Macie: personal data and secrets in S3 buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from checks import inhabitants
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

OFF = ("AccessDeniedException: Macie is not enabled", "ResourceNotFoundException")
"""What AWS, and an emulator, answer where it is off: only the words tell it from a missing permission."""


class Session(TypedDict):
    """Macie in one region; `status` is empty where it is off, else ENABLED or PAUSED."""

    status: str


@collector("macie2:GetMacieSession", arn=ACCOUNT_ARN, name="{region}")
def sessions(aws: Aws) -> Iterator[Session]:
    yield {"status": aws.call("macie2:GetMacieSession", absent=OFF).get("status", "")}


@extra("macie2:GetAdministratorAccount", "macie2:GetAutomatedDiscoveryConfiguration")
def discovery(aws: Aws, session: Session) -> str:
    """The status of automated discovery; empty where Macie is off, or another account decides."""
    if session["status"] != "ENABLED" or aws.call("macie2:GetAdministratorAccount").get("administrator"):
        return ""
    return str(aws.call("macie2:GetAutomatedDiscoveryConfiguration")["status"])


@check(sessions, inhabitants.has_buckets, practice=Practice.MONITORING, severity=Severity.LOW)
def region_has_macie(session: Session, inhabited: bool) -> Verdict:
    """Macie looks for sensitive data in the region's buckets.

    It tells which buckets hold personal data or credentials, and which of them are shared or open.

    Fix: Enable Macie in the regions that hold buckets. It costs money by the bucket and by the amount it looks at.
    See: https://docs.aws.amazon.com/macie/latest/user/getting-started.html
    """
    if not inhabited:
        raise NotApplicable("the region holds no bucket")
    if session["status"] == "PAUSED":
        return "has Macie paused"
    return expect(session["status"] == "ENABLED", "has Macie off")


@check(sessions, discovery, practice=Practice.MONITORING, severity=Severity.LOW)
def region_discovers_sensitive_data(session: Session, discovery: str) -> Verdict:
    """Macie looks for sensitive data by itself, every day.

    Without automated discovery it looks only into buckets that somebody made a job for.

    Fix: Turn on automated sensitive data discovery in Macie's settings.
    See: https://docs.aws.amazon.com/macie/latest/user/discovery-asdd.html
    """
    if session["status"] != "ENABLED":
        raise NotApplicable("Macie is off there: another check tells of it")
    if not discovery:
        raise NotApplicable("the organization's Macie administrator account decides on it")
    return expect(discovery == "ENABLED", "has automated sensitive data discovery off")


@fix(region_has_macie, "macie2:EnableMacie", "macie2:DisableMacie", "macie2:UpdateMacieSession", risk=Risk.SAFE)
def enable_macie(session: Session, inhabited: bool) -> Plan:
    """Turn Macie on in the region.

    Source: https://docs.aws.amazon.com/macie/latest/APIReference/macie.html
    """
    notes = [
        "It costs money by the bucket and month, and by the amount of data it looks at; the first 30 days are free.",
        "Automated sensitive data discovery may start with it.",
    ]
    if session["status"]:
        update = "macie2:UpdateMacieSession"
        do, undo = (Call(update, {"status": status}) for status in ("ENABLED", session["status"]))
        was = "on" if session["status"] == "ENABLED" else "paused"
    else:
        do, undo, was = Call("macie2:EnableMacie", {"status": "ENABLED"}), Call("macie2:DisableMacie", {}), "off"
        notes.append("Undo turns it off, and Macie deletes all that it found and was told meanwhile.")
    return Plan(do=[do], undo=[undo], before={"Macie": was}, after={"Macie": "on"}, notes=notes)
