"""IAM policies: who is given everything, what hangs on users and on nobody."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from bot.aws import Region
from checks import iam_policies
from checks.iam import default_document, policies
from checks.iam_policies import cloudshell_access, inline_holders
from checks.kit import NotApplicable
from tests.checks.cases import Case

ADMIN = iam_policies.policy_grants_no_full_admin
INLINE = iam_policies.inline_policy_grants_no_full_admin
GROUPS_ONLY = iam_policies.user_gets_permissions_from_groups
CLOUDSHELL = iam_policies.nobody_has_full_cloudshell_access
ATTACHED = iam_policies.policy_is_attached


def document(action: str, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


ALL, SOME = document("*"), document("s3:GetObject")


def policy(now: Any, *earlier: Any, attached: int = 1) -> dict[str, Any]:
    versions = [{"Document": one, "VersionId": "v1", "IsDefaultVersion": False} for one in earlier]
    current = {"Document": now, "VersionId": "v2", "IsDefaultVersion": True}
    return {"AttachmentCount": attached, "PolicyVersionList": [*versions, current]}


def inline(*documents: Any) -> dict[str, Any]:
    held = [{"PolicyName": f"p{i}", "PolicyDocument": one} for i, one in enumerate(documents)]
    return {"arn": "arn:aws:iam::123456789012:role/x", "name": "x", "inline": held, "attached": []}


CASES = [
    Case(ADMIN, [policy(SOME)], None),
    Case(ADMIN, [policy(SOME, ALL)], None),
    Case(ADMIN, [policy(ALL, SOME)], "makes an administrator of whoever holds it"),
    Case(ADMIN, [policy(quote(json.dumps(ALL)))], "makes an administrator of whoever holds it"),
    Case(ADMIN, [policy(document("*", "Deny"))], None),
    Case(ADMIN, [policy(ALL, attached=0)], NotApplicable),
    Case(INLINE, [inline(SOME)], None),
    Case(INLINE, [inline(SOME, ALL)], "is an administrator by its inline p1"),
    Case(GROUPS_ONLY, [{"UserName": "ana", "UserPolicyList": [], "AttachedManagedPolicies": []}], None),
    Case(GROUPS_ONLY, [{"UserName": "ana", "GroupList": ["administrators"]}], None),
    Case(
        GROUPS_ONLY,
        [
            {
                "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": SOME}],
                "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess"}],
            }
        ],
        "holds ReadOnlyAccess, own itself",
    ),
    Case(ATTACHED, [{"AttachmentCount": 1, "PermissionsBoundaryUsageCount": 0}], None),
    Case(ATTACHED, [{"AttachmentCount": 0, "PermissionsBoundaryUsageCount": 2}], None),
    Case(ATTACHED, [{"AttachmentCount": 0, "PermissionsBoundaryUsageCount": 0}], "is attached to nobody"),
    Case(ATTACHED, [{"AttachmentCount": 0}], "is attached to nobody"),
    Case(CLOUDSHELL, [{"holders": []}], None),
    Case(CLOUDSHELL, [{"holders": ["ana", "staff"]}], "gives AWSCloudShellFullAccess to ana, staff"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_inline_policies_of_users_groups_and_roles(aws: Region) -> None:
    iam, text = boto3.client("iam"), json.dumps(ALL)
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="of-user", PolicyDocument=text)
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="of-group", PolicyDocument=text)
    iam.create_user(UserName="nothing-inline")
    iam.create_role(RoleName="job", AssumeRolePolicyDocument="{}")
    iam.put_role_policy(RoleName="job", PolicyName="of-role", PolicyDocument=text)
    found = [(one["arn"].rpartition(":")[2], one["inline"][0]["PolicyName"]) for one in inline_holders.stream(aws)]
    assert found == [("user/ana", "of-user"), ("group/staff", "of-group"), ("role/job", "of-role")]
    assert all(one["inline"][0]["PolicyDocument"] == ALL for one in inline_holders.stream(aws))


def test_reads_only_the_accounts_own_policies_and_the_version_in_force(aws: Region) -> None:
    iam = boto3.client("iam")
    arn = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(ALL))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(SOME), SetAsDefault=True)
    (found,) = policies.stream(aws)
    assert (found["Arn"], default_document(found)) == (arn, SOME)


def test_reads_who_holds_full_cloudshell_access(aws: Region) -> None:
    iam = boto3.client("iam")
    iam.create_group(GroupName="staff")
    for policy in ("AWSCloudShellFullAccess", "ReadOnlyAccess"):
        iam.create_role(RoleName=policy, AssumeRolePolicyDocument="{}")
        iam.attach_role_policy(RoleName=policy, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    assert list(cloudshell_access.stream(aws)) == [{"holders": ["AWSCloudShellFullAccess"]}]
