"""Which IAM policies decrypt with every key."""

from __future__ import annotations

from typing import Any

import pytest

from checks import kms_grants
from checks.kit import NotApplicable
from checks.kms_grants import decrypts_everything
from tests.checks.cases import Case

POLICY, INLINE = kms_grants.policy_decrypts_with_named_keys_only, kms_grants.inline_policy_decrypts_with_named_keys_only


def document(action: Any = "kms:Decrypt", resource: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource} | more]}


KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
VIA = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
EVERYTHING = document("*")
ROWS = [
    (document(), True),
    (document("kms:*"), True),
    (document("KMS:De*"), True),
    (document("kms:ReEncrypt*"), True),
    (document(resource="arn:aws:kms:*:123456789012:key/*"), True),
    (document(resource=[KEY, "arn:aws:kms:*:*:*"]), True),
    ({"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}, True),
    ({"Statement": [{"Effect": "Allow", "NotAction": ["kms:*"], "Resource": "*"}]}, False),
    (document("kms:Encrypt"), False),
    (document(resource=KEY), False),
    (document(resource="arn:aws:s3:::*"), False),
    (document(Condition=VIA), False),
    ({"Statement": document()["Statement"] + document("kms:*", effect="Deny")["Statement"]}, False),
    ({"Statement": document()["Statement"] + document("kms:*", effect="Deny", Condition=VIA)["Statement"]}, True),
]


@pytest.mark.parametrize(("given", "expected"), ROWS)
def test_who_decrypts_with_every_key(given: dict[str, Any], expected: bool) -> None:
    assert decrypts_everything(given) is expected


def managed(text: dict[str, Any], attached: int = 1) -> dict[str, Any]:
    return {"AttachmentCount": attached, "PolicyVersionList": [{"IsDefaultVersion": True, "Document": text}]}


def holder(*documents: dict[str, Any]) -> dict[str, Any]:
    return {"inline": [{"PolicyName": f"p{n}", "PolicyDocument": one} for n, one in enumerate(documents)]}


CASES = [
    Case(POLICY, [managed(document(resource=KEY))], None),
    Case(POLICY, [managed(document())], "lets whoever holds it decrypt with every KMS key"),
    Case(POLICY, [managed(document(), attached=0)], NotApplicable),
    Case(POLICY, [managed(EVERYTHING)], NotApplicable),
    Case(INLINE, [holder(document(resource=KEY))], None),
    Case(INLINE, [holder(EVERYTHING, document())], "can decrypt with every KMS key by inline policy p1"),
    Case(INLINE, [holder(EVERYTHING)], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected
