"""Both roles with their policies, as a CloudFormation template.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

YES_NO = {"Type": "String", "AllowedValues": ["yes", "no"]}


def template(reads: Sequence[Json], writes: Sequence[Json]) -> Json:
    """The template. The last policy of the write role is made only if it is asked for."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The roles of aws-sec: one to read this account, and if wanted one to make approved fixes.",
        "Parameters": {
            "Host": {
                "Type": "String",
                "Description": "ARN of the role or user that the bot runs as",
                "AllowedPattern": r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+",
            },
            "ExternalId": _text("AWS_SEC_EXTERNAL_ID, a text of your own"),
            "FixExternalId": _text("AWS_SEC_FIX_EXTERNAL_ID, another text of your own"),
            "Fixes": {**YES_NO, "Default": "no", "Description": "Whether to make the write role"},
            "AccessFixes": {
                **YES_NO,
                "Default": "no",
                "Description": "Whether the write role may also make fixes that give access: see docs/permissions.md",
            },
        },
        "Conditions": {
            "MayFix": {"Fn::Equals": [{"Ref": "Fixes"}, "yes"]},
            "MayGiveAccess": {"Fn::And": [{"Condition": "MayFix"}, {"Fn::Equals": [{"Ref": "AccessFixes"}, "yes"]}]},
        },
        "Resources": {
            "Scan": _role("aws-sec-scan", [_assume("ExternalId")], [_ref(f"Scan{n}") for n, _ in _numbered(reads)]),
            **{f"Scan{n}": _policy(f"aws-sec-scan-{n}", one) for n, one in _numbered(reads)},
            "Fix": {
                "Condition": "MayFix",
                **_role(
                    "aws-sec-fix",
                    [_assume("FixExternalId"), _source_identity()],
                    [
                        *(_ref(f"Fix{n}") for n, _ in _numbered(writes[:-1])),
                        {"Fn::If": ["MayGiveAccess", _ref(f"Fix{len(writes)}"), _ref("AWS::NoValue")]},
                    ],
                ),
            },
            **{
                f"Fix{n}": {
                    "Condition": "MayFix" if n < len(writes) else "MayGiveAccess",
                    **_policy(f"aws-sec-fix-{n}", one),
                }
                for n, one in _numbered(writes)
            },
        },
        "Outputs": {
            "RoleArn": {"Description": "AWS_SEC_ROLE_ARN", "Value": _arn("Scan")},
            "FixRoleArn": {"Condition": "MayFix", "Description": "AWS_SEC_FIX_ROLE_ARN", "Value": _arn("Fix")},
        },
    }


def _text(what: str) -> Json:
    """An external id. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    return {
        "Type": "String",
        "Description": what,
        "AllowedPattern": r"[\w+=,.@:/-]+",
        "MinLength": 2,
        "MaxLength": 1224,
    }


def _numbered(policies: Sequence[Json]) -> list[tuple[int, Json]]:
    return [*enumerate(policies, 1)]


def _role(name: str, trust: Sequence[Json], policies: Sequence[Json]) -> Json:
    document = {"Version": "2012-10-17", "Statement": [*trust]}
    properties = {"RoleName": name, "AssumeRolePolicyDocument": document, "ManagedPolicyArns": [*policies]}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _assume(external_id: str) -> Json:
    condition = {"StringEquals": {"sts:ExternalId": _ref(external_id)}}
    return {"Effect": "Allow", "Principal": _host(), "Action": "sts:AssumeRole", "Condition": condition}


def _source_identity() -> Json:
    condition = {"StringLike": {"sts:SourceIdentity": "aws-sec-*"}}
    return {"Effect": "Allow", "Principal": _host(), "Action": "sts:SetSourceIdentity", "Condition": condition}


def _host() -> Json:
    return {"AWS": _ref("Host")}


def _policy(name: str, document: Json) -> Json:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"ManagedPolicyName": name, "PolicyDocument": document},
    }


def _ref(name: str) -> Json:
    return {"Ref": name}


def _arn(role: str) -> Json:
    return {"Fn::GetAtt": [role, "Arn"]}
