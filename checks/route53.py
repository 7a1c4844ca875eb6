"""Amazon Route 53: hosted zones, their records, and domains registered with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from checks import s3_names
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_route53domains.type_defs import GetDomainDetailResponseTypeDef as Detail

Zone: TypeAlias = Mapping[str, Any]
"""AWS's HostedZone with a key of ours: `zone_id`, its id without the path before it."""

Record: TypeAlias = Mapping[str, Any]
"""What is used of AWS's ResourceRecordSet, with keys of ours: `zone_id`, and the `bucket` it points to."""

Domain: TypeAlias = Mapping[str, Any]
"""AWS's DomainSummary with a key of ours: `tags`, for AWS's tagging API knows nothing of domains."""

WITHOUT_LOCK = frozenset(
    {"ar", "au", "ch", "cl", "de", "es", "eu", "fi", "fr", "it", "jp", "nl", "nz", "qa", "ru", "se", "uk", "za"}
)
"""Last parts of names whose registries lock no domain.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/registrar-tld-list.html"""

WITHOUT_PRIVACY = (WITHOUT_LOCK - {"uk"}) | frozenset({"be", "br", "ca", "gg", "im", "in", "mx", "sg", "us"})
"""Those whose registries hide nothing at the owner's wish, or decide by themselves. Source: the same page."""

CONTACTS = {"RegistrantPrivacy": "registrant", "AdminPrivacy": "administrative", "TechPrivacy": "technical"}


@collector(
    "route53:ListHostedZones", arn="arn:{partition}:route53:::hostedzone/{zone_id}", name="{Name}", scope=Scope.ACCOUNT
)
def zones(aws: Aws) -> Iterator[Zone]:
    for zone in aws.items("route53:ListHostedZones", "HostedZones"):
        yield zone | {"zone_id": zone["Id"].rpartition("/")[2]}


@collector(
    "route53:ListResourceRecordSets",
    arn="arn:{partition}:route53:::hostedzone/{zone_id}/{Type}/{Name}",
    name="{Name} {Type}",
    scope=Scope.ACCOUNT,
    needs=(zones,),
    within="arn:{partition}:route53:::hostedzone/{zone_id}",
)
def bucket_records(aws: Aws) -> Iterator[Record]:
    """The records of public zones that point to a bucket."""
    ids = [zone["zone_id"] for zone in aws.read(zones) if not zone["Config"]["PrivateZone"]]

    def of(id: str) -> list[Record]:
        found = aws.items("route53:ListResourceRecordSets", "ResourceRecordSets", HostedZoneId=id)
        return [one | {"zone_id": id, "bucket": bucket} for one in found if (bucket := _bucket(one))]

    for found in aws.each(of, ids):
        yield from {(one["Name"], one["Type"]): one for one in found}.values()


logging: Collector[Any] = collect(
    "route53:ListQueryLoggingConfigs", "QueryLoggingConfigs", arn=ACCOUNT_ARN, scope=Scope.ACCOUNT
)


@collector(
    "route53domains:ListDomains",
    "route53domains:ListTagsForDomain",
    arn="arn:{partition}:route53domains:::domain/{DomainName}",
    name="{DomainName}",
    scope=Scope.ACCOUNT,
)
def domains(aws: Aws) -> Iterator[Domain]:
    def tagged(domain: Domain) -> Domain:
        got = aws.call("route53domains:ListTagsForDomain", DomainName=domain["DomainName"])
        return {**domain, "tags": got["TagList"]}

    yield from aws.each(tagged, aws.items("route53domains:ListDomains", "Domains"))


@extra(needs=(logging,))
def logged(aws: Aws, zone: Zone) -> Collection[str]:
    """The ids of the zones whose queries are logged."""
    return [one["HostedZoneId"] for one in aws.read(logging)]


@extra(*s3_names.CALLS, needs=s3_names.NEEDS)
def gone(aws: Aws, record: Record) -> Sequence[str]:
    return s3_names.gone(aws, [record["bucket"]])


@extra("route53domains:GetDomainDetail")
def detail(aws: Aws, domain: Domain) -> Detail:
    found: Detail = aws.call("route53domains:GetDomainDetail", DomainName=domain["DomainName"])
    return found


@check(zones, logged, practice=Practice.MONITORING, severity=Severity.LOW)
def public_zone_logs_queries(zone: Zone, logged: Collection[str]) -> Verdict:
    """Public hosted zone logs DNS queries.

    The log shows which names strangers look for and whether a record they should not know is asked for.

    Fix: Configure query logging of the zone, to a log group in us-east-1.
    See: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
    """
    if zone["Config"]["PrivateZone"]:
        raise NotApplicable("it is private: Resolver logs its queries, by VPC")
    return expect(zone["zone_id"] in logged, "logs no queries")


