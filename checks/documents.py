"""Reading IAM policy documents: what they allow, to whom, and whether that is everyone.

Language: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
Public: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

from checks.kit import Unknown, Verdict
from checks.network import few_addresses
from checks.wildcards import ONE, wildcard

Document: TypeAlias = str | Mapping[str, Any]
"""A policy as AWS hands it out: JSON text, URL-encoded JSON text, or the dict boto3 made of it. Empty: no policy."""

NAMES = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",  # only who may use the key can write
    }
)
"""Condition keys that say who asks or from where, so that a fixed value shuts out the rest of the world."""

MATCHES = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
DIFFERS = frozenset({"stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"})
OWN = re.compile(r"\$\{aws:Resource(?:Account|OrgID|OrgPaths)\}", re.IGNORECASE)  # stands for one owner: fixed
WILD = re.compile(r"[*?]|\$\{")
GIVES_POLICIES = ("iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy")
SAYS_WHO = re.compile(r"aws|iam|sts|saml|ldap|.*\..*")
"""What condition keys begin with that any service's call can have; identity providers have dots."""
REGIONS_OF_IAM = ("us-east-1", "cn-north-1", "us-gov-west-1")
ALL_ACTIONS = re.compile(r"\*+(:\*+)?")
ONE_BUCKET = re.compile(r"arn:[\w-]+:s3:[\w*-]*:[\d*]*:[\w.-]+")
ALL_RESOURCES = re.compile(r"arn:[\w*-]*(:[*:]*)?\*|[*:]*\*")


@dataclass(frozen=True)
class Principal:
    """One of those a statement names. `kind`: AWS, Service, Federated or CanonicalUser."""

    kind: str
    id: str

    @property
    def account(self) -> str:
        """The account it belongs to; empty for services, canonical users and unique ids."""
        return _account(self.id) if self.kind in ("AWS", "Federated") else ""

    @property
    def anyone(self) -> bool:
        """Whether it stands for everybody: `*`, or an ARN of every account."""
        return self.id == "*" or (self.kind == "AWS" and "*" in self.account)


@dataclass(frozen=True)
class Condition:
    """One key of a Condition block; its values are alternatives. `quantifier`: forallvalues, foranyvalue or empty."""

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False

    @property
    def narrows(self) -> bool:
        """Whether an Allow with it leaves most of the world out.

        `IfExists` and `ForAllValues` hold when the key is missing, as it is from an anonymous request.
        """
        if self.if_exists or self.quantifier == "forallvalues":
            return False
        if self.operator == "bool":
            return self.key == "elasticfilesystem:accessedviamounttarget" and _all_are(self.values, "true")
        if self.key in ("aws:resourceorgid", "aws:resourceaccount"):  # the caller must be of the resource's owner
            caller = "${aws:principal" + self.key.removeprefix("aws:resource") + "}"
            return self.operator in MATCHES and _all_are(self.values, caller)
        return self._fixed(MATCHES, "ipaddress")

    @property
    def spares(self) -> bool:
        """Whether a Deny with it leaves out only callers it names, so that strangers are denied.

        A negated operator holds when its key is missing, except under `ForAnyValue`.
        """
        if self.quantifier == "foranyvalue":
            return False
        if (
            self.operator == "bool"
        ):  # AWS's own calls, the usual exception of a data perimeter; unsigned ones lack the key
            return self.key == "aws:principalisawsservice" and self.if_exists and _all_are(self.values, "false")
        return self._fixed(DIFFERS, "notipaddress")

    def _fixed(self, operators: frozenset[str], of_addresses: str) -> bool:
        if self.key == "aws:sourceip":
            return self.operator == of_addresses and bool(self.values) and all(map(few_addresses, self.values))
        fixed = bool(self.values) and all(_is_fixed(self.key, value) for value in self.values)
        return self.operator in operators and self.key in NAMES and fixed


