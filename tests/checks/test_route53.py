"""Route 53: what the judges say of zones, records and domains, what is read, and the domains fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import route53
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

LOGS, EXISTS = route53.public_zone_logs_queries, route53.record_points_to_a_bucket_that_exists
LOCKED, RENEWS, HIDES = route53.domain_is_locked, route53.domain_renews_itself, route53.domain_hides_contacts
PUBLIC = {"zone_id": "Z1", "Config": {"PrivateZone": False}}
NAME = "northwind.example"


def domain(name: str = "northwind.com", *, locked: bool = True, renews: bool = True, days: int = 200) -> dict[str, Any]:
    ends = NOW + timedelta(days=days)
    return {"DomainName": name, "TransferLock": locked, "AutoRenew": renews, "Expiry": ends, "tags": []}


def privacy(*shown: str) -> dict[str, bool]:
    return {key: key not in shown for key in route53.CONTACTS}


UNLOCKED = "can be transferred away: its transfer lock is off"

CASES = [
    Case(LOGS, [PUBLIC, ["Z1"]], None),
    Case(LOGS, [PUBLIC, ["Z2"]], "logs no queries"),
    Case(LOGS, [{"zone_id": "Z1", "Config": {"PrivateZone": True}}, []], NotApplicable),
    Case(EXISTS, [{"bucket": NAME}, []], None),
    Case(EXISTS, [{"bucket": NAME}, [NAME]], f"points to the bucket {NAME}, which does not exist"),
    Case(LOCKED, [domain()], None),
    Case(LOCKED, [domain(locked=False)], UNLOCKED),
    Case(LOCKED, [domain("northwind.io", locked=False)], UNLOCKED),
    Case(LOCKED, [domain("northwind.co.uk", locked=False)], NotApplicable),
    Case(LOCKED, [domain("northwind.de", locked=False)], NotApplicable),
    Case(RENEWS, [domain()], None),
    Case(RENEWS, [domain(renews=False)], "expires on 2026-09-18 and does not renew itself"),
    Case(HIDES, [domain(), privacy()], None),
    Case(HIDES, [domain(), privacy("TechPrivacy", "AdminPrivacy")], "shows its administrative, technical contact"),
    Case(HIDES, [domain("northwind.us"), privacy("TechPrivacy")], NotApplicable),
    Case(HIDES, [domain("northwind.co.uk"), privacy("TechPrivacy")], "shows its technical contact"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def alias(name: str, to: str) -> dict[str, Any]:
    target = {"HostedZoneId": "Z1BKCTXD74EZPE", "DNSName": to, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": "A", "AliasTarget": target}


def value(name: str, type: str, to: str) -> dict[str, Any]:
    return {"Name": name, "Type": type, "TTL": 300, "ResourceRecords": [{"Value": to}]}


def test_only_records_of_buckets_are_looked_at(aws: Region) -> None:
    client = aws.clients.session.client("route53")
    made = client.create_hosted_zone(Name=f"{NAME}.", CallerReference="one")["HostedZone"]
    client.create_hosted_zone(Name="inside.", CallerReference="two", VPC={"VPCRegion": "eu-west-1", "VPCId": "vpc-1"})
    site = "s3-website-eu-west-1.amazonaws.com."
    records = [
        alias(f"old.{NAME}.", site),
        alias(f"shop.{NAME}.", "d1.cloudfront.net."),
        value(f"docs.{NAME}.", "CNAME", "northwind-docs.s3.eu-west-1.amazonaws.com"),
        value(f"api.{NAME}.", "CNAME", "api.partner.example"),
        value(f"www.{NAME}.", "A", "192.0.2.1"),
    ]
    batch: Any = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]}
    client.change_resource_record_sets(HostedZoneId=made["Id"], ChangeBatch=batch)
    aws.clients.session.client("s3", "us-east-1").create_bucket(Bucket="northwind-docs")
    zones = list(route53.zones.stream(aws))
    public, _ = sorted(zones, key=lambda zone: zone["Config"]["PrivateZone"])
    zone = f"arn:aws:route53:::hostedzone/{public['zone_id']}"
    assert identify(aws, route53.zones, public) == (zone, f"{NAME}.")
    found = {record["bucket"]: record for record in route53.bucket_records.stream(aws)}
    assert set(found) == {f"old.{NAME}", "northwind-docs"}
    docs, old = found["northwind-docs"], found[f"old.{NAME}"]
    assert identify(aws, route53.bucket_records, docs)[0] == f"{zone}/CNAME/docs.{NAME}."
    assert route53.gone.read(aws, docs) == []
    assert route53.gone.read(aws, old) == [f"old.{NAME}"]


def test_reads_which_zones_log_queries(aws: Region) -> None:
    client = aws.clients.session.client("route53")
    zone = client.create_hosted_zone(Name=f"{NAME}.", CallerReference="one")["HostedZone"]["Id"].rpartition("/")[2]
    logs = aws.clients.session.client("logs", "us-east-1")
    logs.create_log_group(logGroupName="/aws/route53/shop")
    group = logs.describe_log_groups()["logGroups"][0]["arn"]
    client.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=group)
    assert route53.logged.read(aws, {}) == [zone]


CONTACT = {
    "FirstName": "Chiara",
    "LastName": "Conti",
    "ContactType": "COMPANY",
    "OrganizationName": "Northwind Traders",
    "AddressLine1": "1 Harbour Road",
    "City": "Dublin",
    "CountryCode": "IE",
    "ZipCode": "D01",
    "PhoneNumber": "+353.15550100",
    "Email": "domains@northwind.example",
}


def register(aws: boto3.Session, *, renews: bool = True) -> Any:
    client: Any = aws.client("route53domains", "us-east-1")
    contacts = dict.fromkeys(("AdminContact", "RegistrantContact", "TechContact"), CONTACT)
    client.register_domain(
        DomainName="northwind.com",
        DurationInYears=2,
        AutoRenew=renews,
        PrivacyProtectTechContact=False,
        **contacts,
    )
    return client


def test_reads_domains_with_their_tags_and_contacts(aws: Region) -> None:
    register(aws.clients.session)
    home = aws.at("us-east-1")
    [found] = route53.domains.stream(home)
    assert identify(home, route53.domains, found) == ("arn:aws:route53domains:::domain/northwind.com", "northwind.com")
    assert LOCKED.judge(found) is None
    assert HIDES.judge(found, route53.detail.read(home, found)) == "shows its technical contact"


def unlocked(aws: boto3.Session) -> None:
    register(aws).disable_domain_transfer_lock(DomainName="northwind.com")


def lapsing(aws: boto3.Session) -> None:
    register(aws, renews=False)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {LOCKED.id: unlocked, RENEWS.id: lapsing}
