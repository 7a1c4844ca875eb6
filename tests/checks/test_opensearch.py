"""OpenSearch: what the judges say of domains, how they are read, and the ones that fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import opensearch
from checks.kit import NotApplicable
from tests.checks.cases import Case

BASE: dict[str, Any] = {"DomainName": "search", "EngineVersion": "OpenSearch_2.11", "ClusterConfig": {}}
PUBLIC, IN_VPC, FINE = (
    opensearch.domain_is_not_public,
    opensearch.domain_is_in_vpc,
    opensearch.domain_has_fine_grained_access_control,
)
ENCRYPTED, NODES, HTTPS, TLS = (
    opensearch.domain_is_encrypted,
    opensearch.domain_encrypts_between_nodes,
    opensearch.domain_requires_https,
    opensearch.domain_takes_new_tls_only,
)
AUDIT, ERRORS = opensearch.domain_logs_audit, opensearch.domain_logs_errors
ZONES, MASTERS, SOFTWARE = (
    opensearch.domain_has_data_nodes_in_several_zones,
    opensearch.domain_has_dedicated_masters,
    opensearch.domain_has_newest_software,
)
ARN = "arn:aws:es:eu-west-1:123456789012:domain/"
VPC = {"VPCOptions": {"VPCId": "vpc-1", "SubnetIds": ["subnet-1"]}}


def opened(**more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": "*"} | more
    return {
        "DomainName": "product-search",
        "AccessPolicies": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    }


def on(**more: bool) -> dict[str, Any]:
    return {"AdvancedSecurityOptions": {"Enabled": True} | more}


def endpoint(**options: Any) -> dict[str, Any]:
    return BASE | {"DomainEndpointOptions": options}


def cluster(**more: Any) -> dict[str, Any]:
    return {"ClusterConfig": {"InstanceCount": 3, "ZoneAwarenessEnabled": True} | more}


def log(kind: str, *, enabled: bool = True) -> dict[str, Any]:
    return {"LogPublishingOptions": {kind: {"Enabled": enabled, "CloudWatchLogsLogGroupArn": "arn"}}}


CASES = [
    Case(PUBLIC, [{}], None),
    Case(PUBLIC, [opened()], "lets everyone do es:*"),
    Case(PUBLIC, [opened(Action="es:ESHttpGet") | on(AnonymousAuthEnabled=True)], "lets everyone do es:ESHttpGet"),
    Case(PUBLIC, [opened() | VPC], None),
    Case(PUBLIC, [opened() | on()], None),
    Case(PUBLIC, [opened() | {"AdvancedSecurityOptions": {"Enabled": False}}], "lets everyone do es:*"),
    Case(PUBLIC, [opened(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})], None),
    Case(PUBLIC, [opened(Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})], "lets everyone do es:*"),
    Case(PUBLIC, [opened(Principal={"AWS": "arn:aws:iam::123456789012:role/search"})], None),
    Case(IN_VPC, [VPC], None),
    Case(IN_VPC, [{}], "has an endpoint on the internet"),
    Case(FINE, [on()], None),
    Case(FINE, [{"AdvancedSecurityOptions": {"Enabled": False}}], "has no fine-grained access control"),
    Case(FINE, [{}], "has no fine-grained access control"),
    Case(ENCRYPTED, [{"EncryptionAtRestOptions": {"Enabled": True}}], None),
    Case(ENCRYPTED, [BASE | {"EncryptionAtRestOptions": {"Enabled": False}}], "is not encrypted"),
    Case(ENCRYPTED, [BASE], "is not encrypted"),
    Case(NODES, [BASE | {"NodeToNodeEncryptionOptions": {"Enabled": True}}], None),
    Case(
        NODES,
        [BASE | {"NodeToNodeEncryptionOptions": {"Enabled": False}}],
        "does not encrypt traffic between its nodes",
    ),
    Case(HTTPS, [endpoint(EnforceHTTPS=True)], None),
    Case(HTTPS, [endpoint(EnforceHTTPS=False)], "answers over plain HTTP"),
    Case(HTTPS, [BASE], "answers over plain HTTP"),
    Case(TLS, [endpoint(TLSSecurityPolicy="Policy-Min-TLS-1-2-PFS-2023-10")], None),
    Case(TLS, [endpoint(TLSSecurityPolicy="Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08")], None),
    Case(
        TLS, [endpoint(TLSSecurityPolicy="Policy-Min-TLS-1-2-2019-07")], "has the TLS policy Policy-Min-TLS-1-2-2019-07"
    ),
    Case(TLS, [BASE], "has the TLS policy Policy-Min-TLS-1-0-2019-07"),
    Case(AUDIT, [log("AUDIT_LOGS")], None),
    Case(AUDIT, [log("AUDIT_LOGS", enabled=False)], "publishes no audit log"),
    Case(AUDIT, [log("ES_APPLICATION_LOGS")], "publishes no audit log"),
    Case(AUDIT, [{}], "publishes no audit log"),
    Case(ERRORS, [log("ES_APPLICATION_LOGS")], None),
    Case(ERRORS, [log("SEARCH_SLOW_LOGS")], "publishes no error log"),
    Case(ZONES, [cluster()], None),
    Case(ZONES, [cluster(ZoneAwarenessEnabled=False, MultiAZWithStandbyEnabled=True)], None),
    Case(ZONES, [cluster(ZoneAwarenessEnabled=False)], "has its data nodes in one Availability Zone"),
    Case(ZONES, [cluster(InstanceCount=2)], "has 2 data nodes, not 3"),
    Case(ZONES, [cluster(InstanceCount=2)], None, {"nodes": 2}),
    Case(MASTERS, [cluster(DedicatedMasterEnabled=True, DedicatedMasterCount=3)], None),
    Case(
        MASTERS, [cluster(DedicatedMasterEnabled=True, DedicatedMasterCount=2)], "has 2 dedicated master nodes, not 3"
    ),
    Case(MASTERS, [cluster()], "has no dedicated master nodes"),
    Case(SOFTWARE, [{"ServiceSoftwareOptions": {"UpdateAvailable": False, "UpdateStatus": "COMPLETED"}}], None),
    Case(
        SOFTWARE,
        [{"ServiceSoftwareOptions": {"UpdateAvailable": True, "UpdateStatus": "ELIGIBLE", "NewVersion": "R2026-1"}}],
        "waits for the update R2026-1",
    ),
    Case(
        SOFTWARE, [{"ServiceSoftwareOptions": {"UpdateAvailable": True, "UpdateStatus": "IN_PROGRESS"}}], NotApplicable
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_five_domains_with_one_call_and_none_that_is_being_deleted(aws: Region) -> None:
    names = [f"domain-{number}" for number in range(6)]
    listed = {"DomainNames": [{"DomainName": name} for name in names]}

    def described(some: list[str]) -> dict[str, Any]:
        deleted = ("domain-1",)
        return {
            "DomainStatusList": [
                {"DomainId": n, "DomainName": n, "ARN": f"{ARN}{n}", "ClusterConfig": {}, "Deleted": n in deleted}
                for n in some
            ]
        }

    with Stubber(aws.clients.get("opensearch", aws.region)) as stub:
        stub.add_response("list_domain_names", listed, {})
        for some in (names[:5], names[5:]):
            stub.add_response("describe_domains", described(some), {"DomainNames": some})
        found = [domain["DomainName"] for domain in opensearch.domains.stream(aws)]
    assert found == ["domain-0", "domain-2", "domain-3", "domain-4", "domain-5"]


def test_a_domain_as_the_emulator_has_it(aws: Region) -> None:
    plain_domain(aws.clients.session)
    [domain] = opensearch.domains.stream(aws)
    assert domain["DomainName"] == "product-search"
    assert IN_VPC.judge(domain) == "has an endpoint on the internet"


PLANS = [opensearch.encrypt.plan, opensearch.encrypt_between_nodes.plan, opensearch.require_https.plan]


@pytest.mark.parametrize("plan", PLANS)
def test_no_plan_while_aws_changes_the_domain(plan: Callable[..., Any]) -> None:
    with pytest.raises(NotApplicable):
        plan(BASE | {"Processing": True})


def test_no_plan_for_elasticsearch_that_cannot_be_encrypted_later() -> None:
    for plan in (opensearch.encrypt.plan, opensearch.encrypt_between_nodes.plan):
        with pytest.raises(NotApplicable):
            plan(BASE | {"EngineVersion": "Elasticsearch_6.4"})
    assert opensearch.encrypt_between_nodes.plan(BASE | {"EngineVersion": "Elasticsearch_7.10"}).undo == []


@pytest.mark.parametrize(
    "cluster",
    [{"WarmEnabled": True}, {"ColdStorageOptions": {"Enabled": True}}, {"InstanceType": "t2.small.search"},
     {"InstanceType": "m6g.large.search", "DedicatedMasterType": "m3.medium.search"}],
)  # fmt: skip
def test_no_plan_where_aws_cannot_encrypt(cluster: Any) -> None:
    with pytest.raises(NotApplicable):
        opensearch.encrypt.plan(BASE | {"ClusterConfig": cluster})


def test_a_policy_chosen_after_the_fix_is_drift() -> None:
    plan = opensearch.take_new_tls_only.plan
    later = endpoint(TLSSecurityPolicy="Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08")
    assert plan(endpoint(TLSSecurityPolicy=opensearch.GOOD_TLS)).before != plan(later).before


def plain_domain(aws: boto3.Session) -> None:
    aws.client("opensearch").create_domain(
        DomainName="product-search",
        EngineVersion="OpenSearch_2.11",
        ClusterConfig={"InstanceType": "m6g.large.search", "InstanceCount": 1},
        NodeToNodeEncryptionOptions={"Enabled": False},
        DomainEndpointOptions={"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"},
    )


def public_domain(aws: boto3.Session) -> None:
    plain_domain(aws)
    aws.client("opensearch").update_domain_config(**opened())


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    ENCRYPTED.id: plain_domain,
    NODES.id: plain_domain,
    HTTPS.id: plain_domain,
    TLS.id: plain_domain,
    PUBLIC.id: public_domain,
}
