"""Amazon Kinesis data streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_kinesis.type_defs import StreamDescriptionSummaryTypeDef as Settings
    from types_boto3_kinesis.type_defs import StreamSummaryTypeDef as Stream

AWS_KEY = "alias/aws/kinesis"

streams: Collector[Stream] = collect("kinesis:ListStreams", "StreamSummaries", arn="{StreamARN}", name="{StreamName}")


@extra("kinesis:DescribeStreamSummary")
def settings(aws: Aws, stream: Stream) -> Settings:
    got = aws.call("kinesis:DescribeStreamSummary", StreamName=stream["StreamName"])
    return cast("Settings", got["StreamDescriptionSummary"])


def _must_stand(settings: Settings) -> None:
    if settings["StreamStatus"] in ("CREATING", "DELETING"):
        raise NotApplicable(f"its state is {settings['StreamStatus']}")


@check(streams, settings, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def stream_is_encrypted(stream: Stream, settings: Settings) -> Verdict:
    """Kinesis stream encrypts its records.

    Records hold what customers do, as it happens; encrypted, they are safe where Kinesis stores them.

    Fix: Turn on server-side encryption, with AWS's key for Kinesis or one of yours. Records already in it stay plain.
    See: https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html
    """
    _must_stand(settings)
    return expect(settings.get("EncryptionType", "NONE") == "KMS", "does not encrypt its records")


@fix(stream_is_encrypted, "kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption", risk=Risk.CUTS_ACCESS)
def encrypt(stream: Stream, settings: Settings) -> Plan:
    """Encrypt the stream's records with the key AWS keeps for Kinesis."""
    if settings["StreamStatus"] != "ACTIVE" or settings.get("EncryptionType", "NONE") == "KMS":
        raise NotApplicable("it is encrypted or being changed")
    wanted = {"StreamName": stream["StreamName"], "EncryptionType": "KMS", "KeyId": AWS_KEY}
    return Plan(
        do=[Call("kinesis:StartStreamEncryption", wanted)],
        undo=[Call("kinesis:StopStreamEncryption", wanted)],
        before={"encryption": "off"},
        after={"encryption": f"with {AWS_KEY}"},
        notes=[
            "Records that are in the stream already stay as they are.",
            "Producers and consumers of other accounts are shut out: they may not use this key.",
        ],
    )


@check(streams, settings, practice=Practice.BACKUP, severity=Severity.LOW)
def stream_keeps_records_long_enough(stream: Stream, settings: Settings, *, hours: int = 168) -> Verdict:
    """Kinesis stream keeps its records for a week.

    A consumer that fails on a Friday evening loses for good what the stream drops before somebody mends it.

    Fix: Raise the retention period. AWS bills what is kept longer than a day.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/kinesis-controls.html#kinesis-3
    """
    _must_stand(settings)
    kept = settings["RetentionPeriodHours"]
    return f"keeps its records for {kept} hours" if kept < hours else None


@fix(
    stream_keeps_records_long_enough,
    "kinesis:IncreaseStreamRetentionPeriod",
    "kinesis:DecreaseStreamRetentionPeriod",
    risk=Risk.SAFE,
)
def keep_longer(stream: Stream, settings: Settings, *, hours: int = 168) -> Plan:
    """Keep the stream's records as long as is asked for."""
    kept, name = settings["RetentionPeriodHours"], stream["StreamName"]
    if settings["StreamStatus"] != "ACTIVE" or kept >= hours:
        raise NotApplicable("it keeps them long enough or is being changed")
    return Plan(
        do=[Call("kinesis:IncreaseStreamRetentionPeriod", {"StreamName": name, "RetentionPeriodHours": hours})],
        undo=[Call("kinesis:DecreaseStreamRetentionPeriod", {"StreamName": name, "RetentionPeriodHours": kept})],
        before={"retention": f"{kept} hours"},
        after={"retention": f"{hours} hours"},
        notes=["AWS bills extended retention by the shard and hour, or by the volume of data of an on-demand stream."],
    )
