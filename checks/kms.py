"""AWS KMS keys that the account manages itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict, cast

from checks import documents
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
    later,
    now,
)
from checks.policy_edits import close

if TYPE_CHECKING:
    from types_boto3_kms.type_defs import GetKeyLastUsageResponseTypeDef as Usage
    from types_boto3_kms.type_defs import GetKeyRotationStatusResponseTypeDef as Rotation
    from types_boto3_kms.type_defs import KeyMetadataTypeDef as Metadata


class Key(TypedDict):
    """A key, and the alias people know it by (its id where it has none)."""

    KeyId: str
    KeyArn: str
    alias: str


@collector("kms:ListKeys", "kms:ListAliases", arn="{KeyArn}", name="{alias}")
def keys(aws: Aws) -> Iterator[Key]:
    """Leaves out AWS's own keys, which AWS rotates; it keeps aliases that begin with aws/ for them.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html
    """
    aliases: dict[str, str] = {}
    for alias in aws.items("kms:ListAliases", "Aliases"):
        aliases.setdefault(alias.get("TargetKeyId", ""), alias["AliasName"])
    for key in aws.items("kms:ListKeys", "Keys"):
        alias = aliases.get(key["KeyId"], key["KeyId"])
        if not alias.startswith("alias/aws/"):
            yield {"KeyId": key["KeyId"], "KeyArn": key["KeyArn"], "alias": alias.removeprefix("alias/")}


@extra("kms:DescribeKey")
def metadata(aws: Aws, key: Key) -> Metadata:
    return cast("Metadata", aws.call("kms:DescribeKey", KeyId=key["KeyId"])["KeyMetadata"])


@extra("kms:GetKeyRotationStatus")
def rotation(aws: Aws, key: Key) -> Rotation:
    """Empty for keys of a kind, or in a state, that AWS cannot rotate."""
    refused = ("UnsupportedOperationException", "KMSInvalidStateException")
    return cast("Rotation", aws.call("kms:GetKeyRotationStatus", KeyId=key["KeyId"], absent=refused))


@extra("kms:GetKeyLastUsage")
def usage(aws: Aws, key: Key) -> Usage:
    return cast("Usage", aws.call("kms:GetKeyLastUsage", KeyId=key["KeyId"]))


@extra("kms:GetKeyPolicy")
def policy(aws: Aws, key: Key) -> str:
    return str(aws.call("kms:GetKeyPolicy", KeyId=key["KeyId"], PolicyName="default")["Policy"])


@check(keys, metadata, later(rotation), practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def key_rotates(key: Key, metadata: Metadata, rotation: Callable[[], Rotation]) -> Verdict:
    """KMS key rotates its key material.

    Rotation limits how much is encrypted with one piece of key material; nothing that uses the key has to change.

    Fix: Turn on automatic rotation. AWS bills the first two rotations of a key.
    See: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """
    _can_rotate(metadata)
    return expect(rotation()["KeyRotationEnabled"], "never rotates its key material")


def _can_rotate(key: Metadata) -> None:
    """Raises NotApplicable for a key that AWS does not rotate, or not here."""
    if key["KeyManager"] == "AWS":
        raise NotApplicable("AWS manages and rotates it")
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" or key["Origin"] != "AWS_KMS":
        raise NotApplicable("AWS rotates only symmetric keys whose material it made")
    if key["KeyState"] != "Enabled":
        raise NotApplicable(f"its state is {key['KeyState']}")
    if key.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType") == "REPLICA":
        raise NotApplicable("it rotates with its primary key in another region")


@fix(key_rotates, "kms:EnableKeyRotation", "kms:DisableKeyRotation", risk=Risk.SAFE)
def rotate(key: Key, metadata: Metadata, rotation: Rotation) -> Plan:
    """Turn on automatic rotation of the key."""
    _can_rotate(metadata)
    days = rotation.get("RotationPeriodInDays")  # a period that was chosen before stays
    every = f"every {days or 365} days"
    notes = ["AWS bills the first two rotations of a key, about 1 USD a month each."]
    if metadata.get("MultiRegion"):
        notes.append("Its replicas in other regions rotate with it.")
    return Plan(
        do=[Call("kms:EnableKeyRotation", {"KeyId": key["KeyId"]} | ({"RotationPeriodInDays": days} if days else {}))],
        undo=[Call("kms:DisableKeyRotation", {"KeyId": key["KeyId"]})],
        before={"rotation": every if rotation["KeyRotationEnabled"] else "off"},
        after={"rotation": every},
        notes=notes,
    )


@check(keys, metadata, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def key_is_not_scheduled_for_deletion(key: Key, metadata: Metadata) -> Verdict:
    """KMS key is not about to be deleted.

    When a key is gone, everything encrypted with it is lost for good; nobody can bring it back.

    Fix: Cancel the deletion and enable the key again, unless you are sure that nothing is encrypted with it.
    See: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
    """
    if metadata["KeyManager"] == "AWS":
        raise NotApplicable("AWS manages it")
    if metadata["KeyState"] == "PendingDeletion":
        return f"will be deleted on {metadata['DeletionDate']:%Y-%m-%d}"
    return expect(metadata["KeyState"] != "PendingReplicaDeletion", "will be deleted once its replicas are")


@fix(key_is_not_scheduled_for_deletion, "kms:CancelKeyDeletion", risk=Risk.SAFE)
def cancel_deletion(key: Key, metadata: Metadata) -> Plan:
    """Cancel the deletion of the key."""
    if metadata["KeyState"] != "PendingDeletion":
        raise NotApplicable("AWS cannot cancel its deletion here: it waits for its replicas, or is not to be deleted")
    return Plan(
        do=[Call("kms:CancelKeyDeletion", {"KeyId": key["KeyId"]})],
        undo=[],
        before={"deletion": f"on {metadata['DeletionDate']:%Y-%m-%d}"},
        after={"deletion": "never"},
        notes=[
            "The key stays disabled until somebody enables it: what is encrypted with it cannot be read before.",
            "There is no undo: a bot that may delete keys would be a danger of its own. Schedule it anew by hand.",
        ],
    )


@check(keys, metadata, usage, now, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def key_is_used(key: Key, metadata: Metadata, usage: Usage, now: datetime, *, days: int = 180) -> Verdict:
    """KMS key was used in the last 180 days.

    A key that nothing uses costs money every month, and nobody remembers what it opens.

    Fix: Disable the key first and look in CloudTrail for calls that fail; schedule its deletion only weeks later.
    See: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html
    """
    if metadata["KeyManager"] == "AWS":
        raise NotApplicable("AWS manages it")
    if metadata["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating"):
        raise NotApplicable(f"its state is {metadata['KeyState']}")
    used, tracked = usage.get("KeyLastUsage", {}).get("Timestamp"), usage["TrackingStartDate"]
    if used is None and (now - tracked).days <= days:
        raise NotApplicable(f"AWS has watched its use for less than {days} days")
    if used is None:
        return f"was not used since {tracked:%Y-%m-%d}, when AWS began to watch"
    idle = (now - used).days
    return f"was last used {idle} days ago" if idle > days else None


@check(keys, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def key_policy_is_not_public(key: Key, policy: str) -> Verdict:
    """KMS key policy lets in nobody from outside.

    Whoever may use a key reads what is encrypted with it; whoever may manage it can lock you out.

    Fix: Name the accounts and roles that need the key in its policy, instead of everyone.
    See: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    return documents.opens_to_everyone(policy)


@fix(key_policy_is_not_public, "kms:PutKeyPolicy", risk=Risk.CUTS_ACCESS)
def close_key(key: Key, policy: str) -> Plan:
    """Take the statements that let everyone in out of the key's policy.

    Where none is left, what AWS gives a new key: the account decides by IAM policies who may use it.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    _, partition, _, _, account, _ = key["KeyArn"].split(":")
    owner = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }

    def put(text: str) -> Call:
        return Call("kms:PutKeyPolicy", {"KeyId": key["KeyId"], "PolicyName": "default", "Policy": text})

    left = json.dumps({"Version": "2012-10-17", "Statement": [owner]})
    return close(policy, put, left, ["AWS refuses a policy after which nobody could change the policy again."])
