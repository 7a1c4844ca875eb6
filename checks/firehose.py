"""Amazon Data Firehose streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict, cast

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
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_firehose.type_defs import DeliveryStreamDescriptionTypeDef as Description

MOST = 10_000
"""Names that one answer may hold."""


class Stream(TypedDict):
    stream: str


@collector(
    "firehose:ListDeliveryStreams",
    arn="arn:{partition}:firehose:{region}:{account}:deliverystream/{stream}",
    name="{stream}",
)
def streams(aws: Aws) -> Iterator[Stream]:
    """Goes on after the last name while there are more: AWS hands out no token.

    Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ListDeliveryStreams.html
    """
    after: dict[str, str] = {}
    while True:
        got = aws.call("firehose:ListDeliveryStreams", Limit=MOST, **after)
        for name in got["DeliveryStreamNames"]:
            yield {"stream": name}
        if not got["HasMoreDeliveryStreams"] or not got["DeliveryStreamNames"]:
            return
        after = {"ExclusiveStartDeliveryStreamName": got["DeliveryStreamNames"][-1]}


@extra("firehose:DescribeDeliveryStream")
def description(aws: Aws, stream: Stream) -> Description:
    got = aws.call("firehose:DescribeDeliveryStream", DeliveryStreamName=stream["stream"])
    return cast("Description", got["DeliveryStreamDescription"])


@check(streams, description, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def stream_is_encrypted(stream: Stream, description: Description) -> Verdict:
    """Firehose stream encrypts the records it holds.

    Firehose keeps records for a while before it delivers them, for a day when the destination is down.

    Fix: Turn on server-side encryption of the source records, with AWS's key or one of yours.
    See: https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
    """
    _must_hold_records(description)
    return expect(_status(description) in ("ENABLED", "ENABLING"), "does not encrypt the records it holds")


def _must_hold_records(description: Description) -> None:
    if description["DeliveryStreamType"] != "DirectPut":
        raise NotApplicable("its records stay in the source, which encrypts them or does not")
    if description["DeliveryStreamStatus"] != "ACTIVE":
        raise NotApplicable(f"its state is {description['DeliveryStreamStatus']}")


def _status(description: Description) -> str:
    return description.get("DeliveryStreamEncryptionConfiguration", {}).get("Status", "DISABLED")


@fix(
    stream_is_encrypted,
    "firehose:StartDeliveryStreamEncryption",
    "firehose:StopDeliveryStreamEncryption",
    risk=Risk.SAFE,
    patience=60,
)
def encrypt(stream: Stream, description: Description) -> Plan:
    """Encrypt the records that the stream holds with a key that AWS owns."""
    _must_hold_records(description)
    status, which = _status(description), {"DeliveryStreamName": stream["stream"]}
    if status not in ("DISABLED", "ENABLING_FAILED"):
        raise NotApplicable("it is encrypted or being changed")
    key = {"DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"}}
    return Plan(
        do=[Call("firehose:StartDeliveryStreamEncryption", which | key)],
        undo=[Call("firehose:StopDeliveryStreamEncryption", which)],
        before={"encryption": "off"},
        after={"encryption": "with a key that AWS owns"},
        notes=["It costs nothing more, and producers need no permission on the key."],
    )
