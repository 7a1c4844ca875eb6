"""Policy documents: who may do what, and whether that is everyone."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.documents import Principal, allows_everything, public_grants, statements, trusted
from checks.kit import Unknown

ORG = {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::northwind/*"} | elements


def deny(**elements: Any) -> dict[str, Any]:
    return allow(**elements) | {"Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


ADMINISTRATORS = [
    ("AdministratorAccess", [allow(Action="*", Resource="*")], True),
    ("lists", [allow(Action=["ec2:*", "*"], Resource=["arn:aws:s3:::x", "*"])], True),
    ("*:*", [allow(Action="*:*", Resource="*")], True),
    ("every ARN", [allow(Action="*", Resource="arn:aws:*:*:*:*")], True),
    ("any partition", [allow(Action="*", Resource="arn:*")], True),
    (
        "only with MFA",
        [allow(Action="*", Resource="*", Condition={"Bool": {"aws:MultiFactorAuthPresent": True}})],
        True,
    ),
    ("one service", [allow(Action="s3:*", Resource="*")], False),
    ("one bucket", [allow(Action="*", Resource="arn:aws:s3:::northwind/*")], False),
    ("all but IAM", [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], False),
    ("all but a little of IAM", [{"Effect": "Allow", "NotAction": ["iam:CreateUser"], "Resource": "*"}], True),
    ("all but what raises", [{"Effect": "Allow", "NotAction": ["iam:Put*Policy"], "Resource": "*"}], False),
    ("all but billing", [{"Effect": "Allow", "NotAction": ["billing:*", "account:*"], "Resource": "*"}], True),
    ("all but one of all", [{"Effect": "Allow", "NotAction": "*", "Resource": "*"}], False),
    ("one bucket spared", [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::ledger/*"}], True),
    ("IAM spared", [{"Effect": "Allow", "Action": "*", "NotResource": ["arn:aws:iam::*:role/*"]}], False),
    ("any service spared", [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:*:*:123456789012:*"}], False),
    ("nothing left", [{"Effect": "Allow", "Action": "*", "NotResource": "*"}], False),
    ("one bucket but what", [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:s3:::x"}], False),
    ("only denies", [deny(Action="*", Resource="*")], False),
    ("taken back", [allow(Action="*", Resource="*"), deny(Action="*", Resource="*")], False),
    (
        "taken back but for reading",
        [allow(Action="*", Resource="*"), {"Effect": "Deny", "NotAction": ["iam:Get*"], "Resource": "*"}],
        False,
    ),
    (
        "taken back but on one bucket",
        [allow(Action="*", Resource="*"), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::x/*"}],
        False,
    ),
    (
        "taken back elsewhere only",
        [
            allow(Action="*", Resource="*"),
            deny(Action="*", Resource="*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        ],
        True,
    ),
    (
        "IAM taken back",
        [allow(Action="*", Resource="*"), deny(Action=["iam:*", "organizations:*"], Resource="*")],
        False,
    ),
    (
        "IAM taken back in part",
        [allow(Action="*", Resource="*"), deny(Action="iam:*", Resource="arn:aws:iam::*:role/x")],
        True,
    ),
    *[
        (f"where {operator} {key}", [allow(Action="*", Resource="*", Condition={operator: {key: value}})], expected)
        for operator, key, value, expected in (
            ("StringEquals", "aws:ResourceTag/team", "web", False),
            ("StringEqualsIfExists", "aws:ResourceTag/team", "web", True),
            ("StringNotEquals", "aws:ResourceTag/team", "ops", True),
            ("StringEquals", "s3:prefix", "home/", False),
            ("StringEquals", "aws:RequestedRegion", ["eu-west-1", "eu-*"], False),
            ("StringEquals", "aws:RequestedRegion", ["eu-west-1", "us-east-1"], True),
            ("StringLike", "aws:RequestedRegion", "us-*", True),
            ("StringEquals", "aws:PrincipalTag/team", "ops", True),
        )
    ],
    ("one action denied", [allow(Action="*", Resource="*"), deny(Action="iam:CreateUser", Resource="*")], True),
]


@pytest.mark.parametrize(("found", "expected"), [row[1:] for row in ADMINISTRATORS], ids=[r[0] for r in ADMINISTRATORS])
def test_full_administrator(found: list[dict[str, Any]], expected: bool) -> None:
    assert allows_everything(policy(*found)) is expected


NARROWING = [
    {"StringEquals": ORG},
    {"stringequals": {"AWS:principalorgid": "o-a1b2c3d4e5"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}},
    {"StringEquals": {"aws:PrincipalAccount": ["111122223333", "444455556666"]}},
    {"StringEquals": {"aws:SourceAccount": 111122223333}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
    {"StringEquals": {"aws:SourceVpc": "vpc-111bbb22"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}},
    {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::northwind"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:northwind"}},
    {"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:111122223333:key/1"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}},
    {"StringLike": {"aws:userid": "AROAEXAMPLEID:*"}},
    {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}},
    {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}},
    {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:DB8:1234:5678::/64"]}},
    {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": ORG},
]

WIDE = [
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringLike": {"aws:PrincipalOrgID": "*"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5", "*"]}},
    {"StringEquals": {"aws:PrincipalOrgID": []}},
    {"StringEqualsIfExists": ORG},
    {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/r-ab12/*"}},
    {"StringNotEquals": ORG},
    {"Null": {"aws:PrincipalOrgID": "false"}},
    {"StringLike": {"aws:SourceVpce": "vpce-*"}},
    {"StringEquals": {"aws:SourceVpc": "${aws:SourceVpc}"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:northwind*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:northwind"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}},
    {"StringLike": {"aws:userid": "*:deploy"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"IpAddress": {"aws:SourceIp": "::/0"}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "::/0"]}},
    {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    {"IpAddress": {"aws:SourceIp": "the office"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"aws:PrincipalTag/team": "storage"}},
    {"StringEquals": {"aws:UserAgent": "secret"}},
    {"StringEquals": {"sts:ExternalId": "12345"}},
    {"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}},
]


@pytest.mark.parametrize("condition", NARROWING, ids=str)
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111122223333:root", "*"]}], ids=str)
def test_a_narrowing_condition_is_not_public(condition: dict[str, Any], principal: Any) -> None:
    assert not public_grants(policy(allow(Principal=principal, Condition=condition)))


@pytest.mark.parametrize("condition", WIDE, ids=str)
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111122223333:root", "*"]}], ids=str)
def test_other_conditions_leave_it_public(condition: dict[str, Any], principal: Any) -> None:
    assert public_grants(policy(allow(Principal=principal, Condition=condition)))


NOT_EVERYONE = [
    {"AWS": "111122223333"},
    {"AWS": "arn:aws:iam::111122223333:root"},
    {"Service": "cloudtrail.amazonaws.com"},
    {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
    {"Federated": "cognito-identity.amazonaws.com"},
]


@pytest.mark.parametrize("principal", NOT_EVERYONE, ids=str)
def test_named_principals_are_not_everyone(principal: Any) -> None:
    assert not public_grants(policy(allow(Principal=principal)))


def test_everyone_except_those_named_is_everyone() -> None:
    assert public_grants(policy(allow(NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"})))
    assert not public_grants(policy(allow(NotPrincipal="*")))


DENIES = [
    ("unless of the organization", {"StringNotEquals": ORG}, False),
    ("and the key may be missing", {"StringNotEqualsIfExists": ORG}, False),
    ("unless from the office", {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
    (
        "unless of the organization or AWS itself",
        {"StringNotEqualsIfExists": ORG, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
        False,
    ),
    (
        "unless of the organization or AWS itself, which an unsigned request does not say",
        {"StringNotEqualsIfExists": ORG, "Bool": {"aws:PrincipalIsAWSService": "false"}},
        True,
    ),
    (
        "unless of the organization or by way of AWS, such as a stranger's own Athena",
        {"StringNotEqualsIfExists": ORG, "Bool": {"aws:ViaAWSService": "false"}},
        True,
    ),
    ("unless over TLS", {"Bool": {"aws:SecureTransport": "false"}}, True),
    (
        "unless of the organization and over TLS",
        {"StringNotEquals": ORG, "Bool": {"aws:SecureTransport": "false"}},
        True,
    ),
    ("unless from anywhere", {"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, True),
    ("of a multivalued key that may be missing", {"ForAnyValue:StringNotEquals": ORG}, True),
    ("of the organization's own", {"StringEquals": ORG}, True),
]


@pytest.mark.parametrize(("condition", "expected"), [row[1:] for row in DENIES], ids=[row[0] for row in DENIES])
def test_a_deny_for_everyone(condition: dict[str, Any], expected: bool) -> None:
    both = policy(allow(Principal="*"), deny(Principal="*", Action="s3:*", Condition=condition))
    assert bool(public_grants(both)) is expected


DENIED = [
    ("the same", {}, False),
    (
        "all of the service",
        {"Action": "S3:get*", "Resource": ["arn:aws:s3:::northwind", "arn:aws:s3:::northwind*"]},
        False,
    ),
    ("all", {"Action": "*", "Resource": "*"}, False),
    ("another action", {"Action": "s3:PutObject"}, True),
    ("other objects", {"Resource": "arn:aws:s3:::northwind/private/*"}, True),
    ("one character", {"Resource": "arn:aws:s3:::northwind/?"}, True),
    ("all but this", {"Action": [], "NotAction": "s3:GetObject"}, True),
    ("elsewhere", {"Resource": [], "NotResource": "arn:aws:s3:::northwind/*"}, True),
    ("somebody", {"Principal": {"AWS": "111122223333"}}, True),
    ("everybody else", {"Principal": [], "NotPrincipal": {"AWS": "111122223333"}}, False),
]


@pytest.mark.parametrize(("denied", "expected"), [row[1:] for row in DENIED], ids=[row[0] for row in DENIED])
def test_a_deny_takes_back_what_it_covers(denied: dict[str, Any], expected: bool) -> None:
    assert bool(public_grants(policy(allow(Principal="*"), deny(**{"Principal": "*"} | denied)))) is expected


def test_what_is_granted_in_words() -> None:
    found = public_grants(
        policy(
            allow(Principal="*", Action=["s3:GetObject", "s3:ListBucket"]),
            {"Effect": "Allow", "Principal": "*", "NotAction": ["iam:*"], "Resource": "*"},
        )
    )
    assert [grant.what for grant in found] == ["s3:GetObject, s3:ListBucket", "everything but iam:*"]


def test_whom_a_policy_trusts() -> None:
    provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    found = trusted(
        policy(
            allow(
                Principal={
                    "AWS": ["444455556666", "arn:aws:iam::111122223333:user/ana"],
                    "Service": "ec2.amazonaws.com",
                }
            ),
            allow(Principal={"Federated": provider}, Condition={"StringEquals": ORG}),
            deny(Principal="*"),
        )
    )
    assert [(principal.kind, principal.account, statement.narrowed) for principal, statement in found] == [
        ("AWS", "444455556666", False),
        ("AWS", "111122223333", False),
        ("Service", "", False),
        ("Federated", "111122223333", True),
    ]


def test_documents_come_in_every_form() -> None:
    one = {"Version": "2012-10-17", "Statement": allow(Principal="*")}
    assert statements(one) == statements(json.dumps(one)) == statements(quote(json.dumps(one)))
    assert statements(one) == statements(policy(allow(Principal={"AWS": ["*"]})))
    assert statements("") == statements({}) == ()


@pytest.mark.parametrize("text", ["{", "[]", '"*"', '{"Statement": ["Allow"]}', '{"statement": []}'])
def test_what_is_no_policy_is_unknown(text: str) -> None:
    with pytest.raises(Unknown):
        statements(text)


PRINCIPALS = st.sampled_from(["*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::*:root"])
ACTIONS = st.sampled_from(["*", "*:*", "s3:*", "s3:GetObject", "iam:PassRole"])
RESOURCES = st.sampled_from(["*", "arn:aws:s3:::northwind/*", "arn:aws:s3:::northwind/a", "arn:aws:*"])
CONDITIONS = st.sampled_from([*NARROWING, *WIDE, {"StringNotEquals": ORG}])
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": ACTIONS,
        "Resource": RESOURCES,
        "Principal": st.builds(lambda who: {"AWS": who}, PRINCIPALS),
        "Condition": CONDITIONS,
    }
)


def answers(*found: dict[str, Any]) -> tuple[bool, frozenset[str]]:
    return allows_everything(policy(*found)), frozenset(grant.what for grant in public_grants(policy(*found)))


def listed(value: Any) -> Any:
    """The same with each string as a list of one."""
    if isinstance(value, dict):
        return {key: listed(inner) for key, inner in value.items()}
    return value if isinstance(value, list) else [value]


@given(st.lists(STATEMENTS, max_size=4))
def test_strings_and_lists_of_one_mean_the_same(found: list[dict[str, Any]]) -> None:
    assert answers(*found) == answers(*({**listed(one), "Effect": one["Effect"]} for one in found))


@given(st.lists(STATEMENTS, max_size=4).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_statements_does_not_matter(orders: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    assert answers(*orders[0]) == answers(*orders[1])


@given(STATEMENTS, st.sampled_from(NARROWING))
def test_adding_a_narrowing_condition_never_makes_it_public(one: dict[str, Any], narrowing: dict[str, Any]) -> None:
    assert not public_grants(policy({**one, "Effect": "Allow", "Condition": {**one["Condition"], **narrowing}}))


@given(st.lists(STATEMENTS, max_size=3), STATEMENTS)
def test_a_deny_never_grants_anything(found: list[dict[str, Any]], one: dict[str, Any]) -> None:
    before, after = answers(*found), answers(*found, {**one, "Effect": "Deny"})
    assert after[0] <= before[0]
    assert after[1] <= before[1]


def test_an_arn_of_every_account_is_everyone() -> None:
    assert Principal("AWS", "arn:aws:iam::*:root").anyone
    assert not Principal("AWS", "arn:aws:iam::111122223333:role/*").anyone


def test_a_hostile_policy_is_read_in_no_time() -> None:
    """Who may write one policy must not keep a scan from ending: these took minutes to for ever."""
    denies = [f"s3:Get{number}*" for number in range(1000)]
    grants = [f"s3:Put{number}" for number in range(1000)]
    began = time.monotonic()
    everyone = {"Principal": "*", "Resource": "*"}
    stars = {"Effect": "Deny", "Action": "s3:" + "*a" * 30 + "b", **everyone}
    assert public_grants(policy(stars, {"Effect": "Allow", "Action": "s3:" + "a" * 5000, **everyone}))
    many = {"Effect": "Deny", "Action": [*denies, "s3:Put*"], **everyone}
    assert not public_grants(policy(many, {"Effect": "Allow", "Action": grants, **everyone}))
    assert not allows_everything(policy({"Effect": "Allow", "Action": "*", "Resource": "arn:" + "*" * 20_000 + "x"}))
    assert time.monotonic() - began < 5
