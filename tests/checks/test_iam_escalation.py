"""The ways to become an administrator: one step each, chains, and what stands in the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.aws import Region
from checks import iam_escalation
from checks.iam_escalation import standings, ways
from checks.iam_powers import identities, mighty_groups
from checks.iam_steps import Account, SignIn
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

CHECK = iam_escalation.principal_cannot_become_administrator
ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def standing(path: Sequence[str] = (), by: Sequence[str] = (), unread: Sequence[str] = ()) -> dict[str, Any]:
    return {"path": path, "by": by, "unread": unread}


CASES = [
    Case(CHECK, [standing()], None),
    Case(CHECK, [standing(by=["AdministratorAccess"])], NotApplicable),
    Case(
        CHECK,
        [standing(["sts:AssumeRole → role deploy", "iam:PutRolePolicy → itself"], unread=["x"])],
        "can become an administrator: sts:AssumeRole → role deploy, then iam:PutRolePolicy → itself",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_policy_that_aws_did_not_list_is_unknown() -> None:
    with pytest.raises(Unknown, match="did not list what odd allows"):
        Case(CHECK, [standing(unread=["odd"])], None).outcome()


def arn(kind: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


def allow(action: Any, resource: Any = "*", condition: Any = None, effect: str = "Allow") -> dict[str, Any]:
    found = {"Effect": effect, "Action": action, "Resource": resource}
    return found | ({"Condition": condition} if condition else {})


def deny(action: Any, resource: Any = "*", condition: Any = None) -> dict[str, Any]:
    return allow(action, resource, condition, "Deny")


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def inline(*statements: Any) -> list[dict[str, Any]]:
    return [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []


def user(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
    return {"UserName": name, "Arn": arn("user", name), "UserPolicyList": inline(*statements)} | more


def role(name: str, principal: Any, *statements: Any, condition: Any = None, **more: Any) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust |= {"Condition": condition} if condition else {}
    return {
        "RoleName": name,
        "Arn": arn("role", name),
        "AssumeRolePolicyDocument": document(trust),
        "RolePolicyList": inline(*statements),
    } | more


def group(name: str, *statements: Any) -> dict[str, Any]:
    return {"GroupName": name, "Arn": arn("group", name), "GroupPolicyList": inline(*statements)}


def policy(name: str, now: Any, *earlier: Any) -> dict[str, Any]:
    versions = [{"Document": document(now), "VersionId": f"v{len(earlier) + 1}", "IsDefaultVersion": True}]
    versions += [
        {"Document": document(one), "VersionId": f"v{number}", "IsDefaultVersion": False}
        for number, one in enumerate(earlier, 1)
    ]
    return {"PolicyName": name, "Arn": arn("policy", name), "PolicyVersionList": versions}


def held(*names: str) -> dict[str, Any]:
    return {"AttachedManagedPolicies": [{"PolicyName": name, "PolicyArn": arn("policy", name)} for name in names]}


def service(name: str) -> dict[str, str]:
    return {"Service": f"{name}.amazonaws.com"}


ADMIN_ROLE = role("admin", {"AWS": ROOT}, ALL)
LAMBDA = role("worker", service("lambda"), ALL)
EC2 = role("server", service("ec2"), ALL, InstanceProfileList=[{"Arn": arn("instance-profile", "server")}])
BOSS = user("boss", ALL)
READ = allow("s3:GetObject")
LIMIT = {"PermissionsBoundary": {"PermissionsBoundaryArn": arn("policy", "limit")}}
LIMITED = policy("limit", allow(["s3:*", "iam:*"], "*"), READ)
ONLY_S3 = policy("limit", allow("s3:*"))
TO_ADMIN = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}}
TO_READER = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
LAMBDA_STEPS = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]
VIA_LAMBDA = "iam:PassRole and lambda:CreateFunction and lambda:InvokeFunction → role worker"
ME = arn("user", "ana")


def passes(action: Any, condition: Any = None) -> list[dict[str, Any]]:
    return [allow("iam:PassRole", "*", condition), allow(action)]


def ana(*statements: Any, **more: Any) -> dict[str, Any]:
    return user("ana", *statements, **more)


# what: who is there besides; ana's way, step by step, or none.
WAYS: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("nothing at all", [ana(), BOSS, ADMIN_ROLE], []),
    ("reads", [ana(READ), BOSS, ADMIN_ROLE], []),
    ("attaches to herself", [ana(allow("iam:AttachUserPolicy"))], ["iam:AttachUserPolicy → itself"]),
    ("in any case of letters", [ana(allow("IAM:attachuserpolicy"))], ["iam:AttachUserPolicy → itself"]),
    ("by a pattern", [ana(allow("iam:*UserPolicy"))], ["iam:AttachUserPolicy → itself"]),
    ("by all but", [ana({"Effect": "Allow", "NotAction": "s3:*", "Resource": ME})], ["iam:AttachUserPolicy → itself"]),
    ("on others only", [ana(allow("iam:AttachUserPolicy", arn("user", "ben")))], []),
    (
        "on all but herself",
        [ana({"Effect": "Allow", "Action": "iam:PutUserPolicy", "NotResource": ME})],
        [],
    ),
    ("on her own name", [ana(allow("iam:PutUserPolicy", arn("user", "${aws:username}")))], ["iam:PutUserPolicy → itself"]),
    ("only reading policies", [ana(allow("iam:AttachUserPolicy", "*", TO_READER))], []),
    ("administrator's policy", [ana(allow("iam:AttachUserPolicy", "*", TO_ADMIN))], ["iam:AttachUserPolicy → itself"]),
    ("with MFA", [ana(allow("iam:PutUserPolicy", "*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))],
     ["iam:PutUserPolicy → itself"]),
    ("only with a boundary", [ana(allow("iam:PutUserPolicy", "*", {"StringEquals": {"iam:PermissionsBoundary": "x"}}))], []),
    ("what cannot be told", [ana(allow("iam:PutUserPolicy", "*", {"StringEquals": {"some:Key": "x"}}))], []),
    ("denied", [ana(allow("iam:*"), deny("iam:*"))], []),
    ("denied for herself", [ana(allow("iam:PutUserPolicy"), deny("iam:Put*", ME))], []),
    ("denied without MFA", [ana(allow("iam:PutUserPolicy"), deny("*", "*", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))],
     ["iam:PutUserPolicy → itself"]),
    ("denied the administrator's policy", [ana(allow("iam:AttachUserPolicy"), deny("iam:*", "*", TO_ADMIN))], []),
    ("denied another's policy", [ana(allow("iam:AttachUserPolicy"), deny("iam:*", "*", TO_READER))],
     ["iam:AttachUserPolicy → itself"]),
    ("her group", [ana(GroupList=["staff"]), group("staff", allow("iam:PutGroupPolicy"))], ["iam:PutGroupPolicy → group staff"]),
    ("another group", [ana(allow("iam:PutGroupPolicy", arn("group", "others")), GroupList=["staff"]), group("staff")], []),
    ("a group denies", [ana(allow("iam:PutUserPolicy"), GroupList=["staff"]), group("staff", deny("iam:*"))], []),
    ("joins the administrators", [ana(allow("iam:AddUserToGroup")), group("admins", ALL)], ["iam:AddUserToGroup → group admins"]),
    ("joins nobody special", [ana(allow("iam:AddUserToGroup")), group("staff", READ)], []),
    ("rewrites her policy", [ana(**held("p")), policy("p", allow("iam:CreatePolicyVersion"))],
     ["iam:CreatePolicyVersion → policy p"]),
    ("rewrites a policy not hers", [ana(allow("iam:CreatePolicyVersion")), policy("p", READ)], []),
    ("goes back to an old version", [ana(**held("p")), policy("p", allow("iam:SetDefaultPolicyVersion"), ALL)],
     ["iam:SetDefaultPolicyVersion → v1 of policy p"]),
    ("goes back to nothing much", [ana(**held("p")), policy("p", allow("iam:SetDefaultPolicyVersion"), READ)], []),
    ("another's key", [ana(allow("iam:CreateAccessKey")), BOSS], ["iam:CreateAccessKey → user boss"]),
    ("her own key", [ana(allow("iam:CreateAccessKey", arn("user", "${aws:username}"))), BOSS], []),
    ("a key of nobody special", [ana(allow("iam:CreateAccessKey")), user("ben", READ)], []),
    ("a first password", [ana(allow("iam:CreateLoginProfile")), BOSS], ["iam:CreateLoginProfile → user boss"]),
    ("a new password where there is none", [ana(allow("iam:UpdateLoginProfile")), BOSS], []),
    ("assumes", [ana(allow("sts:AssumeRole")), ADMIN_ROLE], ["sts:AssumeRole → role admin"]),
    ("assumes that role", [ana(allow("sts:AssumeRole", arn("role", "admin"))), ADMIN_ROLE], ["sts:AssumeRole → role admin"]),
    ("assumes another", [ana(allow("sts:AssumeRole", arn("role", "x"))), ADMIN_ROLE], []),
    ("trusted by name", [ana(), role("admin", {"AWS": ME}, ALL)], ["sts:AssumeRole → role admin"]),
    ("trusted by name, denied", [ana(deny("sts:*")), role("admin", {"AWS": ME}, ALL)], []),
    ("trusts another", [ana(allow("sts:*")), role("admin", {"AWS": arn("user", "ben")}, ALL)], []),
    ("trusts another account", [ana(allow("sts:*")), role("admin", {"AWS": "arn:aws:iam::999988887777:root"}, ALL)], []),
    ("trusts her tag", [ana(allow("sts:*"), Tags=[{"Key": "Team", "Value": "ops"}]),
                        role("admin", {"AWS": ROOT}, ALL, condition={"StringEquals": {"aws:PrincipalTag/team": "ops"}})],
     ["sts:AssumeRole → role admin"]),
    ("trusts another tag", [ana(allow("sts:*")),
                            role("admin", {"AWS": ROOT}, ALL, condition={"StringEquals": {"aws:PrincipalTag/team": "ops"}})], []),
    ("trusts another ARN", [ana(allow("sts:*")),
                            role("admin", {"AWS": ROOT}, ALL, condition={"ArnLike": {"aws:PrincipalArn": "*role/ops"}})], []),
    ("trusts with an ID", [ana(allow("sts:*")),
                           role("admin", {"AWS": ROOT}, ALL, condition={"StringEquals": {"sts:ExternalId": "x"}})],
     ["sts:AssumeRole → role admin"]),
    ("changes the trust", [ana(allow("iam:UpdateAssumeRolePolicy")), LAMBDA], ["iam:UpdateAssumeRolePolicy → role worker"]),
    ("of AWS's role", [ana(allow("iam:UpdateAssumeRolePolicy")),
                       LAMBDA | {"Arn": arn("role", "aws-service-role/x.amazonaws.com/x")}], []),
    ("of Identity Center's role", [ana(allow(["iam:UpdateAssumeRolePolicy", "iam:PassRole"])),
                                   LAMBDA | {"Arn": arn("role", "aws-reserved/sso.amazonaws.com/x")}], []),
    ("of Control Tower's role", [ana(allow("iam:UpdateAssumeRolePolicy")),
                                 role("AWSControlTowerExecution", {"AWS": "999988887777"}, ALL)], []),
    ("lambda", [ana(allow(LAMBDA_STEPS)), LAMBDA], [VIA_LAMBDA]),
    ("lambda, never run", [ana(allow(LAMBDA_STEPS[:2])), LAMBDA], []),
    ("lambda, no role to pass", [ana(allow(LAMBDA_STEPS[1:])), LAMBDA], []),
    ("lambda, passed to EC2 only", [ana(*passes("lambda:*", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})), LAMBDA], []),
    ("lambda, passed to it only", [ana(*passes("lambda:*", {"StringLike": {"iam:PassedToService": "lambda.*"}})), LAMBDA], [VIA_LAMBDA]),
    ("lambda, passing denied", [ana(allow("lambda:*"), allow("iam:PassRole"), deny("iam:PassRole")), LAMBDA], []),
    ("lambda, another role", [ana(allow("lambda:*"), allow("iam:PassRole", arn("role", "x"))), LAMBDA], []),
    ("lambda, of some names", [ana(allow("iam:PassRole"), allow("lambda:*", f"arn:aws:lambda:*:{ACCOUNT}:function:dev-*")), LAMBDA], [VIA_LAMBDA]),
    ("lambda, a role of little", [ana(allow(LAMBDA_STEPS)), role("worker", service("lambda"), READ)], []),
    ("lambda, a role of EC2", [ana(allow(LAMBDA_STEPS)), EC2], []),
    ("ec2", [ana(allow(["ec2:RunInstances", "iam:PassRole"])), EC2], ["iam:PassRole and ec2:RunInstances → role server"]),
    ("ec2, no profile", [ana(allow(["ec2:RunInstances", "iam:PassRole"])), role("server", service("ec2"), ALL)], []),
    *[
        (name, [ana(*passes(f"{prefix}:*")), role("r", service(name), ALL)], [f"iam:PassRole and {steps} → role r"])
        for name, prefix, steps in (
            ("cloudformation", "cloudformation", "cloudformation:CreateStack"),
            ("glue", "glue", "glue:CreateDevEndpoint"),
            ("ecs-tasks", "ecs", "ecs:RegisterTaskDefinition and ecs:RunTask"),
            ("sagemaker", "sagemaker", "sagemaker:CreateNotebookInstance and sagemaker:CreatePresignedNotebookInstanceUrl"),
            ("codebuild", "codebuild", "codebuild:CreateProject and codebuild:StartBuild"),
            ("scheduler", "scheduler", "scheduler:CreateSchedule"),
            ("states.eu-west-1", "states", "states:CreateStateMachine and states:StartExecution"),
            ("datapipeline", "datapipeline",
             "datapipeline:CreatePipeline and datapipeline:PutPipelineDefinition and datapipeline:ActivatePipeline"),
        )
    ],
    ("a boundary in between", [ana(allow("iam:*"), **LIMIT), ONLY_S3, BOSS], []),
    ("a boundary that leaves IAM", [ana(allow(["iam:PutUserPolicy", "iam:CreateAccessKey"]), **LIMIT), LIMITED, BOSS],
     ["iam:CreateAccessKey → user boss"]),
    ("a boundary she can lift", [ana(ALL, **LIMIT), LIMITED], ["iam:DeleteUserPermissionsBoundary → itself"]),
    ("a boundary she cannot lift", [ana(ALL, **LIMIT), ONLY_S3], []),
    ("lifting gives her nothing", [ana(allow(["iam:DeleteUserPermissionsBoundary", "s3:*"]), **LIMIT), LIMITED], []),
    ("the bounded are no administrators", [ana(allow("iam:CreateAccessKey")), user("ben", ALL, **LIMIT), ONLY_S3], []),
    ("makes a role", [ana(allow(["iam:CreateRole", "iam:AttachRolePolicy"]))], ["iam:CreateRole and iam:AttachRolePolicy → new role"]),
    ("makes a role of some names", [ana(allow(["iam:CreateRole", "iam:PutRolePolicy"], arn("role", "app-*")))],
     ["iam:CreateRole and iam:PutRolePolicy → new role"]),
    ("makes roles of the account's", [ana(allow(["iam:CreateRole", "iam:PutRolePolicy"], "arn:aws:iam::*:role/app-?/*"))],
     ["iam:CreateRole and iam:PutRolePolicy → new role"]),
    ("names that meet", [ana(allow("iam:CreateRole", arn("role", "app-*")), allow("iam:PutRolePolicy", arn("role", "app-x-*")))],
     ["iam:CreateRole and iam:PutRolePolicy → new role"]),
    ("names that do not", [ana(allow("iam:CreateRole", arn("role", "app-*")), allow("iam:PutRolePolicy", arn("role", "db-*")))], []),
    ("makes roles within a boundary", [ana(allow("iam:CreateRole", "*", {"StringEquals": {"iam:PermissionsBoundary": arn("policy", "limit")}}),
                                           allow("iam:PutRolePolicy"))], []),
    ("makes a role, giving it little", [ana(allow("iam:CreateRole"), allow("iam:AttachRolePolicy", "*", TO_READER))], []),
    ("makes a role, taking none", [ana(allow(["iam:CreateRole", "iam:PutRolePolicy"]), deny("sts:*"))], []),
    ("makes AWS's roles only", [ana(allow(["iam:CreateRole", "iam:PutRolePolicy"], arn("role", "aws-service-role/*")))], []),
    ("makes roles, guarded", [ana(allow(["iam:CreateRole", "iam:PutRolePolicy"]), deny("iam:Put*", "*", {"StringNotEquals": {"iam:PermissionsBoundary": "x"}}))], []),
    ("makes roles elsewhere", [ana(allow(["iam:CreateRole", "iam:PutRolePolicy"], "arn:aws:iam::999988887777:role/*"))], []),
    ("makes a user", [ana(allow(["iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"], arn("user", "new-*")))],
     ["iam:CreateUser and iam:PutUserPolicy and iam:CreateAccessKey → new user"]),
    ("makes a user of a group", [ana(allow(["iam:CreateUser", "iam:CreateLoginProfile"], arn("user", "new-*")), allow("iam:AddUserToGroup")), group("admins", ALL)],
     ["iam:AddUserToGroup → group admins"]),
    ("makes a user without a key", [ana(allow(["iam:CreateUser", "iam:PutUserPolicy"], arn("user", "new-*")))], []),
    ("makes a group", [ana(allow(["iam:CreateGroup", "iam:PutGroupPolicy", "iam:AddUserToGroup"]))],
     ["iam:CreateGroup and iam:PutGroupPolicy and iam:AddUserToGroup → new group"]),
    ("a boundary she can replace", [ana(ALL, **LIMIT), policy("limit", allow(["s3:*", "iam:PutUserPermissionsBoundary"]))],
     ["iam:PutUserPermissionsBoundary → itself"]),
    ("a boundary she can take back", [ana(ALL, **LIMIT), policy("limit", allow(["s3:*", "iam:SetDefaultPolicyVersion"]), ALL)],
     ["iam:SetDefaultPolicyVersion → v1 of boundary limit"]),
    ("lifts, then raises", [ana(allow(["iam:DeleteUserPermissionsBoundary", "iam:PutUserPolicy"]), **LIMIT), LIMITED],
     ["iam:DeleteUserPermissionsBoundary and iam:PutUserPolicy → itself"]),
    ("no room for a version", [ana(**held("p")), policy("p", allow("iam:CreatePolicyVersion"), READ, READ, READ, READ)], []),
    ("room made for a version", [ana(**held("p")), policy("p", allow("iam:*PolicyVersion"), READ, READ, READ, READ)],
     ["iam:CreatePolicyVersion → policy p"]),
    ("in this account only", [ana(allow("iam:PutUserPolicy", "*", {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}))],
     ["iam:PutUserPolicy → itself"]),
    ("in this organization only", [ana(allow("iam:PutUserPolicy"), deny("*", "*", {"StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}))],
     ["iam:PutUserPolicy → itself"]),
    ("all but IAM, by a deny", [ana(ALL, deny("iam:*"))], []),
    ("ec2, with another profile", [ana(*passes("x:y"), allow("ec2:RunInstances", "*", {"ArnEquals": {"ec2:InstanceProfile": "x"}})), EC2], []),
    ("ec2, small ones", [ana(*passes("x:y"), allow("ec2:RunInstances", "*", {"StringLike": {"ec2:InstanceType": "t3.*"}})), EC2],
     ["iam:PassRole and ec2:RunInstances → role server"]),
    ("change sets", [ana(*passes("cloudformation:*ChangeSet")), role("r", service("cloudformation"), ALL)],
     ["iam:PassRole and cloudformation:CreateChangeSet and cloudformation:ExecuteChangeSet → role r"]),
    ("automation", [ana(*passes("ssm:*")), role("r", service("ssm"), ALL)],
     ["iam:PassRole and ssm:CreateDocument and ssm:StartAutomationExecution → role r"]),
    ("batch", [ana(*passes("batch:*")), role("r", service("ecs-tasks"), ALL)],
     ["iam:PassRole and batch:RegisterJobDefinition and batch:SubmitJob → role r"]),
    ("two roles", [ana(allow("sts:AssumeRole", arn("role", "ci"))), role("ci", {"AWS": ROOT}, allow("sts:AssumeRole")), ADMIN_ROLE],
     ["sts:AssumeRole → role ci", "sts:AssumeRole → role admin"]),
    ("a role that raises itself", [ana(allow("sts:AssumeRole", arn("role", "ci"))), role("ci", {"AWS": ROOT}, allow("iam:*RolePolicy"))],
     ["sts:AssumeRole → role ci", "iam:AttachRolePolicy → itself"]),
    ("raises a role, then takes it", [ana(allow("iam:PutRolePolicy"), allow("sts:AssumeRole", arn("role", "ci"))),
                                      role("ci", {"AWS": ROOT}, READ)],
     ["iam:PutRolePolicy → role ci", "sts:AssumeRole → role ci"]),
    ("raises a role she cannot take", [ana(allow("iam:PutRolePolicy")), role("ci", {"AWS": ROOT}, READ)], []),
    ("three", [ana(), role("a", {"AWS": ME}, allow("sts:AssumeRole", arn("role", "b"))),
               role("b", {"AWS": ROOT}, *passes("ec2:RunInstances")), EC2],
     ["sts:AssumeRole → role a", "sts:AssumeRole → role b", "iam:PassRole and ec2:RunInstances → role server"]),
    ("the shortest", [ana(allow("sts:AssumeRole"), allow("iam:PutUserPolicy")), role("a", {"AWS": ROOT}, allow("sts:*")), ADMIN_ROLE],
     ["iam:PutUserPolicy → itself"]),
    ("round in circles", [ana(allow("sts:AssumeRole")), role("a", {"AWS": ROOT}, allow("sts:*")), role("b", {"AWS": ROOT}, allow("sts:*"))], []),
]  # fmt: skip


def account(things: Sequence[dict[str, Any]]) -> Account:
    def having(key: str) -> list[Any]:
        return [thing for thing in things if key in thing]

    groups, managed = having("GroupPolicyList"), having("PolicyVersionList")
    found = identities(having("UserName"), groups, having("RoleName"), managed)
    return Account(found, mighty_groups(groups, managed), {one.arn: SignIn() for one in found})


@pytest.mark.parametrize(("things", "expected"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS])
def test_ways(things: list[dict[str, Any]], expected: list[str]) -> None:
    assert list(ways(account(things)).get(ME, ())) == expected


def test_a_password_is_of_no_use_where_mfa_is_asked_for() -> None:
    things = [ana(allow("iam:*LoginProfile")), BOSS]
    boss = arn("user", "boss")
    for sign_in, expected in (
        (SignIn(password=True), ("iam:UpdateLoginProfile → user boss",)),
        (SignIn(password=True, mfa=True), ()),
    ):
        found = account(things)
        assert ways(Account(found.identities, {}, {boss: sign_in})).get(ME, ()) == expected
    assert ME not in ways(Account(account(things).identities)), "a user the report does not know yet"


def test_a_third_key_cannot_be_made() -> None:
    for action, expected in (("iam:CreateAccessKey", ()), ("iam:*AccessKey", ("iam:CreateAccessKey → user boss",))):
        found = account([ana(allow(action)), BOSS])
        sign_in = {arn("user", "boss"): SignIn(mfa=True, keys=2)}
        assert ways(Account(found.identities, {}, sign_in)).get(ME, ()) == expected


POOL = [
    *(allow(action) for action in ("iam:PutUserPolicy", "iam:CreateAccessKey", "sts:AssumeRole", "iam:PassRole")),
    *(allow(action) for action in ("lambda:*", "ec2:RunInstances", "iam:PutRolePolicy", "iam:AddUserToGroup", "s3:*")),
    allow("iam:*", arn("role", "ci")),
]
DENIES = [deny("iam:*"), deny("sts:AssumeRole", arn("role", "ci")), deny("iam:PassRole"), deny("iam:Put*", ME)]
AROUND = [BOSS, ADMIN_ROLE, LAMBDA, EC2, role("ci", {"AWS": ROOT}, allow("sts:AssumeRole")), group("admins", ALL)]

allows, denials = st.lists(st.sampled_from(POOL)), st.lists(st.sampled_from(DENIES))
around = st.permutations(AROUND).flatmap(lambda found: st.integers(0, len(found)).map(lambda n: found[:n]))


def way(statements: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return ways(account([ana(*statements), *others])).get(ME, ())


@given(allows, denials, around)
def test_whoever_is_denied_everything_has_no_way(more: list[Any], less: list[Any], others: list[Any]) -> None:
    assert way([*more, *less, deny("*")], others) == ()


@given(allows, denials, st.sampled_from(POOL), around)
def test_one_more_permission_makes_no_way_longer(
    more: list[Any], less: list[Any], another: dict[str, Any], others: list[Any]
) -> None:
    before, after = way([*more, *less], others), way([*more, another, *less], others)
    assert not before or 0 < len(after) <= len(before)


@given(allows, denials, st.sampled_from(DENIES), around)
def test_one_more_deny_makes_no_way_shorter(
    more: list[Any], less: list[Any], another: dict[str, Any], others: list[Any]
) -> None:
    before, after = way([*more, *less], others), way([*more, *less, another], others)
    assert not after or 0 < len(before) <= len(after)


@given(allows, denials, around, st.randoms())
def test_the_order_of_things_does_not_matter(more: list[Any], less: list[Any], others: list[Any], by: Any) -> None:
    mixed, shuffled = [*more, *less], list(others)
    by.shuffle(mixed)
    by.shuffle(shuffled)
    found = way([*more, *less], others)
    assert len(way(mixed, shuffled)) == len(found) <= len(others) + 1


def test_reads_users_and_roles_with_aws_own_policies(aws: Region) -> None:
    iam = boto3.client("iam")
    iam.create_user(UserName="ana", Tags=[{"Key": "team", "Value": "data"}])
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.create_user(UserName="boss")
    iam.add_user_to_group(GroupName="admins", UserName="boss")
    iam.attach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    for name, path in (("job", "/"), ("aws", "/aws-reserved/sso.amazonaws.com/"), ("AWSControlTowerExecution", "/")):
        text = json.dumps({"Version": "2012-10-17", "Statement": []})
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=text)
    found = {one["name"]: one for one in standings.stream(aws)}
    assert sorted(found) == ["ana", "boss", "job"]
    assert found["ana"]["path"] == ["iam:AttachUserPolicy → itself"]
    assert found["ana"]["tags"] == [{"Key": "team", "Value": "data"}]
    assert found["boss"]["by"] == ["AdministratorAccess of group admins"]
    assert (found["boss"]["attached"], found["job"]["path"], found["job"]["unread"]) == ([], [], [])
