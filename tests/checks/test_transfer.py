"""Transfer Family: what the judges say of servers and connectors, and what is read of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import transfer
from tests.checks.cases import Case

FTP, POLICY = transfer.server_does_not_speak_ftp, transfer.server_uses_current_security_policy
LOGS = transfer.connector_logs_transfers
NAME = "TransferSecurityPolicy"

CASES = [
    Case(FTP, [{"Protocols": ["SFTP", "FTPS"]}], None),
    Case(FTP, [{"Protocols": ["SFTP", "FTP"]}], "speaks FTP, which encrypts nothing"),
    Case(POLICY, [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-2024-01"}], None),
    Case(POLICY, [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-Restricted-2024-06"}], None),
    Case(POLICY, [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-FIPS-2020-06"}], None),
    Case(
        POLICY,
        [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-Restricted-2024-06"}],
        f"uses a policy without post-quantum key exchange ({NAME}-Restricted-2024-06)",
        {"post_quantum": True},
    ),
    Case(
        POLICY,
        [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-2018-11"}],
        f"allows algorithms that are no longer safe ({NAME}-2018-11)",
    ),
    Case(
        POLICY,
        [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-FIPS-2024-01"}],
        None,
        {"fips": True},
    ),
    Case(
        POLICY,
        [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-2024-01"}],
        f"uses a policy without FIPS-validated cryptography ({NAME}-2024-01)",
        {"fips": True},
    ),
    Case(
        POLICY,
        [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-2025-03"}],
        None,
        {"post_quantum": True},
    ),
    Case(
        POLICY,
        [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-FIPS-2025-03"}],
        None,
        {"post_quantum": True},
    ),
    Case(
        POLICY,
        [{"ServerId": "s-0123456789abcdef0", "SecurityPolicyName": f"{NAME}-2024-01"}],
        f"uses a policy without post-quantum key exchange ({NAME}-2024-01)",
        {"post_quantum": True},
    ),
    Case(LOGS, [{"LoggingRole": "arn:aws:iam::123456789012:role/transfer"}], None),
    Case(LOGS, [{}], "logs no transfers"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_servers_and_connectors(aws: Region) -> None:
    client = aws.clients.session.client("transfer")
    id = client.create_server(Protocols=["SFTP", "FTP"], SecurityPolicyName=f"{NAME}-2018-11")["ServerId"]
    role = "arn:aws:iam::123456789012:role/transfer"
    connector = client.create_connector(Url="sftp://partner.example", AccessRole=role)["ConnectorId"]
    [server] = transfer.servers.stream(aws)
    assert identify(aws, transfer.servers, server)[1] == id
    assert FTP.judge(server) == "speaks FTP, which encrypts nothing"
    [found] = transfer.connectors.stream(aws)
    assert identify(aws, transfer.connectors, found)[1] == connector
    assert LOGS.judge(found) == "logs no transfers"


def old_server(aws: boto3.Session) -> None:
    aws.client("transfer", region_name="eu-west-1").create_server(SecurityPolicyName=f"{NAME}-2018-11")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {POLICY.id: old_server}
