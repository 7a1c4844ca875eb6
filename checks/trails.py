"""AWS CloudTrail, one trail at a time: that it runs, delivers, and leaves nothing out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from checks import cloudtrail, s3, s3_acls
from checks.cloudtrail import (
    TrailBucket,
    Watch,
    lacks_reach,
    seen_from_home,
    selectors,
    status,
    trail_buckets,
    trails,
    watch,
)
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
    expect,
    extra,
    fix,
)
from checks.trail_selectors import left_out, with_all_management

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import TrailTypeDef as Trail
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket
    from types_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef as Block

OF_ALL = "It is the organization's trail: it changes for every member account."


class Exposure(TypedDict):
    """All that decides who gets into a bucket."""

    policy: str
    acl: s3_acls.Acl
    block: Block
    around: s3.Surroundings


@extra(needs=(seen_from_home,))
def everywhere(aws: Aws, trail: Trail) -> list[str]:
    """The names of the trails that cover all regions, as they show in this one too. Not asked of one that does."""
    if trail.get("IsMultiRegionTrail"):
        return [trail["Name"]]
    return [one["Name"] for one in aws.read(seen_from_home) if one.get("IsMultiRegionTrail")]


@extra(needs=(trails,))
def keys_of_its_bucket(aws: Aws, trail: Trail) -> list[str]:
    """The KMS keys with which other trails write into the same bucket."""
    others = [one for one in aws.read(trails) if one["S3BucketName"] == trail["S3BucketName"]]
    return sorted({one["KmsKeyId"] for one in others if one.get("KmsKeyId")})


@extra("cloudtrail:GetInsightSelectors")
def insights(aws: Aws, account: Watch) -> dict[str, list[str] | str]:
    """What unusual activity each trail of all regions tells of, by its ARN; text: why that could not be read."""
    found: dict[str, list[str] | str] = {}
    for one in account["trails"]:
        arn = one["trail"]["TrailARN"]
        if lacks_reach(one) and not one["unread"]:
            continue
        try:
            there = aws.at(one["trail"]["HomeRegion"])
            got = there.call("cloudtrail:GetInsightSelectors", TrailName=arn, absent="InsightNotEnabledException")
            found[arn] = [kind["InsightType"] for kind in got.get("InsightSelectors", [])]
        except Unknown as reason:
            found[arn] = str(reason)
    return found


@extra(
    *(call for one in (s3.policy, s3_acls.acl, s3.public_access_block, s3.website) for call in one.calls),
    needs=(s3.account_settings,),
)
def exposure(aws: Aws, bucket: TrailBucket) -> Exposure:
    which: Bucket = {"Name": bucket["name"]}
    there = aws.at(bucket["region"])
    try:
        return {
            "policy": s3.policy.read(there, which),
            "acl": s3_acls.acl.read(there, which),
            "block": s3.public_access_block.read(there, which),
            "around": {
                "website": s3.website.read(there, which),
                "account_block": s3.account_block.read(aws, which),
            },
        }
    except Unknown as reason:
        if bucket["ours"]:
            raise
        raise Unknown("the bucket belongs to another account and cannot be read from here: look there") from reason


@check(trails, status, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def trail_logs(trail: Trail, status: Mapping[str, Any]) -> Verdict:
    """Trail is logging.

    A trail that was stopped still stands in every list, and records nothing.

    Fix: Find out who stopped it and why, then start logging, or delete the trail.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
    """
    stopped = status.get("StopLoggingTime")
    since = f" since {stopped:%Y-%m-%d}" if stopped else ""
    return expect(status["IsLogging"], f"has not been logging{since}")


@fix(trail_logs, "cloudtrail:StartLogging", risk=Risk.SAFE)
def start_logging(trail: Trail, status: Mapping[str, Any]) -> Plan:
    """Start logging."""
    notes = ["There is no undo: a bot that may stop trails would be a danger of its own. Stop it by hand."]
    return Plan(
        do=[Call("cloudtrail:StartLogging", {"Name": trail["TrailARN"]})],
        undo=[],
        before={"logging": "on" if status["IsLogging"] else "off"},
        after={"logging": "on"},
        notes=[*notes, "AWS bills management events that a second trail records, and all data events."],
    )


@check(trails, status, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def trail_delivers_its_log_files(trail: Trail, status: Mapping[str, Any]) -> Verdict:
    """Trail's log files arrive in its bucket.

    When the bucket is gone, or closed to CloudTrail, the trail still says that it logs, and its files are lost.

    Fix: Make the bucket again or mend its policy, and the policy of the trail's KMS key.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    if not status["IsLogging"]:
        raise NotApplicable("it does not log")
    files, digests = status.get("LatestDeliveryError"), status.get("LatestDigestDeliveryError")
    if files:
        return f"cannot deliver its log files to {trail['S3BucketName']} ({files})"
    return f"cannot deliver the digests of its log files ({digests})" if digests else None


