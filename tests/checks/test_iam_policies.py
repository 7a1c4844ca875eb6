"""IAM policies: who is given everything, what hangs on users and on nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from bot.aws import Region
from checks import iam_policies
from checks.iam import default_document, policies
from checks.iam_policies import bedrock_access, cloudshell_access, inline_holders
from checks.iam_policies import written as written_policies
from checks.kit import NotApplicable
from tests.checks.cases import Case

ADMIN = iam_policies.policy_grants_no_full_admin
INLINE = iam_policies.inline_policy_grants_no_full_admin
GROUPS_ONLY = iam_policies.user_gets_permissions_from_groups
CLOUDSHELL = iam_policies.nobody_has_full_cloudshell_access
BEDROCK = iam_policies.nobody_has_full_bedrock_access
WHOLE = iam_policies.policy_allows_no_whole_service
ROLES = iam_policies.policy_names_its_roles
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


def held(policy: str, *who: str) -> dict[str, Any]:
    arns = [f"arn:aws:iam::123456789012:{one}" for one in who]
    names = [one.rpartition("/")[2] for one in who]
    return {"policy": f"arn:aws:iam::aws:policy/{policy}", "holders": names, "arns": arns}


def allow(action: Any, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def all_but(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "NotAction": list(actions), "Resource": resource}


def written(*statements: dict[str, Any], inline: bool = False) -> dict[str, Any]:
    if not inline:
        return {"documents": [("", {"Statement": list(statements)})]}
    return {"documents": [(f"p{number}", {"Statement": [one]}) for number, one in enumerate(statements)]}


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
    Case(CLOUDSHELL, [held("AWSCloudShellFullAccess")], None),
    Case(
        CLOUDSHELL,
        [held("AWSCloudShellFullAccess", "user/people/ana", "group/staff")],
        "gives AWSCloudShellFullAccess to ana, staff",
    ),
    Case(BEDROCK, [held("AmazonBedrockFullAccess")], None),
    Case(BEDROCK, [held("AmazonBedrockFullAccess", "role/app")], "gives AmazonBedrockFullAccess to app"),
    Case(WHOLE, [written(allow("kms:Decrypt"))], None),
    Case(WHOLE, [written(allow("*"))], None),
    Case(WHOLE, [written(allow("s3:*", "arn:aws:s3:::northwind/*"))], None),
    Case(WHOLE, [written(allow("s3:Get*"))], None),
    Case(WHOLE, [written(allow("kms:*") | {"Effect": "Deny"})], None),
    Case(WHOLE, [written(allow("kms:*") | {"Condition": {"StringEquals": {"kms:ViaService": "x"}}})], None),
    Case(WHOLE, [written(allow(["kms:*", "CloudTrail:**", "s3:Get*"]))], "allows all of cloudtrail, kms"),
    Case(WHOLE, [written(all_but("iam:*", "organizations:*"))], "allows everything but iam:*, organizations:*"),
    Case(WHOLE, [written(all_but("billing:*"))], None),
    Case(WHOLE, [written(all_but("iam:*", resource="arn:aws:s3:::x/*"))], None),
    Case(WHOLE, [written(all_but("iam:*") | {"Effect": "Deny"})], None),
    Case(WHOLE, [written(allow("kms:*"))], None, {"spared": ("kms",)}),
    Case(
        WHOLE,
        [written(allow("s3:GetObject"), allow("s3:*"), allow("kms:*"), inline=True)],
        "allows all of s3 by its inline p1; allows all of kms by its inline p2",
    ),
    Case(ROLES, [written(allow("*"))], None),
    Case(ROLES, [written(allow("iam:*"))], None),
    Case(ROLES, [written(allow("sts:AssumeRole", "arn:aws:iam::123456789012:role/deploy"))], None),
    Case(ROLES, [written(allow("iam:PassRole", "arn:aws:iam::*:role/app-*"))], None),
    Case(ROLES, [written(allow("iam:PassRole") | {"Condition": {"StringEquals": {"iam:PassedToService": "x"}}})], None),
    Case(ROLES, [written(allow(["sts:AssumeRole", "ec2:*"]))], "may assume any role"),
    Case(ROLES, [written(allow(["iam:Pass*", "sts:?ssumeRole*"]))], "may assume and pass any role"),
    Case(ROLES, [written(allow(["iam:Get*", "sts:*"]))], None),
    Case(
        ROLES,
        [written(allow("iam:PassRole") | {"Resource": [], "NotResource": "arn:aws:iam::*:role/admin"})],
        "may pass any role",
    ),
    Case(ROLES, [written(allow("iam:PassRole", "arn:aws:iam::123456789012:role/*/*"))], None),
    Case(ROLES, [written(allow("iam:PassRole", "arn:aws:iam::123456789012:role/*"))], "may pass any role"),
    Case(
        ROLES,
        [written(allow(["iam:passrole", "sts:AssumeRole"], "arn:aws:iam::*:*"), inline=True)],
        "may assume and pass any role by its inline p0",
    ),
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
    (found,) = cloudshell_access.stream(aws)
    assert (found["holders"], len(found["arns"])) == (["AWSCloudShellFullAccess"], 1)
    assert [one["holders"] for one in bedrock_access.stream(aws)] == [[]]


def test_reads_attached_policies_and_inline_ones_but_none_of_aws_own_roles(aws: Region) -> None:
    iam, text = boto3.client("iam"), json.dumps(SOME)
    iam.create_policy(PolicyName="nobodys", PolicyDocument=text)
    own = iam.create_policy(PolicyName="own", PolicyDocument=text)["Policy"]["Arn"]
    iam.create_user(UserName="ana")
    iam.attach_user_policy(UserName="ana", PolicyArn=own)
    iam.put_user_policy(UserName="ana", PolicyName="hers", PolicyDocument=text)
    iam.create_role(RoleName="sso", Path="/aws-reserved/sso.amazonaws.com/", AssumeRolePolicyDocument="{}")
    iam.put_role_policy(RoleName="sso", PolicyName="aws", PolicyDocument=text)
    found = [(one["name"], [name for name, _ in one["documents"]]) for one in written_policies.stream(aws)]
    assert found == [("policy/own", [""]), ("ana", ["hers"])]


def test_what_identity_center_attached_is_not_taken_off() -> None:
    who = "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Shell_1"
    with pytest.raises(NotApplicable, match="permission set"):
        iam_policies.take_cloudshell.plan(held("AWSCloudShellFullAccess", who))


def test_every_holder_is_named_by_its_own_call() -> None:
    plan = iam_policies.take_cloudshell.plan(
        held("AWSCloudShellFullAccess", "user/people/ana", "group/staff", "role/app")
    )
    arn = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
    assert [(call.call, call.params) for call in plan.do] == [
        ("iam:DetachUserPolicy", {"UserName": "ana", "PolicyArn": arn}),
        ("iam:DetachGroupPolicy", {"GroupName": "staff", "PolicyArn": arn}),
        ("iam:DetachRolePolicy", {"RoleName": "app", "PolicyArn": arn}),
    ]


def giving(policy: str) -> Callable[[boto3.Session], None]:
    def give(aws: boto3.Session) -> None:
        iam, arn = aws.client("iam"), f"arn:aws:iam::aws:policy/{policy}"
        iam.create_user(UserName="ana")
        iam.create_group(GroupName="staff")
        iam.create_role(RoleName="app", AssumeRolePolicyDocument="{}")
        iam.attach_user_policy(UserName="ana", PolicyArn=arn)
        iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
        iam.attach_role_policy(RoleName="app", PolicyArn=arn)

    return give


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    CLOUDSHELL.id: giving("AWSCloudShellFullAccess"),
    BEDROCK.id: giving("AmazonBedrockFullAccess"),
}
