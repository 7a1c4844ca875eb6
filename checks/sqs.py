"""Amazon SQS queues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict, cast

from checks import documents
from checks.kit import Aws, Call, Plan, Practice, Risk, Severity, Verdict, check, collector, expect, extra, fix
from checks.policy_edits import close

OWN_KEYS = "with keys that SQS owns"


class Queue(TypedDict):
    url: str
    queue: str


class Attributes(TypedDict, total=False):
    """All that SQS says of a queue is strings."""

    Policy: str
    SqsManagedSseEnabled: str
    KmsMasterKeyId: str


@collector("sqs:ListQueues", arn="arn:{partition}:sqs:{region}:{account}:{queue}", name="{queue}")
def queues(aws: Aws) -> Iterator[Queue]:
    """Asks for pages: without MaxResults SQS stops after 1,000 queues and does not say so.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html
    """
    for url in aws.items("sqs:ListQueues", "QueueUrls", MaxResults=1000):
        yield {"url": url, "queue": url.rpartition("/")[2]}


@extra("sqs:GetQueueAttributes")
def attributes(aws: Aws, queue: Queue) -> Attributes:
    wanted = sorted(Attributes.__annotations__)
    got = aws.call("sqs:GetQueueAttributes", QueueUrl=queue["url"], AttributeNames=wanted)
    return cast("Attributes", got.get("Attributes", {}))


@check(queues, attributes, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def queue_is_not_public(queue: Queue, attributes: Attributes) -> Verdict:
    """SQS queue lets in nobody from outside.

    Everyone on the internet could put messages of their own before your programs, or take yours away.

    Fix: Name the accounts that need the queue in its policy, or the ARN of what sends to it in a condition.
    See: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html
    """
    return documents.opens_to_everyone(attributes.get("Policy", ""))


@fix(queue_is_not_public, "sqs:SetQueueAttributes", risk=Risk.CUTS_ACCESS)
def close_queue(queue: Queue, attributes: Attributes) -> Plan:
    """Take the statements that let everyone in out of the queue's policy."""

    def put(policy: str) -> Call:
        return Call("sqs:SetQueueAttributes", {"QueueUrl": queue["url"], "Attributes": {"Policy": policy}})

    return close(attributes.get("Policy", ""), put, put(""))


@check(queues, attributes, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def queue_is_encrypted(queue: Queue, attributes: Attributes) -> Verdict:
    """SQS queue encrypts its messages.

    Messages carry names, orders, sometimes tokens; encrypted, they are safe where SQS stores them.

    Fix: Turn on encryption with SQS's own keys, which costs nothing, or choose a KMS key.
    See: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
    """
    encrypted = attributes.get("KmsMasterKeyId") or attributes.get("SqsManagedSseEnabled") == "true"
    return expect(encrypted, "does not encrypt its messages")


@fix(queue_is_encrypted, "sqs:SetQueueAttributes", risk=Risk.SAFE)
def encrypt(queue: Queue, attributes: Attributes) -> Plan:
    """Turn on encryption with keys that SQS owns."""

    def managed(*, on: bool) -> Call:
        wanted = {"SqsManagedSseEnabled": str(on).lower()}
        return Call("sqs:SetQueueAttributes", {"QueueUrl": queue["url"], "Attributes": wanted})

    return Plan(
        do=[managed(on=True)],
        undo=[managed(on=False)],
        before={"encryption": _encryption(attributes)},
        after={"encryption": OWN_KEYS},
        notes=[
            "Messages that already wait in the queue stay as they are.",
            "From then on SQS takes only requests over HTTPS with Signature Version 4, as AWS's SDKs make them.",
        ],
    )


def _encryption(attributes: Attributes) -> str:
    if attributes.get("KmsMasterKeyId"):
        return f"with KMS key {attributes['KmsMasterKeyId']}"
    return OWN_KEYS if attributes.get("SqsManagedSseEnabled") == "true" else "off"