@check(trails, selectors, practice=Practice.MONITORING, severity=Severity.LOW)
def trail_records_all_management_events(trail: Trail, selectors: Mapping[str, Any]) -> Verdict:
    """Trail leaves no management events out.

    Reads that go unrecorded hide who looked around; events of KMS and the RDS Data API are who decrypted and queried.

    Fix: Let the trail record management events of both kinds, and exclude no service.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    missing = left_out(selectors)
    if missing == "":
        raise NotApplicable("it is there for other events")
    return f"leaves out {missing}" if missing else None


@fix(trail_records_all_management_events, "cloudtrail:PutEventSelectors", risk=Risk.SAFE)
def record_all_management_events(trail: Trail, selectors: Mapping[str, Any]) -> Plan:
    """Record all management events, and the rest as before."""
    kinds = ("EventSelectors", "AdvancedEventSelectors")
    had = {kind: selectors[kind] for kind in kinds if selectors.get(kind)}
    before = {"event selectors": json.dumps(had, sort_keys=True)}
    if not left_out(selectors):
        raise NotApplicable("it leaves no management events out", before)
    wanted = with_all_management(selectors)

    def put(chosen: Mapping[str, Any]) -> Call:
        return Call("cloudtrail:PutEventSelectors", {"TrailName": trail["TrailARN"]} | dict(chosen))

    return Plan(
        do=[put(wanted)],
        undo=[put(had)],
        before=before,
        after={"event selectors": json.dumps(wanted, sort_keys=True)},
        notes=[
            "The first copy of management events in a region is free; AWS bills them in every further trail.",
            *([OF_ALL] if trail.get("IsOrganizationTrail") else []),
        ],
    )


@check(trails, everywhere, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def trail_covers_all_regions(trail: Trail, everywhere: Sequence[str]) -> Verdict:
    """Trail covers all regions.

    An intruder works where nobody looks: in a region that no trail covers.

    Fix: Make it a multi-Region trail. Regions that are enabled later are then covered too.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-multi-region-trails.html
    """
    others = [name for name in everywhere if name != trail["Name"]]
    if not trail.get("IsMultiRegionTrail") and others:
        raise NotApplicable(f"trail {others[0]} covers all regions")
    return expect(trail.get("IsMultiRegionTrail"), "covers one region, and no other trail covers all")


@fix(trail_covers_all_regions, "cloudtrail:UpdateTrail", risk=Risk.SAFE)
def cover_all_regions(trail: Trail, everywhere: Sequence[str]) -> Plan:
    """Make it a trail of all regions."""
    if everywhere:
        raise NotApplicable("a trail covers all regions")

    def update(*, everywhere: bool, services: bool) -> Call:
        what = {"IsMultiRegionTrail": everywhere, "IncludeGlobalServiceEvents": services}
        return Call("cloudtrail:UpdateTrail", {"Name": trail["TrailARN"]} | what)

    return Plan(
        do=[update(everywhere=True, services=True)],  # AWS takes the first only with the second
        undo=[update(everywhere=False, services=trail.get("IncludeGlobalServiceEvents", False))],
        before={"regions": f"{trail['HomeRegion']} only"},
        after={"regions": "all"},
        notes=[
            "Regions that have a trail of their own record management events twice then, which AWS bills.",
            *([OF_ALL] if trail.get("IsOrganizationTrail") else []),
        ],
    )


@fix(cloudtrail.trail_is_encrypted_with_kms, "cloudtrail:UpdateTrail", risk=Risk.SAFE, reads=(keys_of_its_bucket,))
def encrypt_with_the_key_of_its_bucket(trail: Trail, keys: Sequence[str]) -> Plan:
    """Encrypt the log files with the key of the bucket's other trail."""
    if trail.get("KmsKeyId") or len(keys) != 1:
        raise NotApplicable("which key it should use is not known: no other trail, or several, write into its bucket")

    def key(id: str) -> Call:
        return Call("cloudtrail:UpdateTrail", {"Name": trail["TrailARN"], "KmsKeyId": id})

    return Plan(
        do=[key(keys[0])],
        undo=[key("")],
        before={"KMS key": "none"},
        after={"KMS key": keys[0]},
        notes=[
            "Whoever reads the log files needs to be allowed to decrypt with the key.",
            "CloudTrail refuses, and changes nothing, if the key's policy does not let this trail use it.",
            *([OF_ALL] if trail.get("IsOrganizationTrail") else []),
        ],
    )


@check(watch, insights, practice=Practice.MONITORING, severity=Severity.LOW)
def account_notices_unusual_calls(account: Watch, insights: Mapping[str, list[str] | str]) -> Verdict:
    """A trail tells of unusual activity.

    CloudTrail Insights learn how often each call is made and fails, and tell of bursts: somebody trying things out.

    Fix: Turn on Insights of API call rate and error rate on a trail of all regions. AWS bills them by events analyzed.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
    """
    if any(kinds for kinds in insights.values() if not isinstance(kinds, str)):
        return None
    for one in account["trails"]:
        reason = insights.get(one["trail"]["TrailARN"], [])
        if isinstance(reason, str):
            raise Unknown(f"whether trail {one['trail']['Name']} looks for unusual activity: {reason}")
    return "has no trail of all regions that looks for unusual activity"


@check(trail_buckets, exposure, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def bucket_is_not_public(bucket: TrailBucket, exposure: Exposure) -> Verdict:
    """A trail's bucket lets in nobody from outside.

    The log files tell a stranger who works in the account, with what, and which mistakes nobody noticed.

    Fix: Turn on Block Public Access of the bucket and take public statements out of its policy.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudtrail-controls.html#cloudtrail-6
    """
    which: Bucket = {"Name": bucket["name"]}
    block, around = exposure["block"], exposure["around"]
    found = s3.bucket_policy_is_not_public.judge(which, exposure["policy"], block, around)
    return found or s3_acls.bucket_acl_is_not_public.judge(which, exposure["acl"], block, around)


@fix(bucket_is_not_public, *s3.block_public_access.calls, risk=Risk.CUTS_ACCESS)
def block_public_access(bucket: TrailBucket, exposure: Exposure) -> Plan:
    """Turn on all four public access blocks of the trail's bucket."""
    if not bucket["ours"]:
        raise NotApplicable("the bucket belongs to another account")
    notes = [
        "CloudTrail goes on writing there: a policy that lets in a service is not public.",
        "Strangers may have read the log files: S3's own log of access to the bucket, if there is one, says who.",
    ]
    return s3.all_on("s3", {"Bucket": bucket["name"]}, exposure["block"], notes)
