"""How Northwind Traders' machines start and are reached: templates, groups, images, endpoints, lines, firewalls."""

from __future__ import annotations

import base64
from typing import Any

from bot.demo.aws import Emulated
from bot.demo.tags import named, pairs, tags

EVERYONE = "0.0.0.0/0"
SCRIPT = "#!/bin/bash\nexport FEED_PASSWORD=placeholder-not-a-real-secret\n/opt/feed/run\n"


def fill_hosts(aws: Emulated) -> None:
    """Needs what `fill_network` makes."""
    ec2 = aws.client("ec2")
    subnets = {name: _subnet(ec2, name) for name in ("shop-public-a", "shop-private-b")}
    _machines(ec2, subnets["shop-private-b"])
    _office(ec2)
    _images(ec2)
    _addresses(ec2)
    _templates(aws)
    _scaling(aws, subnets)
    _endpoints(aws, subnets)
    _lines(aws)
    _firewalls(aws, subnets)
    _desktops(aws, subnets)
    ec2.create_network_acl(
        VpcId=subnets["shop-public-a"]["VpcId"], TagSpecifications=_tagged("network-acl", "dmz-2019")
    )


def _machines(ec2: Any, subnet: dict[str, Any]) -> None:
    """The worker got a second interface, the bastion became a router, and a build machine was stopped for good."""
    second = ec2.create_subnet(
        VpcId=subnet["VpcId"],
        CidrBlock="10.20.12.0/24",
        AvailabilityZone="eu-west-1b",
        TagSpecifications=_tagged("subnet", "shop-reports-b"),
    )["Subnet"]["SubnetId"]
    _reports_go_straight(ec2, subnet["VpcId"], second)
    worker, bastion = _instance(ec2, "report-worker"), _instance(ec2, "bastion")
    interface = ec2.create_network_interface(SubnetId=second, TagSpecifications=_tagged("network-interface", "reports"))
    id = interface["NetworkInterface"]["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=id, InstanceId=worker["InstanceId"], DeviceIndex=1)
    router = bastion["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=router, SourceDestCheck={"Value": False})
    ec2.monitor_instances(InstanceIds=[worker["InstanceId"]])
    many = ec2.create_security_group(
        GroupName="partner-allow-list",
        Description="Addresses of partners",
        VpcId=subnet["VpcId"],
        TagSpecifications=_tagged("security-group", "partner-allow-list"),
    )["GroupId"]
    partners = [{"CidrIp": f"198.51.100.{number}/32"} for number in range(55)]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": partners}
    vendor = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "203.0.113.64/28", "Description": "vendor"}]}
    ec2.authorize_security_group_ingress(GroupId=many, IpPermissions=[https, vendor])


def _reports_go_straight(ec2: Any, vpc: str, subnet: str) -> None:
    """What leads to a partner goes out by the internet gateway, and nothing else does: no public subnet."""
    partner = ec2.create_managed_prefix_list(
        PrefixListName="report-partner",
        MaxEntries=2,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "198.51.100.64/28"}],
        TagSpecifications=_tagged("prefix-list", "report-partner"),
    )["PrefixList"]["PrefixListId"]
    [gateway] = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])[
        "InternetGateways"
    ]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationPrefixListId=partner, GatewayId=gateway["InternetGatewayId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def _office(ec2: Any) -> None:
    """Administrators come from the office: the bastion's group names its ranges by a list."""
    office = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "203.0.113.8/29", "Description": "Lisbon"}],
        TagSpecifications=_tagged("prefix-list", "offices"),
    )["PrefixList"]["PrefixListId"]
    [group] = _instance(ec2, "bastion")["SecurityGroups"]
    listed = [{"PrefixListId": office, "Description": "offices"}]
    agent = {"IpProtocol": "tcp", "FromPort": 9100, "ToPort": 9100, "PrefixListIds": listed}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[agent])


def _images(ec2: Any) -> None:
    ec2.create_image(InstanceId=_instance(ec2, "shop-web-1")["InstanceId"], Name="shop-web-2026-02")
    leaked = ec2.create_image(InstanceId=_instance(ec2, "erp-legacy")["InstanceId"], Name="erp-for-the-vendor")
    ec2.modify_image_attribute(ImageId=leaked["ImageId"], LaunchPermission={"Add": [{"Group": "all"}]})


def _addresses(ec2: Any) -> None:
    used = ec2.allocate_address(Domain="vpc", TagSpecifications=_tagged("elastic-ip", "bastion"))
    ec2.associate_address(AllocationId=used["AllocationId"], InstanceId=_instance(ec2, "bastion")["InstanceId"])
    ec2.allocate_address(Domain="vpc", TagSpecifications=_tagged("elastic-ip", "old-partner-sftp"))


