"""Amazon OpenSearch Service domains, those that run Elasticsearch among them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from checks import documents
from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    fix,
)
from checks.policy_edits import close

if TYPE_CHECKING:
    from types_boto3_opensearch.type_defs import DomainStatusTypeDef as Domain

UPDATE = "opensearch:UpdateDomainConfig"
AT_ONCE = 5
"""Domains that one DescribeDomains answers for: AWS refuses more."""
OLD_TLS = ("Policy-Min-TLS-1-0-2019-07", "Policy-Min-TLS-1-2-2019-07")
"""The first lets TLS 1.0 and 1.1 in, the second ciphers without forward secrecy.
https://docs.aws.amazon.com/opensearch-service/latest/developerguide/infrastructure-security.html"""
WITHOUT_ENCRYPTION = ("t2.", "m3.", "r3.")
"""Beginnings of instance types that cannot encrypt.
https://docs.aws.amazon.com/opensearch-service/latest/developerguide/supported-instance-types.html"""
GOOD_TLS = "Policy-Min-TLS-1-2-PFS-2023-10"
BLUE_GREEN = (
    "AWS makes a new set of nodes and moves the data there: the domain answers meanwhile, but it takes from minutes to "
    "hours, with a higher load."
)


@collector("opensearch:ListDomainNames", "opensearch:DescribeDomains", arn="{ARN}", name="{DomainName}")
def domains(aws: Aws) -> Iterator[Domain]:
    """Leaves out those that are being deleted."""
    names = (one["DomainName"] for one in aws.items("opensearch:ListDomainNames", "DomainNames"))
    while some := list(islice(names, AT_ONCE)):
        for domain in aws.call("opensearch:DescribeDomains", DomainNames=some)["DomainStatusList"]:
            if not domain.get("Deleted"):
                yield domain


