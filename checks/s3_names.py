"""Names of buckets that something points to, and which of them are nobody's any more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from checks.kit import Aws, Unknown
from checks.s3 import buckets

CALLS = ("s3:GetBucketLocation",)
NEEDS = (buckets,)
"""What a collector or an extra that uses `gone` declares."""

ENDPOINT = re.compile(
    r"(?P<bucket>.+)\.s3(?:-website|-accelerate)?(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(\.cn)?"
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html"""


def bucket_of(host: str) -> str:
    """The bucket that a host name of S3 stands for; "" when it stands for none, or for an access point."""
    found = ENDPOINT.fullmatch(host.rstrip(".").lower())
    return "" if found is None or found["bucket"].endswith(("-s3alias", ".accesspoint")) else found["bucket"]


def gone(aws: Aws, names: Iterable[str]) -> Sequence[str]:
    """Those of the names that are nobody's bucket, so that anybody may make a bucket of that name.

    Only S3 knows of buckets that are not this account's, and says so only of some. Raises Unknown.
    """
    own = {bucket["Name"] for bucket in aws.read(buckets)}
    others = sorted(set(names) - own)
    return [
        name for name, is_gone in zip(others, aws.each(lambda one: _is_gone(aws, one), others), strict=True) if is_gone
    ]


def _is_gone(aws: Aws, name: str) -> bool:
    try:
        return not aws.call("s3:GetBucketLocation", Bucket=name, absent="NoSuchBucket")
    except Unknown as error:
        raise Unknown(
            f"the bucket {name} is not this account's, so whether it exists cannot be told: {error}"
        ) from error
