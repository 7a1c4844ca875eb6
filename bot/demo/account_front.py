"""What Northwind Traders' customers meet first: distributions, load balancers, web ACLs, domains and certificates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True}
OLD_POLICY, NEW_POLICY = "ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-2021-06"
S3_WEBSITE = {"HostedZoneId": "Z1BKCTXD74EZPE", "DNSName": "s3-website-eu-west-1.amazonaws.com."}


def fill_front(aws: Emulated) -> None:
    """The checkout is as it should be, the shop and what is older than it are not."""
    certificate, imported = _certificates(aws)
    _distributions(aws, request_certificate(aws, "us-east-1"))
    balancers = _load_balancers(aws, {"checkout": certificate, "shop": imported})
    _web_acl(aws, balancers["checkout"])
    _names(aws)


def _distributions(aws: Emulated, certificate: str) -> None:
    website = {
        "Id": "website",
        "DomainName": "northwind-traders-website.s3.eu-west-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    redirect = {"TargetOriginId": "website", "ViewerProtocolPolicy": "redirect-to-https"}
    https = {"OriginProtocolPolicy": "https-only", "HTTPPort": 80, "HTTPSPort": 443}
    new = {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
    acl = {"WebACLId": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/site/1"}
    make_distribution(aws, "website", [website], redirect)
    behavior = redirect | {"TargetOriginId": "checkout.northwind.example"}
    checkout = custom_origin("checkout.northwind.example", https | {"OriginSslProtocols": listed("TLSv1.2")})
    make_distribution(aws, "checkout", [checkout], behavior, ViewerCertificate=new, **acl)


def make_distribution(aws: Emulated, name: str, origins: list[Any], behavior: dict[str, Any], **more: Any) -> None:
    settings: dict[str, Any] = {
        "CallerReference": name,
        "Comment": f"The {name}",
        "Enabled": True,
        "Origins": {"Quantity": len(origins), "Items": origins},
        "DefaultCacheBehavior": behavior,
    }
    labelled = {"DistributionConfig": settings | more, "Tags": {"Items": pairs(tags("shop"))}}
    aws.client("cloudfront").create_distribution_with_tags(DistributionConfigWithTags=labelled)


def custom_origin(host: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"Id": host, "DomainName": host, "CustomOriginConfig": settings}


def listed(*found: str) -> dict[str, Any]:
    return {"Quantity": len(found), "Items": list(found)}


def _load_balancers(aws: Emulated, certificates: Mapping[str, str]) -> dict[str, str]:
    balancing = aws.client("elbv2")
    ours = [{"Name": "tag:Name", "Values": ["shop-public-a", "shop-private-b"]}]
    subnets = {one["AvailabilityZone"]: one for one in aws.client("ec2").describe_subnets(Filters=ours)["Subnets"]}
    public, private = (one["SubnetId"] for _, one in sorted(subnets.items()))
    group = balancing.create_target_group(
        Name="shop-web", Protocol="HTTP", Port=80, VpcId=next(iter(subnets.values()))["VpcId"], Tags=pairs(tags("shop"))
    )["TargetGroups"][0]["TargetGroupArn"]
    forward = {"Type": "forward", "TargetGroupArn": group}
    to = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    made = {}
    for name, http, policy in (
        ("shop", forward, OLD_POLICY),
        ("checkout", {"Type": "redirect", "RedirectConfig": to}, NEW_POLICY),
    ):
        request = {"Name": name, "Subnets": [public, private], "Scheme": "internet-facing", "Tags": pairs(tags("shop"))}
        arn = made[name] = balancing.create_load_balancer(**request)["LoadBalancers"][0]["LoadBalancerArn"]
        balancing.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[http])
        secure = {"Certificates": [{"CertificateArn": certificates[name]}], "SslPolicy": policy}
        balancing.create_listener(LoadBalancerArn=arn, Protocol="HTTPS", Port=443, DefaultActions=[forward], **secure)
    good = {"routing.http.drop_invalid_header_fields.enabled": "true", "deletion_protection.enabled": "true"}
    for balancer in made.values():
        balancing.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=pairs(good))
    lax = pairs({"routing.http.desync_mitigation_mode": "monitor"})
    balancing.modify_load_balancer_attributes(LoadBalancerArn=made["shop"], Attributes=lax)
    return made


def _web_acl(aws: Emulated, checkout: str) -> None:
    waf = aws.client("wafv2")
    common = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}
    managed: dict[str, Any] = {"Name": "common", "Priority": 0, "Statement": common}
    managed |= {"OverrideAction": {"None": {}}, "VisibilityConfig": SEEN | {"MetricName": "common"}}
    made = waf.create_web_acl(
        Name="checkout",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        Rules=[managed],
        VisibilityConfig=SEEN | {"MetricName": "checkout"},
        Tags=pairs(tags("shop")),
    )["Summary"]["ARN"]
    waf.associate_web_acl(WebACLArn=made, ResourceArn=checkout)
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:aws-waf-logs-checkout"
    waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": made, "LogDestinationConfigs": [group]})


def _names(aws: Emulated) -> None:
    """A zone with a record that outlived its bucket, and a domain that anybody with its code may take away."""
    dns = aws.client("route53")
    zone = dns.create_hosted_zone(Name="northwind.example.", CallerReference="northwind")["HostedZone"]["Id"]
    dns.change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone.rpartition("/")[2], AddTags=pairs(tags("platform"))
    )
    past = {"Name": "campaign.northwind.example.", "Type": "A"}
    docs = {"Value": "northwind-traders-website.s3.eu-west-1.amazonaws.com"}
    records = [
        past | {"AliasTarget": S3_WEBSITE | {"EvaluateTargetHealth": False}},
        {"Name": "docs.northwind.example.", "Type": "CNAME", "TTL": 300, "ResourceRecords": [docs]},
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    owner = {
        "FirstName": "Ben",
        "LastName": "Okafor",
        "ContactType": "COMPANY",
        "OrganizationName": "Northwind Traders",
        "AddressLine1": "1 Harbour Road",
        "City": "Dublin",
        "CountryCode": "IE",
        "ZipCode": "D01",
        "PhoneNumber": "+353.15550100",
        "Email": "domains@northwind.example",
    }
    domains = aws.client("route53domains", "us-east-1")
    contacts = dict.fromkeys(("AdminContact", "RegistrantContact", "TechContact"), owner)
    domains.register_domain(
        DomainName="northwind-traders.com",
        DurationInYears=2,
        AutoRenew=True,
        PrivacyProtectTechContact=False,
        **contacts,
    )
    domains.disable_domain_transfer_lock(DomainName="northwind-traders.com")


def _certificates(aws: Emulated) -> tuple[str, str]:
    """Returns the ARNs of one that ACM renews, and of one that was imported and expires soon."""
    certificate, key = _self_signed("shop.northwind.example", days=12)
    imported = aws.client("acm").import_certificate(
        Certificate=certificate, PrivateKey=key, Tags=pairs(tags("platform"))
    )["CertificateArn"]
    return request_certificate(aws, "eu-west-1"), str(imported)


def request_certificate(aws: Emulated, region: str, *, name: str = "*.northwind.example", **more: Any) -> str:
    request = {"DomainName": name, "ValidationMethod": "DNS", "Tags": pairs(tags("platform"))}
    return str(aws.client("acm", region).request_certificate(**request, **more)["CertificateArn"])


def _self_signed(name: str, days: int) -> tuple[bytes, bytes]:
    """A certificate and its key, as short as nobody should have one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # a check is there to find it
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    ends = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=365))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return certificate.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