@check(bucket_records, gone, practice=Practice.NETWORK, severity=Severity.CRITICAL)
def record_points_to_a_bucket_that_exists(record: Record, gone: Sequence[str]) -> Verdict:
    """DNS record of a bucket points to one that exists.

    Whoever makes a bucket of the missing name decides what visitors of your domain see.

    Fix: Delete the record, or make the bucket again before somebody else does.
    See: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/RoutingToS3Bucket.html
    """
    return expect(not gone, f"points to the bucket {record['bucket']}, which does not exist")


@check(domains, practice=Practice.NETWORK, severity=Severity.HIGH)
def domain_is_locked(domain: Domain) -> Verdict:
    """Registered domain cannot be transferred away.

    Without the lock one stolen authorization code is enough to move the domain, and all its visitors, elsewhere.

    Fix: Turn on the transfer lock of the domain.
    See: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/domain-lock.html
    """
    _lockable(domain)
    return expect(domain["TransferLock"], "can be transferred away: its transfer lock is off")


@fix(
    domain_is_locked,
    "route53domains:EnableDomainTransferLock",
    "route53domains:DisableDomainTransferLock",
    risk=Risk.SAFE,
    patience=600,
)
def lock(domain: Domain) -> Plan:
    """Turn on the transfer lock of the domain."""
    _lockable(domain)
    which = {"DomainName": domain["DomainName"]}
    back = [] if domain["TransferLock"] else [Call("route53domains:DisableDomainTransferLock", which)]
    notes = [
        "Route 53 asks the registry, which takes some minutes. Whoever means to transfer it takes the lock off first."
    ]
    return Plan(
        do=[Call("route53domains:EnableDomainTransferLock", which)],
        undo=back,
        before={"transfer lock": "on" if domain["TransferLock"] else "off"},
        after={"transfer lock": "on"},
        notes=notes,
    )


@check(domains, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def domain_renews_itself(domain: Domain) -> Verdict:
    """Registered domain renews itself.

    A domain that expires takes every site and mailbox under it along, and anybody may register it then.

    Fix: Turn on automatic renewal of the domain. One that you let go on purpose: mute this until it is gone.
    See: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/domain-enable-disable-auto-renewal.html
    """
    return expect(domain["AutoRenew"], f"expires on {domain['Expiry']:%Y-%m-%d} and does not renew itself")


@fix(
    domain_renews_itself,
    "route53domains:EnableDomainAutoRenew",
    "route53domains:DisableDomainAutoRenew",
    risk=Risk.SAFE,
)
def renew_automatically(domain: Domain) -> Plan:
    """Turn on automatic renewal of the domain."""
    which = {"DomainName": domain["DomainName"]}
    back = [] if domain["AutoRenew"] else [Call("route53domains:DisableDomainAutoRenew", which)]
    return Plan(
        do=[Call("route53domains:EnableDomainAutoRenew", which)],
        undo=back,
        before={"automatic renewal": "on" if domain["AutoRenew"] else "off"},
        after={"automatic renewal": "on"},
        notes=["AWS charges the price of the domain when it renews it, shortly before it expires."],
    )


@check(domains, detail, practice=Practice.NETWORK, severity=Severity.LOW)
def domain_hides_contacts(domain: Domain, detail: Detail) -> Verdict:
    """Registered domain hides its contacts.

    Names, addresses and mail addresses in WHOIS tell strangers whom to call, and whom to pretend to be.

    Fix: Turn on privacy protection for each contact of the domain.
    See: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/domain-privacy-protection.html
    """
    if (last := _last_part(domain)) in WITHOUT_PRIVACY:
        raise NotApplicable(f"the registry of .{last} decides what is shown")
    shown = [words for key, words in CONTACTS.items() if not detail[key]]  # type: ignore[literal-required]
    return expect(not shown, f"shows its {', '.join(shown)} contact")


def _bucket(record: Mapping[str, Any]) -> str:
    """The bucket that a record points to; "" when it points to something else."""
    alias = record.get("AliasTarget", {}).get("DNSName", "")
    if alias.startswith("s3-website"):  # a website endpoint answers for the bucket of the record's own name
        name = str(record["Name"]).rstrip(".").lower()
        return "" if "\\" in name else name
    values = record.get("ResourceRecords", []) if record["Type"] == "CNAME" else []
    return s3_names.bucket_of(values[0]["Value"]) if values else ""


def _last_part(domain: Domain) -> str:
    return str(domain["DomainName"]).rpartition(".")[2]


def _lockable(domain: Domain) -> None:
    if (last := _last_part(domain)) in WITHOUT_LOCK:
        raise NotApplicable(f"the registry of .{last} locks no domain")