def _templates(aws: Emulated) -> None:
    good = {
        "MetadataOptions": {"HttpTokens": "required"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True}}],
    }
    bad = {
        "MetadataOptions": {"HttpTokens": "optional"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": False}}],
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
        "UserData": base64.b64encode(SCRIPT.encode()).decode(),
    }
    for region, name, data in (("eu-west-1", "shop-web", good), ("us-east-1", "price-feed", bad)):
        aws.client("ec2", region).create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": "ami-0a1b2c3d4e5f60718", "InstanceType": "t3.small"} | data,
            TagSpecifications=_tagged("launch-template", name),
        )


def _scaling(aws: Emulated, subnets: dict[str, Any]) -> None:
    """No group runs a machine just now: night."""
    client, empty = aws.client("autoscaling"), {"MinSize": 0, "MaxSize": 4, "DesiredCapacity": 0}
    balancer = aws.client("elbv2")
    target = balancer.create_target_group(
        Name="shop-web-spot",
        Protocol="HTTPS",
        Port=443,
        VpcId=subnets["shop-private-b"]["VpcId"],
        TargetType="instance",
    )["TargetGroups"][0]["TargetGroupArn"]
    template = {"LaunchTemplateSpecification": {"LaunchTemplateName": "shop-web", "Version": "$Default"}}
    types = [{"InstanceType": "t3.small"}, {"InstanceType": "t3a.small"}]

    def group(name: str, team: str, zones: list[str], **more: Any) -> None:
        marks = [{**tag, "PropagateAtLaunch": True} for tag in pairs(tags(team))]
        where = ",".join(subnets[zone]["SubnetId"] for zone in zones)
        client.create_auto_scaling_group(
            AutoScalingGroupName=name, VPCZoneIdentifier=where, Tags=marks, **empty, **more
        )

    spot = {"LaunchTemplate": template, "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50}}
    group(
        "shop-web",
        "shop",
        list(subnets),
        MixedInstancesPolicy={"LaunchTemplate": template | {"Overrides": types}},
        TargetGroupARNs=[target],
        HealthCheckType="ELB",
    )
    group(
        "shop-web-spot",
        "shop",
        ["shop-private-b"],
        MixedInstancesPolicy=spot,
        TargetGroupARNs=[target],
        HealthCheckType="EC2",
    )
    client.create_launch_configuration(
        LaunchConfigurationName="price-feed-2020",
        ImageId=aws.client("ec2").describe_images(Owners=["self"])["Images"][0]["ImageId"],
        InstanceType="t3.small",
        AssociatePublicIpAddress=True,
        UserData=SCRIPT,  # boto3 encodes it
    )
    group("price-feed", "data", ["shop-private-b"], LaunchConfigurationName="price-feed-2020")


def _endpoints(aws: Emulated, subnets: dict[str, Any]) -> None:
    ec2, both = aws.client("ec2"), [one["SubnetId"] for one in subnets.values()]
    ours = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",'
        '"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-nw1nd7rade"}}}]}'
    )
    everyone = ours.replace(',"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-nw1nd7rade"}}', "")

    def endpoint(service: str, kind: str, policy: str, **more: Any) -> None:
        ec2.create_vpc_endpoint(
            VpcId=subnets["shop-private-b"]["VpcId"],
            ServiceName=f"com.amazonaws.eu-west-1.{service}",
            VpcEndpointType=kind,
            PolicyDocument=policy,
            TagSpecifications=_tagged("vpc-endpoint", service),
            **more,
        )

    endpoint("s3", "Gateway", everyone)
    for service in ("ssm", "ec2", "ecr.api", "ecr.dkr"):
        endpoint(service, "Interface", ours, SubnetIds=both[1:] if service == "ssm" else both)
    balancer = aws.client("elbv2").create_load_balancer(
        Name="partner-feed", Type="network", Scheme="internal", Subnets=both, Tags=pairs(tags("data"))
    )["LoadBalancers"][0]["LoadBalancerArn"]
    made = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[balancer],
        AcceptanceRequired=True,
        TagSpecifications=_tagged("vpc-endpoint-service", "partner-feed"),
    )["ServiceConfiguration"]["ServiceId"]
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=made, AddAllowedPrincipals=["*"])


