"""Amazon GuardDuty: whether it watches a region, who administers it, and what it tells of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from checks.iam_roles import organization
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
    now,
)

if TYPE_CHECKING:
    from types_boto3_guardduty.type_defs import FindingTypeDef as Finding
    from types_boto3_guardduty.type_defs import GetDetectorResponseTypeDef as Detector

UPDATE = "guardduty:UpdateDetector"
SAMPLE = "[SAMPLE]"
"""How titles of findings begin that somebody had made to look at."""

STANDS = "Enabled"
"""What AWS calls the relationship with an administrator account that nobody has ended.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Administrator.html"""

HIGH = 7
"""https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html"""


class Detection(TypedDict):
    """GuardDuty in one region: one detector, or none. `ids`: of the detectors, in the same order."""

    detectors: list[Detector]
    ids: list[str]


class Administration(TypedDict):
    """Who administers GuardDuty. `organization`: whether the account is in one, `manages`: and manages it."""

    organization: bool
    manages: bool
    administrators: list[str]


class Watch(TypedDict):
    """Findings of high severity that nobody has archived, of one detector."""

    detector_id: str
    findings: list[Finding]


@collector("guardduty:ListDetectors", "guardduty:GetDetector", arn=ACCOUNT_ARN, name="{region}")
def detection(aws: Aws) -> Iterator[Detection]:
    ids = list(aws.items("guardduty:ListDetectors", "DetectorIds"))
    yield {"detectors": [aws.call("guardduty:GetDetector", DetectorId=id) for id in ids], "ids": ids}


@collector(
    "guardduty:ListFindings",
    "guardduty:GetFindings",
    arn="arn:{partition}:guardduty:{region}:{account}:detector/{detector_id}",
    name="{region}",
    needs=(detection,),
)
def watches(aws: Aws) -> Iterator[Watch]:
    """Of every detector that is on. GetFindings takes 50 at a time."""
    [found] = aws.read(detection)
    wanted = {
        "accountId": {"Equals": [aws.account]},  # an administrator account would see its members' as well
        "service.archived": {"Equals": ["false"]},
        "severity": {"GreaterThanOrEqual": HIGH},
    }
    open_ones = {"Criterion": wanted}
    for id, detector in zip(found["ids"], found["detectors"], strict=True):
        if detector["Status"] == "ENABLED":
            finding_ids = aws.items("guardduty:ListFindings", "FindingIds", DetectorId=id, FindingCriteria=open_ones)
            yield {"detector_id": id, "findings": _whole(aws, id, list(finding_ids))}


def _whole(aws: Aws, detector: str, ids: Sequence[str]) -> list[Finding]:
    batches = [ids[start : start + 50] for start in range(0, len(ids), 50)]

    def read(batch: Sequence[str]) -> list[Finding]:
        found: list[Finding] = aws.call("guardduty:GetFindings", DetectorId=detector, FindingIds=batch)["Findings"]
        return found

    return [finding for page in aws.each(read, batches) for finding in page]


@collector(
    "guardduty:ListOrganizationAdminAccounts",
    arn=ACCOUNT_ARN,
    name="{region}",
    needs=(organization,),
)
def administration(aws: Aws) -> Iterator[Administration]:
    """Only the management account of an organization may ask who administers."""
    management = next((found["MasterAccountId"] for found in aws.read(organization)), "")
    manages = management == aws.account
    found = aws.items("guardduty:ListOrganizationAdminAccounts", "AdminAccounts") if manages else iter(())
    enabled = [one["AdminAccountId"] for one in found if one.get("AdminStatus", "ENABLED") == "ENABLED"]
    yield {"organization": bool(management), "manages": manages, "administrators": enabled}


@extra("guardduty:GetAdministratorAccount", "guardduty:ListMembers", needs=(organization,))
def central(aws: Aws, detection: Detection) -> str:
    """How the detector is part of something greater: "alone", "member", "administrator"; empty without organization."""
    if not aws.read(organization) or not detection["ids"]:
        return ""
    id = detection["ids"][0]
    above = aws.call("guardduty:GetAdministratorAccount", DetectorId=id).get("Administrator", {})
    if above and above.get("RelationshipStatus", STANDS) == STANDS:
        return "member"
    members = aws.items("guardduty:ListMembers", "Members", DetectorId=id, OnlyAssociated="true")
    return "alone" if next(members, None) is None else "administrator"


@check(detection, practice=Practice.MONITORING, severity=Severity.HIGH)
def region_has_guardduty(detection: Detection) -> Verdict:
    """GuardDuty watches the region.

    It reads CloudTrail, DNS and network logs and tells of stolen credentials, mining and calls to known bad hosts.

    Fix: Enable GuardDuty in the region, best for the whole organization. It costs money by the amount of logs.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_settingup.html
    """
    if not detection["detectors"]:
        return "has no GuardDuty detector"
    return expect(any(one["Status"] == "ENABLED" for one in detection["detectors"]), "has GuardDuty suspended")


@fix(region_has_guardduty, "guardduty:CreateDetector", UPDATE, risk=Risk.SAFE)
def enable_guardduty(detection: Detection) -> Plan:
    """Turn GuardDuty on in the region.

    Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html
    """
    notes = ["It costs money by the amount of events and logs; the first 30 days in a region are free."]
    if not detection["ids"]:
        notes += ["Protection plans are on at first, but for Runtime Monitoring."]
        notes += ["There is no undo, as AWS names the detector only then: suspend it in GuardDuty's settings."]
        do, undo, was = [Call("guardduty:CreateDetector", {"Enable": True})], [], "off"
    else:
        id, on = detection["ids"][0], detection["detectors"][0]["Status"] == "ENABLED"
        do, undo = ([Call(UPDATE, {"DetectorId": id, "Enable": enable})] for enable in (True, on))
        was = "on" if on else "suspended"
    return Plan(do=do, undo=undo, before={"GuardDuty": was}, after={"GuardDuty": "on"}, notes=notes)


@check(detection, central, practice=Practice.MONITORING, severity=Severity.LOW)
def detector_is_managed_centrally(detection: Detection, central: str) -> Verdict:
    """GuardDuty is managed for the whole organization.

    An administrator account sees the findings of all, and keeps people in one account from turning GuardDuty off.

    Fix: Add the account as a member in the organization's GuardDuty administrator account, in every region.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_organizations.html
    """
    switched_on(detection)
    if not central:
        raise NotApplicable("the account is in no organization")
    return expect(central != "alone", "has a GuardDuty that no administrator account sees")


@check(administration, practice=Practice.MONITORING, severity=Severity.LOW)
def organization_delegates_guardduty(administration: Administration) -> Verdict:
    """The organization has a GuardDuty administrator account.

    Security people then work in an account of their own, not in the one that may do everything.

    Fix: In the management account, name a delegated administrator for GuardDuty, in every region.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_organizations.html
    """
    if not administration["manages"]:
        where = "another account manages it" if administration["organization"] else "the account is in no organization"
        raise NotApplicable(where)
    return expect(administration["administrators"], "has no GuardDuty administrator account")


@check(watches, now, practice=Practice.MONITORING, severity=Severity.HIGH)
def high_severity_findings_are_dealt_with(watch: Watch, now: datetime, *, days: int = 2) -> Verdict:
    """GuardDuty's findings of high severity are dealt with.

    High severity means that something is being attacked, or was taken over, now; each day open is one more for them.

    Fix: Look into each, end what it shows, then archive it.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings.html
    """
    real = [one for one in watch["findings"] if not one.get("Title", "").startswith(SAMPLE)]
    ages = sorted(((now - datetime.fromisoformat(one["CreatedAt"])).days, one["Type"]) for one in real)
    old = [(age, kind) for age, kind in ages if age >= days]
    if not old:
        return None
    age, kind = old[-1]
    several = f"{len(old)} GuardDuty findings" if len(old) > 1 else "a GuardDuty finding"
    return f"has {several} of high severity open for {days} days or more, the oldest for {age} days ({kind})"


def switched_on(detection: Detection) -> Detector:
    """The detector that is on. Raises NotApplicable: another check tells of a region without one."""
    for one in detection["detectors"]:
        if one["Status"] == "ENABLED":
            return one
    raise NotApplicable("GuardDuty is off there: another check tells of it")
