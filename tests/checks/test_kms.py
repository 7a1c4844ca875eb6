"""KMS: what the judges say, which keys are read, and the key that the fix is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import kms
from checks.kit import Call, NotApplicable
from tests.checks.cases import NOT_ASKED, NOW, Case

OURS = {
    "KeyManager": "CUSTOMER",
    "KeyState": "Enabled",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "Origin": "AWS_KMS",
    "MultiRegion": False,
}
KEY = {
    "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "KeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}
OFF, ON = {"KeyRotationEnabled": False}, {"KeyRotationEnabled": True}
DELETED = {"KeyState": "PendingDeletion", "DeletionDate": datetime(2026, 3, 9, 12, 0, tzinfo=UTC)}


def replica(kind: str) -> dict[str, Any]:
    return {"MultiRegion": True, "MultiRegionConfiguration": {"MultiRegionKeyType": kind}}


def policy(principal: Any, **more: Any) -> str:
    return json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"} | more]}
    )


def used(days: int | None, tracked: int = 400) -> dict[str, Any]:
    """Last used so many days ago, and watched for so many."""
    last = {} if days is None else {"Operation": "Decrypt", "Timestamp": NOW - timedelta(days=days)}
    return {"KeyLastUsage": last, "TrackingStartDate": NOW - timedelta(days=tracked)}


OF_THE_CALLER = {"StringEquals": {"kms:CallerAccount": "123456789012", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
ROTATES, STAYS, CLOSED, USED = (
    kms.key_rotates,
    kms.key_is_not_scheduled_for_deletion,
    kms.key_policy_is_not_public,
    kms.key_is_used,
)
CASES = [
    Case(ROTATES, [KEY, OURS, ON], None),
    Case(ROTATES, [KEY, OURS, OFF], "never rotates its key material"),
    Case(ROTATES, [KEY, OURS | replica("PRIMARY"), OFF], "never rotates its key material"),
    Case(ROTATES, [KEY, OURS | replica("REPLICA"), NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"KeyManager": "AWS"}, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"KeyState": "Disabled"}, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | DELETED, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"Origin": "EXTERNAL"}, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"Origin": "AWS_CLOUDHSM"}, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"KeyState": "Creating"}, NOT_ASKED], NotApplicable),
    Case(ROTATES, [KEY, OURS | {"Origin": "EXTERNAL", "KeyState": "PendingImport"}, NOT_ASKED], NotApplicable),
    Case(STAYS, [KEY, OURS], None),
    Case(STAYS, [KEY, OURS | {"KeyState": "Disabled"}], None),
    Case(STAYS, [KEY, OURS | DELETED], "will be deleted on 2026-03-09"),
    Case(STAYS, [KEY, OURS | {"KeyState": "PendingReplicaDeletion"}], "will be deleted once its replicas are"),
    Case(STAYS, [KEY, OURS | {"KeyManager": "AWS"}], NotApplicable),
    Case(CLOSED, [KEY, policy({"AWS": "arn:aws:iam::123456789012:root"})], None),
    Case(CLOSED, [KEY, policy({"AWS": "*"}, Condition=OF_THE_CALLER)], None),
    Case(CLOSED, [KEY, policy("*")], "lets everyone do kms:*"),
    Case(USED, [KEY, OURS, used(180), NOW], None),
    Case(USED, [KEY, OURS, used(181), NOW], "was last used 181 days ago"),
    Case(USED, [KEY, OURS, used(181), NOW], None, {"days": 365}),
    Case(USED, [KEY, OURS, used(None), NOW], "was not used since 2025-01-26, when AWS began to watch"),
    Case(USED, [KEY, OURS | {"KeyState": "Disabled"}, used(200), NOW], "was last used 200 days ago"),
    Case(USED, [KEY, OURS, used(None, tracked=180), NOW], NotApplicable),
    Case(USED, [KEY, OURS | DELETED, used(None), NOW], NotApplicable),
    Case(USED, [KEY, OURS | {"KeyManager": "AWS"}, used(None), NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_period_that_was_chosen_before_stays() -> None:
    plan = kms.rotate.plan(KEY, OURS, OFF | {"RotationPeriodInDays": 90})
    assert plan.do == [Call("kms:EnableKeyRotation", {"KeyId": KEY["KeyId"], "RotationPeriodInDays": 90})]
    assert plan.after == {"rotation": "every 90 days"}


def test_there_is_no_plan_for_a_key_that_cannot_rotate() -> None:
    with pytest.raises(NotApplicable):
        kms.rotate.plan(KEY, OURS | {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, {})


def test_reads_our_keys_by_their_aliases_and_leaves_aws_s_own_out(aws: Region) -> None:
    client = aws.clients.session.client("kms")
    named, nameless = (client.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    client.create_alias(AliasName="alias/invoices", TargetKeyId=named)
    client.describe_key(KeyId="alias/aws/ebs")  # the emulator makes it on demand, and a customer's at that
    found = {key["KeyId"]: key["alias"] for key in kms.keys.stream(aws)}
    assert found == {named: "invoices", nameless: nameless}


def test_a_key_of_a_kind_that_cannot_rotate_reads_as_nothing(aws: Region) -> None:
    [key] = _keys(aws, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    assert kms.rotation.read(aws, key).get("KeyRotationEnabled", False) is False
    assert kms.metadata.read(aws, key)["KeySpec"] == "RSA_2048"
    assert "arn:aws:iam::123456789012:root" in kms.policy.read(aws, key)


def test_a_key_in_no_state_to_say_reads_as_nothing(aws: Region) -> None:
    """The emulator answers in every state, so AWS's refusal is played back."""
    with Stubber(aws.clients.get("kms", aws.region)) as stub:
        stub.add_client_error("get_key_rotation_status", "KMSInvalidStateException")
        assert not kms.rotation.read(aws, {"KeyId": "1", "KeyArn": "arn:...", "alias": "new"})


def _keys(aws: Region, **spec: Any) -> list[kms.Key]:
    aws.clients.session.client("kms").create_key(**spec)
    return list(kms.keys.stream(aws))


def never_rotating(aws: boto3.Session) -> None:
    aws.client("kms", region_name="eu-west-1").create_key(Description="invoices")


def public(aws: boto3.Session) -> None:
    aws.client("kms", region_name="eu-west-1").create_key(Policy=policy("*"))


def about_to_go(aws: boto3.Session) -> None:
    client = aws.client("kms", region_name="eu-west-1")
    client.schedule_key_deletion(KeyId=client.create_key()["KeyMetadata"]["KeyId"], PendingWindowInDays=7)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    ROTATES.id: never_rotating,
    STAYS.id: about_to_go,
    CLOSED.id: public,
}
