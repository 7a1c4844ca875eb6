"""AWS Transfer Family: servers and connectors that move files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from checks.kit import Aws, Call, Collector, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, fix

if TYPE_CHECKING:
    from types_boto3_transfer.type_defs import DescribedConnectorTypeDef as Connector
    from types_boto3_transfer.type_defs import DescribedServerTypeDef as Server

OLD = "TransferSecurityPolicy-2018-11"
"""The one security policy with SHA-1; what CloudFormation gives a server unless it is told otherwise.
https://docs.aws.amazon.com/transfer/latest/userguide/security-policies.html"""

POST_QUANTUM = re.compile(r"TransferSecurityPolicy-(PQ-SSH-.*|(FIPS-)?20(2[5-9]|[3-9]\d)-\d\d)")
"""Those with hybrid post-quantum key exchange. Source: the same page."""


def _servers(aws: Aws) -> Iterator[Any]:
    def described(server: Mapping[str, Any]) -> Any:
        return aws.call("transfer:DescribeServer", ServerId=server["ServerId"])["Server"]

    yield from aws.each(described, aws.items("transfer:ListServers", "Servers"))


def _connectors(aws: Aws) -> Iterator[Any]:
    def described(connector: Mapping[str, Any]) -> Any:
        return aws.call("transfer:DescribeConnector", ConnectorId=connector["ConnectorId"])["Connector"]

    yield from aws.each(described, aws.items("transfer:ListConnectors", "Connectors"))


servers: Collector[Server] = Collector(
    ("transfer:ListServers", "transfer:DescribeServer"), _servers, "{Arn}", "{ServerId}"
)

connectors: Collector[Connector] = Collector(
    ("transfer:ListConnectors", "transfer:DescribeConnector"), _connectors, "{Arn}", "{ConnectorId}"
)


@check(servers, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def server_does_not_speak_ftp(server: Server) -> Verdict:
    """Transfer server does not speak FTP.

    FTP sends passwords and files in plain text: whoever is on the way has both.

    Fix: Move the clients to SFTP or FTPS and take FTP out of the server's protocols.
    See: https://docs.aws.amazon.com/transfer/latest/userguide/edit-server-config.html
    """
    return expect("FTP" not in server["Protocols"], "speaks FTP, which encrypts nothing")


@check(servers, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def server_uses_current_security_policy(server: Server, *, fips: bool = False, post_quantum: bool = False) -> Verdict:
    """Transfer server uses a current security policy.

    Old policies allow algorithms, SHA-1 among them, that are no longer safe.

    Fix: Set the security policy of the server to the newest one that its clients know.
    See: https://docs.aws.amazon.com/transfer/latest/userguide/security-policies.html
    """
    return _lacks(server["SecurityPolicyName"], fips=fips, post_quantum=post_quantum)


@fix(server_uses_current_security_policy, "transfer:UpdateServer", risk=Risk.CUTS_ACCESS, patience=60)
def use_current_policy(server: Server, *, fips: bool = False, post_quantum: bool = False) -> Plan:
    """Give the Transfer server a current security policy."""
    if not _lacks(server["SecurityPolicyName"], fips=fips, post_quantum=post_quantum):
        raise NotApplicable("it uses a current one", {"security policy": server["SecurityPolicyName"]})
    was = server["SecurityPolicyName"]
    kind = "FIPS-" if fips or "-FIPS-" in was else ""
    new = f"TransferSecurityPolicy-{kind}{'2025-03' if post_quantum else '2024-01'}"

    def use(policy: str) -> Call:
        return Call("transfer:UpdateServer", {"ServerId": server["ServerId"], "SecurityPolicyName": policy})

    return Plan(
        do=[use(new)],
        undo=[use(was)],
        before={"security policy": was},
        after={"security policy": new},
        notes=[
            "Clients that know only older algorithms, SHA-1 say, can no longer connect. Transfers under way go on.",
            "The server is not stopped, and keeps its host key.",
        ],
    )


def _lacks(policy: str, *, fips: bool, post_quantum: bool) -> Verdict:
    if policy == OLD:
        return f"allows algorithms that are no longer safe ({policy})"
    if fips and "-FIPS-" not in policy:
        return f"uses a policy without FIPS-validated cryptography ({policy})"
    lacking = post_quantum and not POST_QUANTUM.fullmatch(policy)
    return expect(not lacking, f"uses a policy without post-quantum key exchange ({policy})")


@check(connectors, practice=Practice.MONITORING, severity=Severity.LOW)
def connector_logs_transfers(connector: Connector) -> Verdict:
    """Transfer connector logs what it moves.

    Without a log nobody can tell which files went where, or why they did not.

    Fix: Give the connector a logging role that may write to CloudWatch Logs.
    See: https://docs.aws.amazon.com/transfer/latest/userguide/structured-logging.html
    """
    return expect(connector.get("LoggingRole"), "logs no transfers")
