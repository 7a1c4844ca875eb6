"""Where the AWS console shows a resource, from its ARN. Pure: whatever is in the ARN ends up percent-encoded.

The consoles' domains: https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/accessing-govcloud.html and
https://docs.amazonaws.cn/en_us/aws/latest/userguide/general-info.html. AWS documents no list of paths: these are
those that its console shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

DOMAINS: Mapping[str, str] = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}
HOMES: Mapping[str, str] = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
"""The region that stands in where there is none."""
ENDS: Mapping[str, str] = {"aws-cn": "amazonaws.com.cn"}
"""How a queue's address ends, where it is not amazonaws.com."""
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
VPC = "vpcconsole/home?region={region}#"
EC2 = "ec2/home?region={region}#"
PATHS: Mapping[tuple[str, str], str] = {
    ("acm", "certificate"): "acm/home?region={region}#/certificates/{id}",
    ("apigateway", "apis"): "apigateway/main/api-detail?api={first}&region={region}",
    ("apigateway", "restapis"): "apigateway/main/apis/{first}/resources?api={first}&region={region}",
    ("autoscaling", "autoScalingGroup"): EC2 + "AutoScalingGroupDetails:id={last};view=details",
    ("backup", "backup-plan"): "backup/home?region={region}#/backupplan/details/{id}",
    ("backup", "backup-vault"): "backup/home?region={region}#/backupvaults/details/{id}",
    ("cloudformation", "stack"): "cloudformation/home?region={region}#/stacks/stackinfo?stackId={arn}",
    ("cloudfront", "distribution"): "cloudfront/v4/home#/distributions/{id}",
    ("cloudtrail", "trail"): "cloudtrailv2/home?region={region}#/trails/{arn}",
    ("codebuild", "project"): "codesuite/codebuild/{account}/projects/{id}/history?region={region}",
    ("cognito-idp", "userpool"): "cognito/v2/idp/user-pools/{first}/users?region={region}",
    ("dynamodb", "table"): "dynamodbv2/home?region={region}#table?name={first}",
    ("ec2", "elastic-ip"): EC2 + "ElasticIpDetails:AllocationId={id}",
    ("ec2", "image"): EC2 + "ImageDetails:imageId={id}",
    ("ec2", "instance"): EC2 + "InstanceDetails:instanceId={id}",
    ("ec2", "internet-gateway"): VPC + "InternetGateway:internetGatewayId={id}",
    ("ec2", "launch-template"): EC2 + "LaunchTemplateDetails:launchTemplateId={id}",
    ("ec2", "natgateway"): VPC + "NatGatewayDetails:natGatewayId={id}",
    ("ec2", "network-acl"): VPC + "NetworkAclDetails:networkAclId={id}",
    ("ec2", "network-interface"): EC2 + "NetworkInterface:networkInterfaceId={id}",
    ("ec2", "route-table"): VPC + "RouteTableDetails:RouteTableId={id}",
    ("ec2", "security-group"): EC2 + "SecurityGroup:groupId={id}",
    ("ec2", "snapshot"): EC2 + "SnapshotDetails:snapshotId={id}",
    ("ec2", "subnet"): VPC + "SubnetDetails:subnetId={id}",
    ("ec2", "transit-gateway"): VPC + "TransitGatewayDetails:transitGatewayId={id}",
    ("ec2", "volume"): EC2 + "VolumeDetails:volumeId={id}",
    ("ec2", "vpc"): VPC + "VpcDetails:VpcId={id}",
    ("ec2", "vpc-endpoint"): VPC + "EndpointDetails:vpcEndpointId={id}",
    ("ecr", "repository"): "ecr/repositories/private/{account}/{id}?region={region}",
    ("ecs", "cluster"): "ecs/v2/clusters/{id}/services?region={region}",
    ("ecs", "service"): "ecs/v2/clusters/{first}/services/{last}?region={region}",
    ("ecs", "task-definition"): "ecs/v2/task-definitions/{first}?region={region}",
    ("eks", "cluster"): "eks/home?region={region}#/clusters/{id}",
    ("elasticfilesystem", "file-system"): "efs/home?region={region}#/file-systems/{id}",
    ("elasticloadbalancing", "loadbalancer"): EC2 + "LoadBalancer:loadBalancerArn={arn}",
    ("elasticloadbalancing", "targetgroup"): EC2 + "TargetGroup:targetGroupArn={arn}",
    ("es", "domain"): "aos/home?region={region}#opensearch/domains/{id}",
    ("firehose", "deliverystream"): "firehose/home?region={region}#/details/{id}/monitoring",
    ("iam", "group"): "iam/home#/groups/details/{last}",
    ("iam", "policy"): "iam/home#/policies/details/{arn}",
    ("iam", "role"): "iam/home#/roles/details/{last}",
    ("iam", "user"): "iam/home#/users/details/{last}",
    ("kinesis", "stream"): "kinesis/home?region={region}#/streams/details/{id}/monitoring",
    ("kms", "key"): "kms/home?region={region}#/kms/keys/{id}",
    ("lambda", "function"): "lambda/home?region={region}#/functions/{first}",
    ("logs", "log-group"): "cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group}",
    ("rds", "cluster"): "rds/home?region={region}#database:id={id};is-cluster=true",
    ("rds", "cluster-snapshot"): "rds/home?region={region}#db-snapshot:engine=aurora;id={id}",
    ("rds", "db"): "rds/home?region={region}#database:id={id};is-cluster=false",
    ("rds", "snapshot"): "rds/home?region={region}#db-snapshot:id={id}",
    ("redshift", "cluster"): "redshiftv2/home?region={region}#cluster-details?cluster={id}",
    ("route53", "hostedzone"): "route53/v2/hostedzones#ListRecordSets/{first}",
    ("s3", ""): "s3/buckets/{id}",
    ("sagemaker", "notebook-instance"): "sagemaker/home?region={region}#/notebook-instances/{id}",
    ("secretsmanager", "secret"): "secretsmanager/secret?name={secret}&region={region}",
    ("sns", ""): "sns/v3/home?region={region}#/topic/{arn}",
    ("sqs", ""): "sqs/v3/home?region={region}#/queues/{queue}",
    ("states", "stateMachine"): "states/home?region={region}#/statemachines/view/{arn}",
    ("transfer", "server"): "transfer/home?region={region}#/servers/{id}",
}  # fmt: skip
"""Service and type, as in the ARN -> the page. `first` and `last` are parts of what names the resource."""
ANYTHING = "go/view?arn={arn}"
"""Sends to the page of what an ARN names, where the console knows one; AWS's own tools link so."""

