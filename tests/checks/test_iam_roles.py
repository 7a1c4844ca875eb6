"""IAM roles: whom they let in, and what services may do with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import iam_roles
from checks.iam import roles
from checks.iam_roles import management_account
from checks.kit import NotApplicable
from tests.checks.cases import Case

NAMED = iam_roles.role_names_whom_it_trusts
EXTERNAL = iam_roles.role_for_another_account_wants_external_id
SERVICE = iam_roles.service_role_is_no_administrator

OWN, MANAGEMENT, OTHER = "123456789012", "111122223333", "444455556666"
GITHUB, EKS = "token.actions.githubusercontent.com", "oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF0123456789"
ANYONE = "may be assumed by anyone in any AWS account"


def allow(principal: Any, condition: Any = None, action: str = "sts:AssumeRole") -> dict[str, Any]:
    found = {"Effect": "Allow", "Principal": principal, "Action": action}
    return found | ({"Condition": condition} if condition else {})


def role(*statements: dict[str, Any], path: str = "/", attached: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "Path": path,
        "RoleName": "job",
        "Arn": f"arn:aws:iam::{OWN}:role{path}job",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
        "AttachedManagedPolicies": [{"PolicyArn": arn, "PolicyName": arn.split("/")[-1]} for arn in attached],
    }


def oidc(condition: Any, host: str = GITHUB) -> dict[str, Any]:
    provider = {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/{host}"}
    return role(allow(provider, condition, "sts:AssumeRoleWithWebIdentity"))


def social(host: str, condition: Any) -> dict[str, Any]:
    return role(allow({"Federated": host}, condition, "sts:AssumeRoleWithWebIdentity"))


def sub(value: Any, operator: str = "StringLike", host: str = GITHUB) -> dict[str, Any]:
    return {operator: {f"{host}:sub": value}, "stringEquals": {f"{host}:aud": "sts.amazonaws.com"}}


def bounded(arn: str) -> dict[str, Any]:
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


OPEN_GITHUB = f"may be assumed by anyone with a token of {GITHUB}"
OPEN_EKS = f"may be assumed by anyone with a token of {EKS}"
BITBUCKET = "api.bitbucket.org/2.0/workspaces/northwind/pipelines-config/identity/oidc"
OKTA = "northwind.okta.com/oauth2/default"
SENTINEL = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/"
OPEN_GITLAB = "may be assumed by anyone with a token of gitlab.com"
OPEN_SENTINEL = f"may be assumed by anyone with a token of {SENTINEL}"
POOL = "eu-west-1:00000000-1111-2222-3333-444444444444"
COGNITO = "cognito-identity.amazonaws.com"
SAML = {"Federated": f"arn:aws:iam::{OWN}:saml-provider/okta"}
EC2 = {"Service": "ec2.amazonaws.com"}
VENDOR = {"AWS": f"arn:aws:iam::{OTHER}:root"}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = f"arn:aws:iam::{OWN}:policy/everything"
INLINE = {
    "PolicyName": "all",
    "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
}
MIGHTY = "is an administrator and is assumed by ec2.amazonaws.com"
TRUSTS_VENDOR = f"trusts account {OTHER} without an external ID"

CASES = [
    Case(NAMED, [role(allow(EC2))], None),
    Case(NAMED, [role(allow({"AWS": OTHER}))], None),
    Case(NAMED, [role(allow(SAML, {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}))], None),
    Case(NAMED, [role(allow({"AWS": "*"}))], ANYONE),
    Case(NAMED, [role(allow("*", {"StringEquals": {"sts:ExternalId": "secret"}}))], ANYONE),
    Case(NAMED, [role(allow("*", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))], None),
    Case(NAMED, [role(allow("*", action="sts:TagSession"), allow(EC2))], None),
    Case(NAMED, [role({"Effect": "Allow", "Principal": "*", "NotAction": "sts:TagSession"})], ANYONE),
    Case(NAMED, [role(allow("*"), path="/aws-reserved/sso.amazonaws.com/")], NotApplicable),
    Case(NAMED, [role(allow(EC2), path="/aws-service-role/x.amazonaws.com/")], NotApplicable),
    Case(NAMED, [oidc(sub("repo:northwind/shop:ref:refs/heads/main", "StringEquals"))], None),
    Case(NAMED, [oidc(sub("repo:northwind/*"))], None),
    Case(NAMED, [oidc(sub(["repo:northwind/shop:*", "repo:northwind/site:*"]))], None),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:job_workflow_ref": "northwind/ci/.github/x.yml@main"}})], None),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:repository_id": "1296269"}})], None),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:actor": "octocat"}})], None),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:actor": "dependabot[bot]"}})], OPEN_GITHUB),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:ref": "refs/heads/main"}})], OPEN_GITHUB),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:environment": "production"}})], OPEN_GITHUB),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:workflow": "deploy"}})], OPEN_GITHUB),
    Case(NAMED, [oidc({"StringEquals": {f"{BITBUCKET}:aud": "ari:cloud:bitbucket::workspace/1"}}, BITBUCKET)], None),
    Case(NAMED, [oidc({"StringEquals": {f"{OKTA}:aud": "0oa1b2c3d4e5"}}, OKTA)], None),
    Case(NAMED, [oidc({"StringLike": {f"{OKTA}:aud": "*"}}, OKTA)], f"may be assumed by anyone with a token of {OKTA}"),
    Case(NAMED, [oidc({"StringEquals": {"northwind.eu.auth0.com:aud": "client"}}, "northwind.eu.auth0.com")], None),
    Case(
        NAMED,
        [oidc({"StringEquals": {"login.example.org:aud": "sts.amazonaws.com"}}, "login.example.org")],
        "may be assumed by anyone with a token of login.example.org",
    ),
    Case(
        NAMED,
        [oidc({"StringEquals": {"app.terraform.io:aud": "aws.workload.identity"}}, "app.terraform.io")],
        "may be assumed by anyone with a token of app.terraform.io",
    ),
    Case(NAMED, [oidc({"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}}, "gitlab.com")], OPEN_GITLAB),
    Case(NAMED, [oidc({"StringEquals": {"api.pulumi.com/oidc:aud": "northwind"}}, "api.pulumi.com/oidc")], None),
    Case(NAMED, [oidc({"StringEquals": {f"{SENTINEL}:aud": "api://1462b192"}}, SENTINEL)], OPEN_SENTINEL),
    Case(
        NAMED,
        [
            oidc(
                {
                    "StringEquals": {
                        f"{SENTINEL}:aud": "api://1462b192",
                        "sts:RoleSessionName": "MicrosoftSentinel_1a2b",
                    }
                },
                SENTINEL,
            )
        ],
        None,
    ),
    Case(NAMED, [oidc({"StringEquals": {"sts:RoleSessionName": "deploy"}})], OPEN_GITHUB),
    Case(NAMED, [oidc(None)], OPEN_GITHUB),
    Case(NAMED, [oidc({"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}})], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("*"))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("repo:*"))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("repo:northwind*"))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub(["repo:northwind/*", "repo:*/shop:*"]))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("repo:evil/x", "StringNotEquals"))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("repo:northwind/*", "StringLikeIfExists"))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("repo:northwind/*", "ForAllValues:StringLike"))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("system:serviceaccount:shop:web", host="oidc.example.com"))], OPEN_GITHUB),
    Case(NAMED, [oidc(sub("system:serviceaccount:shop:*", host=EKS), EKS)], None),
    Case(NAMED, [oidc({"StringEquals": {f"{EKS}:aud": "sts.amazonaws.com"}}, EKS)], OPEN_EKS),
    Case(NAMED, [oidc(sub("{11111111-2222}:*", host="api.example.org/w/acme"), "api.example.org/w/acme")], None),
    Case(NAMED, [social(COGNITO, {"StringEquals": {f"{COGNITO}:aud": POOL}})], None),
    Case(
        NAMED,
        [social(COGNITO, {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}})],
        f"may be assumed by anyone with a token of {COGNITO}",
    ),
    Case(EXTERNAL, [role(allow(VENDOR, {"StringEquals": {"sts:ExternalId": "nw-7f3a"}})), MANAGEMENT], None),
    Case(EXTERNAL, [role(allow(VENDOR, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})), ""], None),
    Case(EXTERNAL, [role(allow(VENDOR)), MANAGEMENT], TRUSTS_VENDOR),
    Case(EXTERNAL, [role(allow(VENDOR, {"Bool": {"aws:MultiFactorAuthPresent": "true"}})), ""], None),
    Case(EXTERNAL, [role(allow(VENDOR, {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}})), ""], TRUSTS_VENDOR),
    Case(
        EXTERNAL,
        [role(allow(VENDOR)) | {"RoleName": "aws-controltower-ReadOnlyExecutionRole"}, MANAGEMENT],
        NotApplicable,
    ),
    Case(EXTERNAL, [role(allow(VENDOR)) | {"RoleName": "aws-controltower-like"}, ""], TRUSTS_VENDOR),
    Case(EXTERNAL, [role(allow({"AWS": [OWN, OTHER]})), ""], TRUSTS_VENDOR),
    Case(EXTERNAL, [role(allow({"AWS": f"arn:aws:sts::{OTHER}:assumed-role/x/y"})), ""], TRUSTS_VENDOR),
    Case(EXTERNAL, [role(allow(VENDOR, {"StringLike": {"sts:ExternalId": "*"}})), ""], TRUSTS_VENDOR),
    Case(EXTERNAL, [role(allow(VENDOR, {"StringEqualsIfExists": {"sts:ExternalId": "x"}})), ""], TRUSTS_VENDOR),
    Case(EXTERNAL, [role(allow(VENDOR, {"StringNotEquals": {"sts:ExternalId": "x"}})), ""], TRUSTS_VENDOR),
    Case(EXTERNAL, [role(allow({"AWS": f"arn:aws:iam::{MANAGEMENT}:root"})), MANAGEMENT], NotApplicable),
    Case(EXTERNAL, [role(allow({"AWS": f"arn:aws:iam::{OWN}:root"})), MANAGEMENT], NotApplicable),
    Case(EXTERNAL, [role(allow({"AWS": "AROAEXAMPLEID"})), MANAGEMENT], NotApplicable),
    Case(EXTERNAL, [role(allow("*")), ""], NotApplicable),
    Case(EXTERNAL, [role(allow("*", {"StringEquals": {"aws:PrincipalAccount": OTHER}})), ""], TRUSTS_VENDOR),
    Case(
        EXTERNAL, [role(allow("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}})), ""], NotApplicable
    ),
    Case(EXTERNAL, [role(allow(EC2)), ""], NotApplicable),
    Case(EXTERNAL, [role(allow(VENDOR), path="/aws-reserved/sso.amazonaws.com/"), ""], NotApplicable),
    Case(SERVICE, [role(allow(EC2), attached=("arn:aws:iam::aws:policy/ReadOnlyAccess",)), set()], None),
    Case(SERVICE, [role(allow(EC2), attached=(ADMIN,)), set()], MIGHTY),
    Case(SERVICE, [role(allow(EC2), attached=(ADMIN.replace(":aws:", ":aws-cn:", 1),)), set()], MIGHTY),
    Case(SERVICE, [role(allow(EC2), attached=(ADMIN,)) | bounded(EVERYTHING), set()], None),
    Case(SERVICE, [role(allow(EC2), attached=(ADMIN,)) | bounded(EVERYTHING), {EVERYTHING}], MIGHTY),
    Case(SERVICE, [role(allow(EC2), attached=(ADMIN,)) | bounded(ADMIN), set()], MIGHTY),
    Case(SERVICE, [role(allow({"AWS": OWN}), attached=(ADMIN,)), set()], NotApplicable),
    Case(SERVICE, [role(allow(EC2), attached=(EVERYTHING,)), {EVERYTHING}], MIGHTY),
    Case(SERVICE, [role(allow(EC2), attached=(EVERYTHING,)), set()], None),
    Case(SERVICE, [role(allow(EC2)) | {"RolePolicyList": [INLINE]}, set()], MIGHTY),
    Case(SERVICE, [role(allow(EC2), path="/aws-service-role/x/", attached=(ADMIN,)), set()], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_own_accounts_can_be_named() -> None:
    assert Case(EXTERNAL, [role(allow(VENDOR)), ""], None).outcome(own_accounts=[OTHER]) is NotApplicable


def test_reads_the_organization_or_that_there_is_none(aws: Region) -> None:
    boto3.client("iam").create_role(RoleName="job", AssumeRolePolicyDocument="{}")
    (job,) = roles.stream(aws)
    assert management_account.read(aws, job) == ""
    boto3.client("organizations").create_organization(FeatureSet="ALL")
    later = Region(aws.clients, aws.account, aws.region)
    assert management_account.read(later, job) == OWN


def test_only_what_makes_it_an_administrator_is_detached() -> None:
    reader = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    plan = iam_roles.take_administrator.plan(role(allow(EC2), attached=(reader, ADMIN, EVERYTHING)), {EVERYTHING})
    assert [call.params["PolicyArn"] for call in plan.do] == [ADMIN, EVERYTHING]
    for of in (role(allow(EC2), attached=(reader,)), role(allow(EC2)) | {"RolePolicyList": [INLINE]}):
        with pytest.raises(NotApplicable):
            iam_roles.take_administrator.plan(of, set())


def test_trust_in_anyone_is_taken_back_and_a_role_may_be_left_trusting_nobody() -> None:
    plan = iam_roles.trust_nobody_unnamed.plan(role(allow("*"), allow(EC2)))
    assert json.loads(plan.do[0].params["PolicyDocument"])["Statement"] == [allow(EC2)]
    alone = iam_roles.trust_nobody_unnamed.plan(role(allow({"AWS": "*"})))
    assert alone.do[0].params["PolicyDocument"] == iam_roles.NOBODY
    open_both: Any = role(allow("*"), *oidc(None)["AssumeRolePolicyDocument"]["Statement"])
    for of in (open_both, oidc(None), role(allow(EC2))):
        with pytest.raises(NotApplicable):
            iam_roles.trust_nobody_unnamed.plan(of)


def mighty_server(aws: boto3.Session) -> None:
    iam = aws.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [allow(EC2)]}
    iam.create_role(RoleName="server", AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName="server", PolicyArn=ADMIN)
    iam.attach_role_policy(RoleName="server", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def open_role(aws: boto3.Session) -> None:
    trust = role(allow({"AWS": "*"}), allow({"Service": "ec2.amazonaws.com"}))["AssumeRolePolicyDocument"]
    aws.client("iam").create_role(RoleName="job", AssumeRolePolicyDocument=json.dumps(trust))


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {SERVICE.id: mighty_server, NAMED.id: open_role}