def _lines(aws: Emulated) -> None:
    """The warehouse is reached over a VPN and a line of its own."""
    ec2 = aws.client("ec2")
    ours = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="203.0.113.9", BgpAsn=65000)["CustomerGateway"]
    gateways = [
        ec2.create_transit_gateway(
            Description=name,
            Options={"AutoAcceptSharedAttachments": accept},
            TagSpecifications=_tagged("transit-gateway", name),
        )["TransitGateway"]["TransitGatewayId"]
        for name, accept in (("warehouse", "enable"), ("partners", "disable"))
    ]
    ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=ours["CustomerGatewayId"],
        TransitGatewayId=gateways[0],
        TagSpecifications=_tagged("vpn-connection", "warehouse"),
    )
    for name, logs in (("remote-work", True), ("remote-work-trial", False)):
        ec2.create_client_vpn_endpoint(
            ClientCidrBlock="10.60.0.0/22",
            ServerCertificateArn="arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
            AuthenticationOptions=[{"Type": "certificate-authentication"}],
            ConnectionLogOptions={"Enabled": logs, **({"CloudwatchLogGroup": "/vpn"} if logs else {})},
            TagSpecifications=_tagged("client-vpn-endpoint", name),
        )
    aws.client("directconnect").create_connection(location="EqDC2", bandwidth="1Gbps", connectionName="warehouse")


def _firewalls(aws: Emulated, subnets: dict[str, Any]) -> None:
    client, vpc = aws.client("network-firewall"), subnets["shop-public-a"]["VpcId"]
    rule = {
        "Priority": 1,
        "RuleDefinition": {"MatchAttributes": {"Protocols": [17]}, "Actions": ["aws:drop"]},
    }
    groups = {}
    for name, rules in (("no-udp", [rule]), ("blocked-countries", [])):
        source = {"RulesSource": {"StatelessRulesAndCustomActions": {"StatelessRules": rules}}}
        made = client.create_rule_group(
            RuleGroupName=name, Type="STATELESS", Capacity=10, RuleGroup=source, Tags=pairs(tags("platform"))
        )
        groups[name] = made["RuleGroupResponse"]["RuleGroupArn"]
    used = {"StatelessRuleGroupReferences": [{"ResourceArn": groups["no-udp"], "Priority": 1}]}
    for name, action, references in (("egress", "aws:forward_to_sfe", used), ("egress-trial", "aws:pass", {})):
        good = bool(references)
        policy = client.create_firewall_policy(
            FirewallPolicyName=name,
            FirewallPolicy={"StatelessDefaultActions": [action], "StatelessFragmentDefaultActions": [action]}
            | references,
            Tags=pairs(tags("platform")),
        )["FirewallPolicyResponse"]["FirewallPolicyArn"]
        mapped = [{"SubnetId": one["SubnetId"]} for one in subnets.values()]
        firewall = client.create_firewall(
            FirewallName=name,
            FirewallPolicyArn=policy,
            VpcId=vpc,
            SubnetMappings=mapped if good else mapped[:1],
            DeleteProtection=good,
            SubnetChangeProtection=good,
            Tags=pairs(tags("platform")),
        )["Firewall"]["FirewallArn"]
        to = {"LogType": "ALERT", "LogDestinationType": "CloudWatchLogs", "LogDestination": {"logGroup": "/firewall"}}
        if good:
            client.update_logging_configuration(
                FirewallArn=firewall, LoggingConfiguration={"LogDestinationConfigs": [to]}
            )


def _desktops(aws: Emulated, subnets: dict[str, Any]) -> None:
    client, both = aws.client("workspaces"), [one["SubnetId"] for one in subnets.values()]
    directory = aws.client("ds").create_directory(
        Name="corp.northwind.example",
        Password="Placeholder-1",
        Size="Small",
        VpcSettings={"VpcId": subnets["shop-private-b"]["VpcId"], "SubnetIds": both},
        Tags=pairs(tags("finance")),
    )["DirectoryId"]
    client.register_workspace_directory(DirectoryId=directory, SubnetIds=both, Tags=pairs(tags("finance")))
    for user, encrypted in (("dan.kowalski", True), ("temp.auditor", False)):
        on = {"UserVolumeEncryptionEnabled": True, "RootVolumeEncryptionEnabled": True} if encrypted else {}
        client.create_workspaces(
            Workspaces=[
                {
                    "DirectoryId": directory,
                    "UserName": user,
                    "BundleId": "wsb-bh8rsxt14",
                    "Tags": pairs(tags("finance")),
                }
                | on
            ]
        )


def _subnet(ec2: Any, name: str) -> dict[str, Any]:
    [found] = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": [name]}])["Subnets"]
    return dict(found)


def _instance(ec2: Any, name: str) -> dict[str, Any]:
    [found] = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])["Reservations"]
    return dict(found["Instances"][0])


def _tagged(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": named(name, tags("platform"))}]