HOME = "console/home?region={region}"


def console_url(arn: str, region: str = "") -> str:
    """The page of the resource, or of its region where AWS has no link for it; "" where we know no console.

    `region`: where it was found, for ARNs that name none, as a bucket's.
    """
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[1] not in DOMAINS:
        return ""
    _, partition, service, own, account, resource = parts
    where = next((one for one in (own, region) if REGION.fullmatch(one)), HOMES[partition])
    kind, id = _named(resource)
    if (service, kind) not in PATHS:
        kind, id = "", resource
    path = PATHS.get((service, kind), ANYTHING)
    if service == "s3" and account:  # an access point
        path = ANYTHING
    if resource == "root" or (path == ANYTHING and partition != "aws"):  # the account itself; what has no link there
        path = HOME
    queue = f"https://sqs.{where}.{ENDS.get(partition, 'amazonaws.com')}/{account}/{resource}"
    page = path.format(
        region=where,
        account=_safe(account),
        arn=_safe(arn),
        id=_safe(id),
        first=_safe(re.split("[:/]", id)[0]),
        last=_safe(id.rpartition("/")[2]),
        group=_safe(_safe(id.removesuffix(":*"))).replace("%", "$"),
        secret=_safe(re.sub(r"-[A-Za-z0-9]{6}$", "", id)),
        queue=_safe(queue),
    )
    return f"https://{DOMAINS[partition]}/{page}"


def _named(resource: str) -> tuple[str, str]:
    """Type and the rest of an ARN's last part: type/id or type:id."""
    found = re.match(r"/?([A-Za-z0-9-]+)[:/](.*)", resource, re.DOTALL)
    return (found[1], found[2]) if found else ("", resource)


def _safe(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")
