"""IAM policies that let whoever holds them decrypt with every KMS key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checks.documents import Document, Statement, allows_everything, statements
from checks.iam import default_document, policies
from checks.iam_policies import Holder, inline_holders
from checks.kit import NotApplicable, Practice, Severity, Verdict, check, expect
from checks.wildcards import wildcard

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ManagedPolicyDetailTypeDef as Policy

DECRYPTING = ("kms:Decrypt", "kms:ReEncryptFrom")
ALL_KEYS = re.compile(r"arn:[^:]*:kms:[^:]*:[^:]*:(key/)?\*")
"""How a policy names every key of an account, in a region or in all."""


def decrypts_everything(document: Document) -> bool:
    """Whether it lets its holder decrypt with all keys, as it stands: a condition leaves some out.

    Source: https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-1
    """
    read = [one for one in statements(document) if not one.conditions]
    denied = {action for one in read if not one.allows and one.every_resource for action in _decrypting(one)}
    allowed = {action for one in read if one.allows and _all_keys(one) for action in _decrypting(one)}
    return bool(allowed - denied)


def _decrypting(statement: Statement) -> set[str]:
    if statement.not_actions:
        return {one for one in DECRYPTING if not _matches(statement.not_actions, one)}
    return {one for one in DECRYPTING if _matches(statement.actions, one)}


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(wildcard(pattern, one=".", ignore_case=True).fullmatch(action) for pattern in patterns)


def _all_keys(statement: Statement) -> bool:
    return statement.every_resource or any(map(ALL_KEYS.fullmatch, statement.resources))


@check(policies, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def policy_decrypts_with_named_keys_only(policy: Policy) -> Verdict:
    """Attached policy does not decrypt with every KMS key.

    Keys divide what people may read; who may decrypt with all of them passes every such wall.

    Fix: Name the keys in the statement's resources, or limit it by kms:ViaService or tags of the keys.
    See: https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html
    """
    if not policy["AttachmentCount"]:
        raise NotApplicable("the policy is attached to nobody")
    document = default_document(policy)
    if allows_everything(document):
        raise NotApplicable("it allows everything, which another check speaks of")
    return expect(not decrypts_everything(document), "lets whoever holds it decrypt with every KMS key")


@check(inline_holders, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def inline_policy_decrypts_with_named_keys_only(holder: Holder) -> Verdict:
    """Inline policy does not decrypt with every KMS key.

    Keys divide what people may read; who may decrypt with all of them passes every such wall.

    Fix: Name the keys in the statement's resources, or limit it by kms:ViaService or tags of the keys.
    See: https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html
    """
    narrow = [one for one in holder["inline"] if not allows_everything(one["PolicyDocument"])]
    if not narrow:
        raise NotApplicable("it allows everything, which another check speaks of")
    found = [one["PolicyName"] for one in narrow if decrypts_everything(one["PolicyDocument"])]
    return f"can decrypt with every KMS key by inline policy {', '.join(found)}" if found else None
