"""What the policies of S3 buckets let other accounts do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, TypedDict

from checks import documents
from checks.iam_roles import organization
from checks.kit import Aws, Call, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, extra, fix
from checks.policy_edits import shut_out
from checks.s3 import buckets, policy
from checks.wildcards import wildcard

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket

CONTROL = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)
"""What nobody but the owner needs.
https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-6"""

OF_OBJECTS = "s3:PutObject"

OF_AWS = frozenset(
    (
        *("127311923021", "033677994240", "027434742980", "797873946194", "098369216593", "754344448648"),
        *("589379963580", "718504428378", "383597477331", "600734575887", "114774131450", "783225319266"),
        *("582318560864", "985666609251", "054676820928", "156460612806", "652711504416", "635631232127"),
        *("009996457667", "897822967062", "076674570225", "507241528517", "048591011584", "190560391635"),
        *("638102146993", "037604701340"),
    )
)
"""Accounts as which Elastic Load Balancing delivers access logs.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""

OF_BILLING = "386209384616"
"""The account as which AWS delivered cost and usage reports, before it did so as a service.
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/billing-getting-started.html"""

ORGANIZATION = ("aws:principalorgid", "aws:principalorgpaths")

ACCOUNTS = frozenset({"aws:principalaccount", "aws:sourceaccount", "aws:sourceowner"})
"""Condition keys that say which accounts a caller may come from."""


class Ours(TypedDict):
    """The account, and the one that manages its organization, if any."""

    account: str
    management: str


@extra(needs=(organization,))
def ours(aws: Aws, bucket: Bucket) -> Ours:
    management = next((str(found["MasterAccountId"]) for found in aws.read(organization)), "")
    return {"account": aws.account, "management": management}


@check(buckets, policy, ours, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def bucket_policy_leaves_control_to_its_owner(
    bucket: Bucket, policy: str, ours: Ours, *, own_accounts: tuple[str, ...] = ()
) -> Verdict:
    """S3 bucket's policy leaves control to its owner.

    Another account that may change the policy, the ACLs or the encryption may let in anybody it likes.

    Fix: Take those actions, and wildcards that cover them, from the statements that name other accounts.
    Accounts that are yours as well belong into own_accounts of this check, in AWS_SEC_THRESHOLDS.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
    """
    found = _of_others(policy, {ours["account"], ours["management"], *own_accounts})
    if not found:
        raise NotApplicable("its policy names no other account")
    given = {
        account: actions
        for account, statements in found.items()
        if (actions := [action for action in CONTROL if any(_allows(s, action, bucket) for s in statements)])
    }
    account = min(given, default="")
    return f"lets account {account} do {', '.join(given[account])}" if given else None


@check(buckets, policy, ours, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def bucket_policy_names_only_own_accounts(
    bucket: Bucket, policy: str, ours: Ours, *, own_accounts: tuple[str, ...] = ()
) -> Verdict:
    """S3 bucket's policy lets in only accounts of your own.

    What a partner or a former supplier may still read or write is as safe as their account is.

    Fix: Remove the statement if nobody needs it. Accounts that you know belong into own_accounts of this check, in
    AWS_SEC_THRESHOLDS.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    found = _of_others(policy, {ours["account"], ours["management"], *own_accounts})
    return expect(not found, f"lets in account {', '.join(sorted(found))}")


@fix(bucket_policy_names_only_own_accounts, "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", risk=Risk.CUTS_ACCESS)
def stop_sharing(bucket: Bucket, policy: str, ours: Ours, *, own_accounts: tuple[str, ...] = ()) -> Plan:
    """Take other accounts out of the bucket's policy."""
    own, which = {ours["account"], ours["management"], *own_accounts}, {"Bucket": bucket["Name"]}

    def put(text: str) -> Call:
        return Call("s3:PutBucketPolicy", which | {"Policy": text})

    return shut_out(policy, lambda text: [*_of_others(text, own)], put, Call("s3:DeleteBucketPolicy", which))


def _of_others(policy: str, own: Collection[str]) -> Mapping[str, list[documents.Statement]]:
    """The statements that let each other account in, but for those that let everyone in: others judge these."""
    found: dict[str, list[documents.Statement]] = {}
    for principal, statement in documents.trusted(policy):
        for account in _accounts(principal, statement):
            if account.isdigit() and account not in {*own, *OF_AWS, OF_BILLING}:  # CloudFront's is no number
                found.setdefault(account, []).append(statement)
    return found


def _accounts(principal: documents.Principal, statement: documents.Statement) -> Iterator[str]:
    """Of `*` narrowed to accounts, those accounts; none where a whole organization is let in, or only its members."""
    if principal.kind != "AWS" or any(c.narrows and c.key in ORGANIZATION for c in statement.conditions):
        return
    if not principal.anyone:
        yield principal.account
        return
    for condition in statement.conditions:
        if condition.narrows and condition.key in ACCOUNTS:
            yield from condition.values


def _allows(statement: documents.Statement, action: str, bucket: Bucket) -> bool:
    """Whether a statement covers the action, and what the action is on: the bucket, or some of its objects."""

    def acts(patterns: Collection[str]) -> bool:
        return any(wildcard(pattern, one=".", ignore_case=True).fullmatch(action) for pattern in patterns)

    def is_on(pattern: str) -> bool:
        name = re.sub(r"^arn:[^:]*:s3:::", "", pattern)
        objects = name.startswith(f"{bucket['Name']}/") or bool(
            wildcard(name, one=".").fullmatch(bucket["Name"] + "/x")
        )
        return objects if action.startswith(OF_OBJECTS) else bool(wildcard(name, one=".").fullmatch(bucket["Name"]))

    acting = not acts(statement.not_actions) if statement.not_actions else acts(statement.actions)
    return acting and (bool(statement.not_resources) or any(map(is_on, statement.resources)))
