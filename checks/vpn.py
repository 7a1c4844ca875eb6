"""Site-to-Site VPN, Client VPN and transit gateways: who joins, how well it is kept, and who sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.ec2_names import with_name
from checks.kit import Aws, Call, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, collector, expect, fix

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import ClientVpnEndpointTypeDef as ClientVpn
    from types_boto3_ec2.type_defs import TransitGatewayTypeDef as TransitGateway
    from types_boto3_ec2.type_defs import TunnelOptionTypeDef
    from types_boto3_ec2.type_defs import VpnConnectionTypeDef as Connection

STANDING = "available"


@collector(
    "ec2:DescribeVpnConnections",
    arn="arn:{partition}:ec2:{region}:{account}:vpn-connection/{VpnConnectionId}",
    name="{known_as}",
)
def vpn_connections(aws: Aws) -> Iterator[Connection]:
    """Those that stand: AWS goes on listing deleted ones for a while."""
    found = aws.items("ec2:DescribeVpnConnections", "VpnConnections")
    return (with_name(one, one["VpnConnectionId"]) for one in found if one["State"] == STANDING)


@collector(
    "ec2:DescribeClientVpnEndpoints",
    arn="arn:{partition}:ec2:{region}:{account}:client-vpn-endpoint/{ClientVpnEndpointId}",
    name="{known_as}",
)
def client_vpns(aws: Aws) -> Iterator[ClientVpn]:
    found = aws.items("ec2:DescribeClientVpnEndpoints", "ClientVpnEndpoints")
    return (
        with_name(one, one["ClientVpnEndpointId"]) for one in found if not one["Status"]["Code"].startswith("delet")
    )


@collector(
    "ec2:DescribeTransitGateways",
    arn="arn:{partition}:ec2:{region}:{account}:transit-gateway/{TransitGatewayId}",
    name="{known_as}",
)
def transit_gateways(aws: Aws) -> Iterator[TransitGateway]:
    """The account's own: those that others share with it are theirs to change."""
    found = aws.items("ec2:DescribeTransitGateways", "TransitGateways")
    own = (one for one in found if one["OwnerId"] == aws.account and one["State"] in (STANDING, "modifying"))
    return (with_name(one, one["TransitGatewayId"]) for one in own)


@check(vpn_connections, practice=Practice.BACKUP, severity=Severity.LOW)
def connection_has_both_tunnels_up(connection: Connection) -> Verdict:
    """VPN connection has both tunnels up.

    AWS takes one tunnel down for maintenance now and then; where the other one does not work, the office is cut off.

    Fix: Set up the second tunnel on your gateway, and let it fail over.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-20
    """
    if not connection.get("VgwTelemetry"):
        raise NotApplicable("AWS tells nothing of its tunnels")
    down = [one["OutsideIpAddress"] for one in connection["VgwTelemetry"] if one["Status"] != "UP"]
    return expect(not down, f"has {'no tunnel' if len(down) > 1 else 'one tunnel only'} up ({', '.join(down)} is down)")


@check(vpn_connections, practice=Practice.MONITORING, severity=Severity.LOW)
def connection_logs_tunnels(connection: Connection) -> Verdict:
    """VPN connection logs what its tunnels do.

    Without the log nobody sees who tried to set a tunnel up with a wrong key, or why it went down.

    Fix: Turn on tunnel activity logs to CloudWatch Logs for both tunnels. The tunnel restarts.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-171
    """
    tunnels = _tunnels(connection)
    logged = [one.get("LogOptions", {}).get("CloudWatchLogOptions", {}).get("LogEnabled", False) for one in tunnels]
    return expect(all(logged), "does not log the activity of its tunnels")


@check(vpn_connections, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def connection_requires_ikev2(connection: Connection) -> Verdict:
    """VPN connection requires IKEv2.

    IKEv1 is deprecated: it lets others learn the hash of the shared key and guess it at leisure.

    Fix: Allow only ikev2 for both tunnels, after your gateway speaks it. The tunnel restarts.
    See: https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html
    """
    # Where no version is named AWS takes both.
    old = [
        one for one in _tunnels(connection) if {"ikev2"} != {version["Value"] for version in one.get("IkeVersions", [])}
    ]
    return expect(not old, "accepts IKEv1")


@check(client_vpns, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def client_vpn_logs_connections(endpoint: ClientVpn) -> Verdict:
    """Client VPN endpoint logs connections.

    Without the log nobody can tell who was in the network when, or that a stolen certificate was used.

    Fix: Turn on connection logging to a log group of CloudWatch Logs.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-51
    """
    return expect(endpoint["ConnectionLogOptions"]["Enabled"], "does not log connections")


@check(transit_gateways, practice=Practice.NETWORK, severity=Severity.HIGH)
def transit_gateway_accepts_by_hand(gateway: TransitGateway) -> Verdict:
    """Transit gateway accepts attachments by hand.

    Whoever the gateway is shared with joins their VPC to the network on their own, and nobody looks at it first.

    Fix: Turn off automatic acceptance of shared attachments. Those that exist stay.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-23
    """
    return expect(
        gateway["Options"]["AutoAcceptSharedAttachments"] != "enable",
        "accepts attachments of other accounts on its own",
    )


@fix(transit_gateway_accepts_by_hand, "ec2:ModifyTransitGateway", risk=Risk.SAFE)
def accept_by_hand(gateway: TransitGateway) -> Plan:
    """Accept attachments to the transit gateway by hand."""
    now = gateway["Options"]["AutoAcceptSharedAttachments"]
    if now != "enable":
        raise NotApplicable("it does")
    which = {"TransitGatewayId": gateway["TransitGatewayId"]}
    return Plan(
        do=[Call("ec2:ModifyTransitGateway", which | {"Options": {"AutoAcceptSharedAttachments": "disable"}})],
        undo=[Call("ec2:ModifyTransitGateway", which | {"Options": {"AutoAcceptSharedAttachments": now}})],
        before={"accepts shared attachments": now},
        after={"accepts shared attachments": "disable"},
        notes=["Attachments that exist stay. From now on somebody must accept each new one."],
    )


def _tunnels(connection: Connection) -> Sequence[TunnelOptionTypeDef]:
    found = connection.get("Options", {}).get("TunnelOptions", [])
    if not found:
        raise NotApplicable("AWS tells nothing of its tunnels")
    return found
