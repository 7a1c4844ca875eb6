"""API calls -> IAM actions -> the policies the bot needs, worked out from what checks and fixes declare."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from botocore.loaders import Loader

from bot import escalation
from bot.escalation import DENIALS, GIVES_ACCESS, HELD
from bot.write_resources import ALSO, HELD_TO, Place, arns, touched
from checks.kit import Call

ACTIONS = {
    "accessanalyzer:ListFindingsV2": "access-analyzer:ListFindings",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3control:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "s3control:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "resourcegroupstaggingapi:GetResources": "tag:GetResources",
    "apigateway:GetRestApis": "apigateway:GET",
    "apigateway:GetStages": "apigateway:GET",
    "apigatewayv2:GetApis": "apigateway:GET",
    "apigatewayv2:GetStages": "apigateway:GET",
    "apigateway:GetResources": "apigateway:GET",
    "apigateway:GetDomainNames": "apigateway:GET",
    "apigateway:GetAccount": "apigateway:GET",
    "apigateway:UpdateDomainName": "apigateway:PATCH",
    "apigateway:UpdateStage": "apigateway:PATCH",
    "apigatewayv2:GetRoutes": "apigateway:GET",
    "apigatewayv2:GetIntegrations": "apigateway:GET",
}
"""Where the action is not named after the call.
Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html"""

PREFIXES = {"monitoring": "cloudwatch"}


def action(call: str) -> str:
    """The IAM action that allows an API call ("ec2:DescribeVolumes" -> the same, mostly)."""
    if call in ACTIONS:
        return ACTIONS[call]
    service, operation = call.split(":")
    signs_as = _signing_name(service)
    return f"{PREFIXES.get(signs_as, signs_as)}:{operation}"


@cache
def _signing_name(service: str) -> str:
    metadata = Loader().load_service_model(service, "service-2")["metadata"]
    return str(metadata.get("signingName") or metadata["endpointPrefix"])


def policy(calls: Iterable[str]) -> dict[str, Any]:
    """An IAM policy that allows exactly these calls, on any resource."""
    return _document([_allow(sorted({action(call) for call in calls}))])


# --- a session of the write role -------------------------------------------------------

SESSION_LIMIT = 2048
"""Characters that AWS takes as a session policy. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""


class TooBig(Exception):
    """A plan touches more than one session policy can name."""


def session_policy(calls: Sequence[Call], place: Place) -> str:
    """The policy of a session that can make these calls on what they touch, and nothing else. Raises TooBig.

    Of IAM, Organizations and the account itself all else is denied: whatever some resource's policy may allow.
    """
    resources: dict[tuple[str, str], dict[str, None]] = {}
    for call in calls:
        for name, condition, touches in _grants(call, place):
            resources.setdefault((name, json.dumps(condition)), {}).update(dict.fromkeys(touches))
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (name, rule), on in sorted(resources.items()):
        together.setdefault((rule, tuple(on)), []).append(name)
    statements = [_allow(names, on, json.loads(rule)) for (rule, on), names in together.items()]
    mighty = sorted({name for name, _ in resources if name.partition(":")[0] in MIGHTY})
    but = {"NotAction": mighty} if mighty else {"Action": "*"}
    owned = [f"arn:{place.partition}:{service}::*" for service in MIGHTY]
    text = json.dumps(_document([*statements, {"Effect": "Deny", **but, "Resource": owned}]), separators=(",", ":"))
    if len(text) > SESSION_LIMIT:
        raise TooBig(
            f"it touches too much for one change: its session policy has {len(text)} characters, AWS takes"
            f" {SESSION_LIMIT}. Do part of it by hand, then ask again"
        )
    return text


MIGHTY = ("account", "iam", "organizations")
"""Services by which one becomes somebody else; assuming a role is asked about the role."""


def _grants(call: Call, place: Place) -> Iterator[tuple[str, Mapping[str, Any], list[str]]]:
    """An action, its condition, its ARNs: for the call itself, then for what AWS asks besides."""
    operator, key, param = HELD_TO.get(call.call, ("", "", ""))
    yield action(call.call), {operator: {key: call.params[param]}} if param else {}, touched(call, place)
    for grant in ALSO.get(call.call, ()):
        if not grant.given or call.params.get(grant.given):
            yield grant.action, dict(grant.condition), arns(grant.resource, call, place)


# --- the two roles ---------------------------------------------------------------------

POLICY_LIMIT = 6144
"""Characters that AWS takes as a managed policy, white space aside.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def read_policies(calls: Iterable[str]) -> list[dict[str, Any]]:
    """What allows exactly these calls, in as many policies as AWS needs them to be; each service is in one."""
    return _parted({action(call) for call in calls})


def write_policies(calls: Collection[str]) -> list[dict[str, Any]]:
    """The same for the write role, with what AWS asks for besides, and with denials. The last one gives access away."""
    needed = {action(call) for call in calls} | {grant.action for call in calls for grant in ALSO.get(call, ())}
    free = needed - escalation.actions([*GIVES_ACCESS, *HELD])
    return [*_parted(free, [*HELD, *DENIALS]), _document(GIVES_ACCESS)]


def _parted(actions: Iterable[str], besides: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Policies for the actions, no service in two of them; `besides` are statements of the first."""
    parts: list[list[str]] = [[]]
    for _, of_one in groupby(sorted(actions), key=lambda name: name.partition(":")[0]):
        group = [*of_one]
        rest = [] if len(parts) > 1 else besides
        if parts[-1] and size(_document([_allow([*parts[-1], *group]), *rest])) > POLICY_LIMIT:
            parts.append([])
        parts[-1] += group
    return [_document([_allow(part), *(besides if part is parts[0] else ())]) for part in parts]


def size(policy: Mapping[str, Any]) -> int:
    """Characters, as AWS counts them."""
    return len(json.dumps(policy, separators=(",", ":")))


def _allow(
    actions: Sequence[str], resources: Sequence[str] = ("*",), condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    touched_by_them = resources[0] if len(resources) == 1 else [*resources]
    return {"Effect": "Allow", "Action": [*actions], "Resource": touched_by_them} | (
        {"Condition": condition} if condition else {}
    )


def _document(statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}