@check(domains, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def domain_is_not_public(domain: Domain) -> Verdict:
    """OpenSearch domain lets in nobody from outside.

    Everyone on the internet could search, change and delete what is in it, and nobody would ask for a password.

    Fix: Name accounts, roles or addresses in the domain's access policy, or turn on fine-grained access control.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html
    """
    security = domain.get("AdvancedSecurityOptions", {})
    asks = security.get("Enabled") and not security.get("AnonymousAuthEnabled")
    if _in_vpc(domain) or asks:  # with fine-grained access control AWS itself advises an open policy: OpenSearch asks
        return None
    return documents.opens_to_everyone(domain.get("AccessPolicies", ""))


@fix(domain_is_not_public, UPDATE, risk=Risk.CUTS_ACCESS, patience=60)
def close_domain(domain: Domain) -> Plan:
    """Take the statements that let everyone in out of the domain's policy."""
    _can_change(domain)
    notes = [
        "Clients and Dashboards that do not sign their requests are refused. Roles of this account get in by IAM.",
        "The nodes stay as they are, and the domain answers all the while.",
    ]
    none = _update(domain, AccessPolicies="")
    return close(domain.get("AccessPolicies", ""), lambda text: _update(domain, AccessPolicies=text), none, notes)


@check(domains, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def domain_is_in_vpc(domain: Domain) -> Verdict:
    """OpenSearch domain is inside a VPC.

    Outside a VPC its endpoint answers to the internet, and only policies and passwords stand before the data.

    Fix: Make a domain in a VPC and restore a snapshot into it: AWS moves no domain into a VPC.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/vpc.html
    """
    return expect(_in_vpc(domain), "has an endpoint on the internet")


@check(domains, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def domain_has_fine_grained_access_control(domain: Domain) -> Verdict:
    """OpenSearch domain has fine-grained access control.

    With it OpenSearch itself decides who reads which index; without it whoever gets in reads and deletes everything.

    Fix: Turn on fine-grained access control, with the migration period that lets clients change over.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html
    """
    return expect(domain.get("AdvancedSecurityOptions", {}).get("Enabled"), "has no fine-grained access control")


@check(domains, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def domain_is_encrypted(domain: Domain) -> Verdict:
    """OpenSearch domain is encrypted.

    Encryption covers indexes, logs, swap files and automated snapshots; without the key nobody reads what leaks.

    Fix: Turn on encryption at rest: OpenSearch, or Elasticsearch 6.7 or later. It can never be turned off again.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/encryption-at-rest.html
    """
    return expect(_at_rest(domain), "is not encrypted")


@fix(domain_is_encrypted, UPDATE, risk=Risk.SAFE, patience=60)
def encrypt(domain: Domain) -> Plan:
    """Encrypt the domain at rest with AWS's own key.

    Source: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/encryption-at-rest.html
    """
    _can_change(domain)
    if _version(domain) < (6, 7):
        raise NotApplicable("AWS turns it on for domains of OpenSearch, and of Elasticsearch 6.7 or later")
    cluster = domain["ClusterConfig"]
    if cluster.get("WarmEnabled") or cluster.get("ColdStorageOptions", {}).get("Enabled"):
        raise NotApplicable(
            "AWS does not turn it on while the domain has UltraWarm or cold storage: take that off first"
        )
    types = (cluster.get("InstanceType", ""), cluster.get("DedicatedMasterType", ""))
    if any(one.startswith(WITHOUT_ENCRYPTION) for one in types):
        raise NotApplicable("its instance types cannot encrypt: choose newer ones first")
    return Plan(
        do=[_update(domain, EncryptionAtRestOptions={"Enabled": True})],
        undo=[],
        before={"at rest": "encrypted" if _at_rest(domain) else "plain"},
        after={"at rest": "encrypted"},
        notes=[BLUE_GREEN, "No undo: AWS does not turn encryption at rest off again."],
    )


@check(domains, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def domain_encrypts_between_nodes(domain: Domain) -> Verdict:
    """OpenSearch domain encrypts traffic between its nodes.

    Every document travels from node to node; encrypted, it cannot be read by whoever gets into that network.

    Fix: Turn on node-to-node encryption; it can never be turned off again.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ntn.html
    """
    return expect(_between_nodes(domain), "does not encrypt traffic between its nodes")


@fix(domain_encrypts_between_nodes, UPDATE, risk=Risk.SAFE, patience=60)
def encrypt_between_nodes(domain: Domain) -> Plan:
    """Turn on encryption between the domain's nodes.

    Source: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ntn.html
    """
    _can_change(domain)
    if _version(domain) < (6, 7):
        raise NotApplicable("AWS turns it on for domains of OpenSearch, and of Elasticsearch 6.7 or later")
    return Plan(
        do=[_update(domain, NodeToNodeEncryptionOptions={"Enabled": True})],
        undo=[],
        before={"between nodes": "encrypted" if _between_nodes(domain) else "plain"},
        after={"between nodes": "encrypted"},
        notes=[BLUE_GREEN, "No undo: AWS does not turn node-to-node encryption off again."],
    )


@check(domains, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def domain_requires_https(domain: Domain) -> Verdict:
    """OpenSearch domain takes HTTPS only.

    Over plain HTTP, whoever sits between a client and the domain reads passwords and documents on their way.

    Fix: Require HTTPS for all traffic to the domain, after the clients that still use HTTP are changed.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/infrastructure-security.html
    """
    return expect(domain.get("DomainEndpointOptions", {}).get("EnforceHTTPS"), "answers over plain HTTP")


@fix(domain_requires_https, UPDATE, risk=Risk.CUTS_ACCESS, patience=60)
def require_https(domain: Domain) -> Plan:
    """Make the domain take HTTPS only."""
    _can_change(domain)
    is_on = bool(domain.get("DomainEndpointOptions", {}).get("EnforceHTTPS"))
    words = {True: "on", False: "off"}
    return Plan(
        do=[_endpoint(domain, EnforceHTTPS=True)],
        undo=[_endpoint(domain, EnforceHTTPS=is_on)],
        before={"HTTPS required": words[is_on]},
        after={"HTTPS required": words[True]},
        notes=["Clients that use plain HTTP are refused from then on. The domain answers while AWS changes it."],
    )


@check(domains, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def domain_takes_new_tls_only(domain: Domain) -> Verdict:
    """OpenSearch domain takes new TLS only.

    Old versions of TLS can be weakened by whoever sits in between; without forward secrecy a stolen key opens the past.

    Fix: Choose the TLS security policy Policy-Min-TLS-1-2-PFS-2023-10 or a later one.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/infrastructure-security.html
    """
    policy = domain.get("DomainEndpointOptions", {}).get("TLSSecurityPolicy", OLD_TLS[0])
    return expect(policy not in OLD_TLS, f"has the TLS policy {policy}")


@fix(domain_takes_new_tls_only, UPDATE, risk=Risk.CUTS_ACCESS, patience=60)
def take_new_tls_only(domain: Domain) -> Plan:
    """Make the domain take TLS 1.2 and later, with forward secrecy."""
    _can_change(domain)
    policy = domain.get("DomainEndpointOptions", {}).get("TLSSecurityPolicy", OLD_TLS[0])
    wanted = GOOD_TLS if policy in OLD_TLS else policy  # what is fixed still tells if it drifts
    return Plan(
        do=[_endpoint(domain, TLSSecurityPolicy=wanted)],
        undo=[_endpoint(domain, TLSSecurityPolicy=policy)],
        before={"TLS policy": policy},
        after={"TLS policy": wanted},
        notes=["Clients of 2013 and before, such as Java 7, speak no TLS 1.2: they are refused from then on."],
    )


@check(domains, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def domain_logs_audit(domain: Domain) -> Verdict:
    """OpenSearch domain publishes its audit log.

    The audit log tells who signed in, who failed to, and who read which index: CloudTrail sees none of it.

    Fix: Turn on fine-grained access control and publish the audit log; then turn it on in Dashboards.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/audit-logs.html
    """
    return expect(_publishes(domain, "AUDIT_LOGS"), "publishes no audit log")


@check(domains, practice=Practice.MONITORING, severity=Severity.LOW)
def domain_logs_errors(domain: Domain) -> Verdict:
    """OpenSearch domain publishes its error log.

    Warnings and errors show what breaks, and queries that somebody tries; without the log they are gone.

    Fix: Publish the error log to a CloudWatch log group that lets OpenSearch Service write.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createdomain-configure-slow-logs.html
    """
    return expect(_publishes(domain, "ES_APPLICATION_LOGS"), "publishes no error log")


@check(domains, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def domain_has_data_nodes_in_several_zones(domain: Domain, *, nodes: int = 3) -> Verdict:
    """OpenSearch domain has data nodes in several zones.

    With three nodes over zones it answers, and loses nothing, while one node or one zone is away.

    Fix: Turn on zone awareness or Multi-AZ with standby, with three data nodes or more.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-multiaz.html
    """
    cluster = domain["ClusterConfig"]
    if not cluster.get("ZoneAwarenessEnabled") and not cluster.get("MultiAZWithStandbyEnabled"):
        return "has its data nodes in one Availability Zone"
    count = cluster["InstanceCount"]
    return expect(count >= nodes, f"has {count} data nodes, not {nodes}")


@check(domains, practice=Practice.BACKUP, severity=Severity.LOW)
def domain_has_dedicated_masters(domain: Domain, *, masters: int = 3) -> Verdict:
    """OpenSearch domain has dedicated master nodes.

    Three nodes that do nothing but manage the cluster keep it steady under load, and agree when one of them fails.

    Fix: Add three dedicated master nodes.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-dedicatedmasternodes.html
    """
    cluster = domain["ClusterConfig"]
    if not cluster.get("DedicatedMasterEnabled"):
        return "has no dedicated master nodes"
    count = cluster.get("DedicatedMasterCount", 0)
    return expect(count >= masters, f"has {count} dedicated master nodes, not {masters}")


@check(domains, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def domain_has_newest_software(domain: Domain) -> Verdict:
    """OpenSearch domain runs the newest service software.

    Service software updates close security holes; those that are optional wait until somebody starts them.

    Fix: Start the update, or turn on automatic software updates in the domain's off-peak window.
    See: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/service-software.html
    """
    software = domain.get("ServiceSoftwareOptions", {})
    if software.get("UpdateStatus") in ("PENDING_UPDATE", "IN_PROGRESS"):
        raise NotApplicable("an update is scheduled or under way")
    return expect(
        not software.get("UpdateAvailable"), f"waits for the update {software.get('NewVersion', '')}".rstrip()
    )


def _in_vpc(domain: Domain) -> bool:
    return bool(domain.get("VPCOptions", {}).get("VPCId") or domain.get("VPCOptions", {}).get("SubnetIds"))


def _at_rest(domain: Domain) -> bool:
    return bool(domain.get("EncryptionAtRestOptions", {}).get("Enabled"))


def _between_nodes(domain: Domain) -> bool:
    return bool(domain.get("NodeToNodeEncryptionOptions", {}).get("Enabled"))


def _publishes(domain: Domain, log: str) -> bool:
    options: Any = domain.get("LogPublishingOptions", {})
    return bool(options.get(log, {}).get("Enabled"))


def _can_change(domain: Domain) -> None:
    if domain.get("Processing") or domain.get("UpgradeProcessing"):
        raise NotApplicable("AWS is changing the domain: it takes no other change until that is done")


def _version(domain: Domain) -> tuple[int, ...]:
    """The version as numbers, that of OpenSearch after all of Elasticsearch's."""
    engine, _, number = domain["EngineVersion"].rpartition("_")
    parts = tuple(int(part) for part in number.split(".") if part.isdigit())
    return (100, *parts) if engine == "OpenSearch" else parts


def _update(domain: Domain, **changes: Any) -> Call:
    return Call(UPDATE, {"DomainName": domain["DomainName"]} | changes)


def _endpoint(domain: Domain, **changes: Any) -> Call:
    """The endpoint's options whole, with one of them changed: a custom name stays as it is."""
    return _update(domain, DomainEndpointOptions={**domain.get("DomainEndpointOptions", {}), **changes})