@dataclass(frozen=True)
class Statement:
    """One statement with every element as a tuple; an element the document leaves out is empty."""

    allows: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[Principal, ...] = ()
    not_principals: tuple[Principal, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def everyone(self) -> bool:
        """Whether it concerns everybody, or everybody except those it names in NotPrincipal."""
        if self.not_principals:
            return not any(principal.anyone for principal in self.not_principals)
        return any(principal.anyone for principal in self.principals)

    @property
    def narrowed(self) -> bool:
        """Whether a condition leaves most of the world out."""
        return any(condition.narrows for condition in self.conditions)

    @property
    def every_action(self) -> bool:
        return any(map(ALL_ACTIONS.fullmatch, self.actions))

    @property
    def every_resource(self) -> bool:
        return any(map(ALL_RESOURCES.fullmatch, self.resources))

    @property
    def what(self) -> str:
        """The actions in words: "s3:GetObject, s3:PutObject", "everything but iam:*"."""
        return f"everything but {', '.join(self.not_actions)}" if self.not_actions else ", ".join(self.actions)


def statements(document: Document) -> tuple[Statement, ...]:
    """Every statement, in the document's order; none of an empty document. Raises Unknown for what is no policy."""
    policy = _parsed(document)
    if policy and "Statement" not in policy:
        raise Unknown("its policy has no statements")
    found = policy.get("Statement", [])
    return tuple(_statement(one) for one in ([found] if isinstance(found, Mapping) else found))


def allows_everything(document: Document) -> bool:
    """Whether it makes an administrator: allows all, or all but a few, and does not take that back.

    A condition on the Allow that says when or from where changes nothing; one that says on what, and that calls of
    IAM cannot meet, does. An unconditional Deny of every action on every resource takes it back, as do one of all but
    a few and one of what gives policies.
    """
    return makes_administrator(statements(document))


def makes_administrator(read: Sequence[Statement]) -> bool:
    """The same of statements that hold together, whichever policies they come from."""
    return any(s.allows and _administers(s) for s in read) and not any(map(_takes_back, read))


def _administers(allow: Statement) -> bool:
    """Whether what gives policies is among what it allows on all but a few: who may do that can take the rest."""
    untouched = ([*arn.split(":"), "*", "*"][2] for arn in allow.not_resources)
    spared = any(_any_matches(allow.not_actions, action) for action in GIVES_POLICIES)
    return (
        (allow.every_action or (bool(allow.not_actions) and not spared))
        and (allow.every_resource or (bool(allow.not_resources) and not _any_matches(untouched, "iam")))
        and not any(map(_leaves_iam_out, allow.conditions))
    )


def _takes_back(deny: Statement) -> bool:
    gives_none = all(_any_matches(deny.actions, action) for action in GIVES_POLICIES) and deny.every_resource
    most = (deny.every_action or bool(deny.not_actions)) and (deny.every_resource or bool(deny.not_resources))
    return not deny.allows and not deny.conditions and (most or gives_none)


def _leaves_iam_out(condition: Condition) -> bool:
    """Whether calls of IAM do not meet it: it wants another service's key, a tag, or a region without IAM."""
    if condition.operator not in MATCHES or condition.if_exists or condition.quantifier == "forallvalues":
        return False
    if condition.key == "aws:requestedregion":
        return not any(_any_matches(condition.values, region) for region in REGIONS_OF_IAM)
    service, _, key = condition.key.partition(":")
    return key.startswith(("resourcetag/", "requesttag/")) or not SAYS_WHO.fullmatch(service)


def public_grants(document: Document) -> tuple[Statement, ...]:
    """The statements that allow something to everyone in the world, after conditions and Denies for everyone."""
    read = statements(document)
    denies = [s for s in read if not s.allows and s.everyone and all(c.spares for c in s.conditions)]
    return tuple(
        s for s in read if s.allows and s.everyone and not s.narrowed and not any(covers(deny, s) for deny in denies)
    )


def opens_to_everyone(document: Document) -> Verdict:
    """What a policy lets everyone do, in words that follow the resource's name; None when it lets nobody in."""
    grants = public_grants(document)
    return f"lets everyone do {', '.join(dict.fromkeys(grant.what for grant in grants))}" if grants else None


def refuses_plain_http(document: Document, bucket: str) -> bool:
    """Whether it denies everyone every action on a bucket and its objects over plain HTTP.

    `s3:TlsVersion` is missing from a plain HTTP request, so only `IfExists` makes a Deny on old versions hold for it.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html#example-bucket-policies-HTTP-HTTPS
    """
    denied = [
        one
        for s in statements(document)
        if not s.allows and s.everyone and not s.not_principals and s.conditions and all(map(_plain_http, s.conditions))
        if any(action.lower() in ("*", "s3:*") for action in s.actions)
        for one in s.resources
    ]
    names = [re.sub(r"^arn:[^:]*:s3:::", "", one) for one in denied]
    return _any_matches(names, bucket) and _any_matches(names, f"{bucket}/*")


def _plain_http(condition: Condition) -> bool:
    if condition.key == "s3:tlsversion":
        return condition.operator == "numericlessthan" and condition.if_exists
    return (
        condition.operator == "bool" and condition.key == "aws:securetransport" and _all_are(condition.values, "false")
    )


def trusted(document: Document) -> tuple[tuple[Principal, Statement], ...]:
    """Whom a trust policy or resource policy allows in: each principal with the statement that names it."""
    return tuple((principal, s) for s in statements(document) if s.allows for principal in s.principals)


def _parsed(document: Document) -> Mapping[str, Any]:
    if isinstance(document, str):
        text = unquote(document) if document.startswith("%7B") else document
        try:
            document = json.loads(text) if text else {}
        except json.JSONDecodeError as error:
            raise Unknown(f"its policy is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise Unknown("its policy is not a JSON object")
    return document


def _statement(raw: Any) -> Statement:
    if not isinstance(raw, Mapping):
        raise Unknown("its policy has a statement that is not a JSON object")
    return Statement(
        allows=raw.get("Effect") == "Allow",
        actions=_strings(raw.get("Action")),
        not_actions=_strings(raw.get("NotAction")),
        resources=_strings(raw.get("Resource")),
        not_resources=_strings(raw.get("NotResource")),
        principals=tuple(_principals(raw.get("Principal"))),
        not_principals=tuple(_principals(raw.get("NotPrincipal"))),
        conditions=tuple(_conditions(raw.get("Condition") or {})),
    )


def _strings(value: Any) -> tuple[str, ...]:
    """A string or a list of them; JSON numbers and booleans in conditions as AWS compares them."""
    if value is None:
        return ()
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


def _principals(raw: Any) -> Iterator[Principal]:
    by_kind = raw if isinstance(raw, Mapping) else {"AWS": raw}  # the bare "*" means {"AWS": "*"}
    for kind, ids in by_kind.items():
        yield from (Principal(kind, id) for id in _strings(ids))


def _conditions(block: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    """Operators and keys are compared without case."""
    for operator, keys in block.items():
        quantifier, _, name = operator.lower().rpartition(":")
        plain = name.removesuffix("ifexists")
        for key, values in keys.items():
            yield Condition(plain, key.lower(), _strings(values), quantifier, plain != name)


def _account(id: str) -> str:
    return id if re.fullmatch(r"\d{12}", id) else next(iter(id.split(":")[4:5]), "")


def _all_are(values: Iterable[str], wanted: str) -> bool:
    given = {value.lower() for value in values}
    return given == {wanted}


def _is_fixed(key: str, value: str) -> bool:
    """Whether one value leaves no choice of account or organization open."""
    value = OWN.sub("owner", value)
    if not WILD.search(value):
        return bool(value)
    if value.startswith("arn:"):  # the name of a bucket is nobody else's, whatever account is named with it
        return bool(re.fullmatch(r"\d{12}", _account(value)) or ONE_BUCKET.fullmatch(value))
    if key.endswith("orgpaths"):  # o-exampleorg/r-ab12/ou-ab12-*
        return "/" in value and not WILD.search(value.split("/")[0])
    return key == "aws:userid" and ":" in value and not WILD.search(value.split(":")[0])  # AROAEXAMPLE:*


def covers(deny: Statement, grant: Statement) -> bool:
    """Whether all that `grant` allows is among what `deny` denies."""
    actions = not grant.not_actions and all(_any_matches(deny.actions, action) for action in grant.actions)
    resources = not grant.not_resources and all(_any_matches(deny.resources, one) for one in grant.resources)
    return (deny.every_action or (not deny.not_actions and actions)) and (
        deny.every_resource or (not deny.not_resources and resources)
    )


def _any_matches(patterns: Iterable[str], given: str) -> bool:
    """Whether a pattern matches everything another one does; `?` matches one character, so no `*`."""
    return any(wildcard(pattern, one=ONE, ignore_case=True).fullmatch(given) for pattern in patterns)
