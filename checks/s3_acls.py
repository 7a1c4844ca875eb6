"""Access control lists of S3 buckets, the older way to share: whom they let in, and whether they count at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    expect,
    extra,
    fix,
)
from checks.s3 import Surroundings, buckets, public_access_block, surroundings, there

if TYPE_CHECKING:
    from types_boto3_s3.literals import ObjectOwnershipType as Ownership
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket
    from types_boto3_s3.type_defs import GrantTypeDef as Grant
    from types_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef as Block

NO_ACLS = "BucketOwnerEnforced"

GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everyone",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "everyone with an AWS account",
}
"""The predefined groups that are no smaller than the world.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups"""

MEANS = {
    "READ": "list its objects",
    "WRITE": "write objects",
    "READ_ACP": "read its ACL",
    "WRITE_ACP": "change its ACL",
    "FULL_CONTROL": "do everything",
}

CLOUDFRONT = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
"""The canonical user as which CloudFront delivers its standard logs (legacy), which needs ACLs.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html"""


class Acl(TypedDict):
    """A bucket's ACL, and whether it counts. `ownership` is empty where the bucket never chose one."""

    owner: str
    grants: list[Grant]
    ownership: Ownership | str


@extra("s3:GetBucketAcl", "s3:GetBucketOwnershipControls")
def acl(aws: Aws, bucket: Bucket) -> Acl:
    asked = there(aws, bucket)
    got = asked.call("s3:GetBucketAcl", Bucket=bucket["Name"])
    controls = asked.call(
        "s3:GetBucketOwnershipControls", Bucket=bucket["Name"], absent="OwnershipControlsNotFoundError"
    ).get("OwnershipControls", {"Rules": []})
    ownership = next((rule["ObjectOwnership"] for rule in controls["Rules"]), "")
    return {"owner": got["Owner"]["ID"], "grants": got.get("Grants", []), "ownership": ownership}


@check(buckets, acl, public_access_block, surroundings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def bucket_acl_is_not_public(bucket: Bucket, acl: Acl, block: Block, around: Surroundings) -> Verdict:
    """S3 bucket's ACL lets in nobody from outside.

    Everyone on the internet may list the objects, or put their own among them; with WRITE they may delete yours.

    Fix: Take the grants to Everyone and to Authenticated users off the ACL, or disable ACLs on the bucket.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
    """
    if acl["ownership"] == NO_ACLS:
        return None  # S3 keeps no ACLs there
    if block.get("IgnorePublicAcls") or around["account_block"].get("IgnorePublicAcls"):
        return None
    granted = [
        f"lets {GROUPS[uri]} {MEANS[grant['Permission']]}"
        for grant in acl["grants"]
        if (uri := grant["Grantee"].get("URI", "")) in GROUPS
    ]
    site = "; it serves a website: visitors need to read objects, not the ACL's grants" if around["website"] else ""
    return f"{' and '.join(granted)}{site}" if granted else None


@fix(bucket_acl_is_not_public, "s3:PutBucketAcl", risk=Risk.CUTS_ACCESS)
def take_grants_back(bucket: Bucket, acl: Acl, block: Block, around: Surroundings) -> Plan:
    """Take the grants to everyone off the bucket's ACL."""
    kept = [grant for grant in acl["grants"] if grant["Grantee"].get("URI") not in GROUPS]
    if kept == acl["grants"]:
        raise NotApplicable("its ACL grants everyone nothing", {"ACL": _in_words(kept)})

    def put(grants: list[Grant]) -> Call:
        return Call(
            "s3:PutBucketAcl",
            {"Bucket": bucket["Name"], "AccessControlPolicy": {"Owner": {"ID": acl["owner"]}, "Grants": grants}},
        )

    return Plan(
        do=[put(kept)],
        undo=[put(acl["grants"])],
        before={"ACL": _in_words(acl["grants"])},
        after={"ACL": _in_words(kept)},
        notes=[
            "Objects that have public ACLs of their own stay public: Block Public Access or disabling ACLs ends that.",
            "Undo is refused while Block Public Access blocks public ACLs.",
        ],
    )


def _in_words(grants: list[Grant]) -> str:
    to = [(one["Grantee"], one["Permission"]) for one in grants]
    named = [(who.get("URI") or who.get("ID") or who.get("EmailAddress", ""), what) for who, what in to]
    return ", ".join(f"{what} to {GROUPS.get(who, who)}" for who, what in named) or "no grants"


@check(buckets, acl, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def bucket_has_acls_disabled(bucket: Bucket, acl: Acl) -> Verdict:
    """S3 bucket has ACLs disabled.

    With ACLs, each object may be shared by itself, or belong to another account, and no policy shows it.

    Fix: Set Object Ownership to Bucket owner enforced, after moving what ACLs grant into the bucket's policy.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    if acl["ownership"] == NO_ACLS:
        return None
    if any(grant["Grantee"].get("ID") == CLOUDFRONT for grant in acl["grants"]):
        raise NotApplicable("CloudFront delivers its standard logs (legacy) there, by ACL")
    return expect(acl["ownership"] == NO_ACLS, "has ACLs in use: its Object Ownership lets them count")


@fix(
    bucket_has_acls_disabled,
    "s3:PutBucketOwnershipControls",
    "s3:DeleteBucketOwnershipControls",
    risk=Risk.CUTS_ACCESS,
)
def disable_acls(bucket: Bucket, acl: Acl) -> Plan:
    """Disable the bucket's ACLs.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ensure-object-ownership.html
    """
    others = [grant for grant in acl["grants"] if grant["Grantee"].get("ID") != acl["owner"]]
    if others:
        raise NotApplicable("its ACL grants something to others: move that into its policy first")
    whose = {"Bucket": bucket["Name"]}

    def own(how: str) -> Call:
        rules = {"OwnershipControls": {"Rules": [{"ObjectOwnership": how}]}}
        return Call("s3:PutBucketOwnershipControls", whose | rules)

    return Plan(
        do=[own(NO_ACLS)],
        undo=[own(acl["ownership"]) if acl["ownership"] else Call("s3:DeleteBucketOwnershipControls", whose)],
        before={"object ownership": acl["ownership"] or "never chosen"},
        after={"object ownership": NO_ACLS},
        notes=[
            "The bucket's own ACL grants nobody else anything; what ACLs of single objects grant ends until undone.",
            "Objects that other accounts put there belong to this account then.",
            "S3 refuses uploads that set an ACL, other than bucket-owner-full-control.",
        ],
    )
