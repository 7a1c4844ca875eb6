"""What a write touches: call -> ARNs, worked out from its parameters. With them a session is held to one plan's things.

A fix with a new call needs a line in `RESOURCES`, unless AWS knows no resource-level permissions for its action; a
test says which line.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from string import Formatter
from types import MappingProxyType
from typing import Any

from checks.kit import Call

NOTHING: Mapping[str, Any] = MappingProxyType({})

_ACCOUNT = "account::{account}:account"
_ALARMS = "cloudwatch:{region}:{account}:alarm:{AlarmNames}"
_BUCKET = "s3:::{Bucket}"
_CACHE_GROUP = "elasticache:{region}:{account}:replicationgroup:{ReplicationGroupId}"
_CLASSIC = "elasticloadbalancing:{region}:{account}:loadbalancer/{LoadBalancerName}"
_CLUSTER = "rds:{region}:{account}:cluster:{DBClusterIdentifier}"
_CLUSTER_SNAPSHOT = "rds:{region}:{account}:cluster-snapshot:{DBClusterSnapshotIdentifier}"
_FUNCTION = (
    "lambda:{region}:{account}:function:{FunctionName}",
    "lambda:{region}:{account}:function:{FunctionName}:{Qualifier}",
)
_GROUP_RULE = "ec2:{region}:{account}:security-group-rule/*"  # AWS gives the rule its id
_IDENTITY = "ses:{region}:{account}:identity/{EmailIdentity}"
_INSTANCES = "ec2:{region}:{account}:instance/{InstanceIds}"
_KEY = "kms:{region}:{account}:key/{KeyId}"
_LAUNCH_TEMPLATE = "ec2:{region}:{account}:launch-template/{LaunchTemplateId}"
_LOG_GROUP = (
    "logs:{region}:{account}:log-group:{logGroupName}",
    "logs:{region}:{account}:log-group:{logGroupName}:*",  # the form that AWS wants in policies
)
_NETWORK_ACL = "ec2:{region}:{account}:network-acl/{NetworkAclId}"
_RECORDER = "config:{region}:{account}:configuration-recorder/{ConfigurationRecorderName}/*"  # AWS gives it an id
_REDSHIFT = "redshift:{region}:{account}:cluster:{ClusterIdentifier}"
_REPOSITORY = "ecr:{region}:{account}:repository/{repositoryName}"
_SECURITY_GROUP = "ec2:{region}:{account}:security-group/{GroupId}"
_SETTING = "ssm:{region}:{account}:servicesetting{SettingId}"  # its id begins with a slash
_STREAM = "kinesis:{region}:{account}:stream/{StreamName}"
_STREAM_KEYS = (_STREAM, "kms:{region}:{account}:key/*")  # AWS asks about the key, too; a plan names an alias
_TABLE = "dynamodb:{region}:{account}:table/{TableName}"
_VAULT = "backup:{region}:{account}:backup-vault:{BackupVaultName}"
# Calls of IAM name no path, and a name is there once whatever its path: the two forms mean one and the same thing.
_USER = ("iam::{account}:user/{UserName}", "iam::{account}:user/*/{UserName}")
_GROUP = ("iam::{account}:group/{GroupName}", "iam::{account}:group/*/{GroupName}")
_ROLE = ("iam::{account}:role/{RoleName}", "iam::{account}:role/*/{RoleName}")
_CERTIFICATE = (
    "iam::{account}:server-certificate/{ServerCertificateName}",
    "iam::{account}:server-certificate/*/{ServerCertificateName}",
)

RESOURCES: Mapping[str, str | tuple[str, ...]] = {
    "accessanalyzer:CreateAnalyzer": "access-analyzer:{region}:{account}:analyzer/{analyzerName}",
    "accessanalyzer:DeleteAnalyzer": "access-analyzer:{region}:{account}:analyzer/{analyzerName}",
    "account:DeleteAlternateContact": _ACCOUNT,
    "account:PutAlternateContact": _ACCOUNT,
    "apigateway:UpdateDomainName": "apigateway:{region}::/domainnames/{domainName}",
    "apigateway:UpdateStage": "apigateway:{region}::/restapis/{restApiId}/stages/{stageName}",
    "athena:UpdateWorkGroup": "athena:{region}:{account}:workgroup/{WorkGroup}",
    "autoscaling:UpdateAutoScalingGroup": "{resource}",
    "backup:DeleteBackupVaultAccessPolicy": _VAULT,
    "backup:DeleteBackupVaultLockConfiguration": _VAULT,
    "backup:PutBackupVaultAccessPolicy": _VAULT,
    "backup:PutBackupVaultLockConfiguration": _VAULT,
    "cloudformation:UpdateTerminationProtection": "{resource}",
    "cloudtrail:CreateTrail": "cloudtrail:{region}:{account}:trail/{Name}",
    "cloudtrail:PutEventSelectors": "{TrailName}",
    "cloudtrail:PutInsightSelectors": "{TrailName}",
    "cloudtrail:StartLogging": "{Name}",
    "cloudtrail:UpdateTrail": "{Name}",
    "cloudwatch:DeleteAlarms": _ALARMS,
    "cloudwatch:DisableAlarmActions": _ALARMS,
    "cloudwatch:EnableAlarmActions": _ALARMS,
    "cloudwatch:PutMetricAlarm": "cloudwatch:{region}:{account}:alarm:{AlarmName}",
    "codeartifact:DeleteDomainPermissionsPolicy": "{resource}",
    "codeartifact:DeleteRepositoryPermissionsPolicy": "{resource}",
    "codeartifact:PutDomainPermissionsPolicy": "{resource}",
    "codeartifact:PutRepositoryPermissionsPolicy": "{resource}",
    "codebuild:UpdateProject": "codebuild:{region}:{account}:project/{name}",
    "codebuild:UpdateProjectVisibility": "{projectArn}",
    "cognito-identity:UpdateIdentityPool": "cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}",
    "cognito-idp:SetUserPoolMfaConfig": "{resource}",
    "config:StartConfigurationRecorder": _RECORDER,
    "config:StopConfigurationRecorder": _RECORDER,
    "dms:ModifyReplicationInstance": "{ReplicationInstanceArn}",
    "docdb:ModifyDBCluster": _CLUSTER,
    "docdb:ModifyDBClusterSnapshotAttribute": _CLUSTER_SNAPSHOT,
    "dynamodb:DeleteResourcePolicy": "{ResourceArn}",
    "dynamodb:PutResourcePolicy": "{ResourceArn}",
    "dynamodb:UpdateContinuousBackups": _TABLE,
    "dynamodb:UpdateTable": _TABLE,
    "ec2:AuthorizeSecurityGroupEgress": (_SECURITY_GROUP, _GROUP_RULE),
    "ec2:AuthorizeSecurityGroupIngress": (_SECURITY_GROUP, _GROUP_RULE),
    "ec2:CreateFlowLogs": (
        "ec2:{region}:{account}:vpc/{ResourceIds}",
        "ec2:{region}:{account}:vpc-flow-log/*",  # AWS gives it an id
    ),
    "ec2:CreateLaunchTemplateVersion": _LAUNCH_TEMPLATE,
    "ec2:CreateNetworkAclEntry": _NETWORK_ACL,
    "ec2:DeleteNetworkAcl": _NETWORK_ACL,
    "ec2:DeleteNetworkAclEntry": _NETWORK_ACL,
    "ec2:ModifyImageAttribute": "ec2:{region}::image/{ImageId}",
    "ec2:ModifyInstanceMetadataOptions": "ec2:{region}:{account}:instance/{InstanceId}",
    "ec2:ModifyLaunchTemplate": _LAUNCH_TEMPLATE,
    "ec2:ModifyNetworkInterfaceAttribute": (
        "ec2:{region}:{account}:network-interface/{NetworkInterfaceId}",
        "{resource}",  # the instance: AWS may ask about it, too
    ),
    "ec2:ModifySnapshotAttribute": "ec2:{region}::snapshot/{SnapshotId}",
    "ec2:ModifySubnetAttribute": "ec2:{region}:{account}:subnet/{SubnetId}",
    "ec2:ModifyTransitGateway": "ec2:{region}:{account}:transit-gateway/{TransitGatewayId}",
    "ec2:ModifyVpcEndpointServicePermissions": "ec2:{region}:{account}:vpc-endpoint-service/{ServiceId}",
    "ec2:MonitorInstances": _INSTANCES,
    "ec2:ReleaseAddress": "ec2:{region}:{account}:elastic-ip/{AllocationId}",
    "ec2:RevokeSecurityGroupEgress": _SECURITY_GROUP,
    "ec2:RevokeSecurityGroupIngress": _SECURITY_GROUP,
    "ec2:UnmonitorInstances": _INSTANCES,
    "ecr:DeleteRepositoryPolicy": _REPOSITORY,
    "ecr:PutImageScanningConfiguration": _REPOSITORY,
    "ecr:PutImageTagMutability": _REPOSITORY,
    "ecr:SetRepositoryPolicy": _REPOSITORY,
    "ecs:UpdateCluster": "{cluster}",
    "efs:PutBackupPolicy": "elasticfilesystem:{region}:{account}:file-system/{FileSystemId}",
    "efs:PutFileSystemPolicy": "elasticfilesystem:{region}:{account}:file-system/{FileSystemId}",
    "eks:UpdateClusterConfig": "eks:{region}:{account}:cluster/{name}",
    "elasticache:ModifyCacheCluster": "elasticache:{region}:{account}:cluster:{CacheClusterId}",
    "elasticache:ModifyReplicationGroup": _CACHE_GROUP,
    "elb:CreateLoadBalancerPolicy": _CLASSIC,
    "elb:DeleteLoadBalancerPolicy": _CLASSIC,
    "elb:ModifyLoadBalancerAttributes": _CLASSIC,
    "elb:SetLoadBalancerPoliciesOfListener": _CLASSIC,
    "elbv2:ModifyListener": "{ListenerArn}",
    "elbv2:ModifyLoadBalancerAttributes": "{LoadBalancerArn}",
    "firehose:StartDeliveryStreamEncryption": "firehose:{region}:{account}:deliverystream/{DeliveryStreamName}",
    "firehose:StopDeliveryStreamEncryption": "firehose:{region}:{account}:deliverystream/{DeliveryStreamName}",
    "fsx:UpdateFileSystem": "fsx:{region}:{account}:file-system/{FileSystemId}",
    "glacier:DeleteVaultAccessPolicy": "{resource}",
    "glacier:SetVaultAccessPolicy": "{resource}",
    "glue:DeleteResourcePolicy": "{resource}",
    "glue:PutDataCatalogEncryptionSettings": "{resource}",
    "glue:PutResourcePolicy": "{resource}",
    "guardduty:UpdateDetector": "guardduty:{region}:{account}:detector/{DetectorId}",
    "iam:AttachGroupPolicy": _GROUP,
    "iam:AttachRolePolicy": _ROLE,
    "iam:AttachUserPolicy": _USER,
    "iam:CreateRole": "iam::{account}:role/{RoleName}",
    "iam:DeleteAccessKey": _USER,
    "iam:DeleteLoginProfile": _USER,
    "iam:DeleteRole": _ROLE,
    "iam:DeleteServerCertificate": _CERTIFICATE,
    "iam:DetachGroupPolicy": _GROUP,
    "iam:DetachRolePolicy": _ROLE,
    "iam:DetachUserPolicy": _USER,
    "iam:UpdateAccessKey": _USER,
    "iam:UpdateAssumeRolePolicy": _ROLE,
    "kinesis:DecreaseStreamRetentionPeriod": _STREAM,
    "kinesis:IncreaseStreamRetentionPeriod": _STREAM,
    "kinesis:StartStreamEncryption": _STREAM_KEYS,
    "kinesis:StopStreamEncryption": _STREAM_KEYS,
    "kms:CancelKeyDeletion": _KEY,
    "kms:DisableKeyRotation": _KEY,
    "kms:EnableKeyRotation": _KEY,
    "kms:PutKeyPolicy": _KEY,
    "lambda:AddPermission": _FUNCTION,
    "lambda:RemovePermission": _FUNCTION,
    "lambda:UpdateFunctionUrlConfig": _FUNCTION,
    "lightsail:PutInstancePublicPorts": "{resource}",
    "lightsail:UpdateRelationalDatabase": "{resource}",
    "logs:AssociateKmsKey": _LOG_GROUP,
    "logs:DeleteMetricFilter": _LOG_GROUP,
    "logs:DisassociateKmsKey": _LOG_GROUP,
    "logs:PutMetricFilter": _LOG_GROUP,
    "logs:PutRetentionPolicy": _LOG_GROUP,
    "memorydb:UpdateCluster": "memorydb:{region}:{account}:cluster/{ClusterName}",
    "mq:UpdateBroker": "mq:{region}:{account}:broker:*:{BrokerId}",  # the id alone tells which
    "neptune:ModifyDBCluster": _CLUSTER,
    "neptune:ModifyDBClusterSnapshotAttribute": _CLUSTER_SNAPSHOT,
    "network-firewall:UpdateFirewallDeleteProtection": "{FirewallArn}",
    "network-firewall:UpdateSubnetChangeProtection": "{FirewallArn}",
    "opensearch:UpdateDomainConfig": "es:{region}:{account}:domain/{DomainName}",
    "rds:AddTagsToResource": "{ResourceName}",
    "rds:ModifyDBCluster": _CLUSTER,
    "rds:ModifyDBClusterSnapshotAttribute": _CLUSTER_SNAPSHOT,
    "rds:ModifyDBInstance": "rds:{region}:{account}:db:{DBInstanceIdentifier}",
    "rds:ModifyDBProxy": "{resource}",
    "rds:ModifyDBSnapshotAttribute": "rds:{region}:{account}:snapshot:{DBSnapshotIdentifier}",
    "rds:RemoveTagsFromResource": "{ResourceName}",
    "redshift:DisableLogging": _REDSHIFT,
    "redshift:EnableLogging": _REDSHIFT,
    "redshift:ModifyCluster": _REDSHIFT,
    "redshift:ModifyClusterParameterGroup": "redshift:{region}:{account}:parametergroup:{ParameterGroupName}",
    "redshift:RebootCluster": _REDSHIFT,
    "redshift-serverless:UpdateNamespace": "{resource}",
    "redshift-serverless:UpdateWorkgroup": "{resource}",
    "s3:DeleteBucketEncryption": _BUCKET,
    "s3:DeleteBucketLifecycle": _BUCKET,
    "s3:DeleteBucketOwnershipControls": _BUCKET,
    "s3:DeleteBucketPolicy": _BUCKET,
    "s3:DeletePublicAccessBlock": _BUCKET,
    "s3:PutBucketAcl": _BUCKET,
    "s3:PutBucketEncryption": _BUCKET,
    "s3:PutBucketLifecycleConfiguration": _BUCKET,
    "s3:PutBucketLogging": _BUCKET,
    "s3:PutBucketOwnershipControls": _BUCKET,
    "s3:PutBucketPolicy": _BUCKET,
    "s3:PutBucketVersioning": _BUCKET,
    "s3:PutPublicAccessBlock": _BUCKET,
    "s3control:DeleteAccessPointPolicy": "{resource}",
    "s3control:PutAccessPointPolicy": "{resource}",
    "secretsmanager:CancelRotateSecret": "{SecretId}",
    "secretsmanager:DeleteResourcePolicy": "{SecretId}",
    "secretsmanager:PutResourcePolicy": "{SecretId}",
    "secretsmanager:RotateSecret": "{SecretId}",
    "securityhub:DisableSecurityHub": "securityhub:{region}:{account}:hub/default",
    "securityhub:EnableSecurityHub": "securityhub:{region}:{account}:hub/default",
    "sesv2:CreateEmailIdentityPolicy": _IDENTITY,
    "sesv2:DeleteEmailIdentityPolicy": _IDENTITY,
    "sesv2:PutConfigurationSetDeliveryOptions": "ses:{region}:{account}:configuration-set/{ConfigurationSetName}",
    "sesv2:PutEmailIdentityDkimAttributes": _IDENTITY,
    "sesv2:UpdateEmailIdentityPolicy": _IDENTITY,
    "sns:SetTopicAttributes": "{TopicArn}",
    "sqs:SetQueueAttributes": "{resource}",
    "ssm:ModifyDocumentPermission": "ssm:{region}:{account}:document/{Name}",
    "ssm:ResetServiceSetting": _SETTING,
    "ssm:UpdateServiceSetting": _SETTING,
    "transfer:UpdateServer": "{resource}",
    "wafv2:AssociateWebACL": ("{WebACLArn}", "{ResourceArn}"),
    "wafv2:DeleteLoggingConfiguration": "{resource}",
    "wafv2:DisassociateWebACL": "{ResourceArn}",
    "wafv2:PutLoggingConfiguration": "{resource}",
}
"""Templates over partition, region, account, the finding's `resource` and the call's parameters.

`arn:{partition}:` goes before those that do not begin with a parameter. A parameter that is a list gives an ARN for
each; a template with a parameter that the call does not have gives none.
Log groups: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

HELD_TO: Mapping[str, tuple[str, str, str]] = {
    **{
        f"iam:{verb}{whose}Policy": ("ArnEquals", "iam:PolicyARN", "PolicyArn")
        for verb in ("Attach", "Detach")
        for whose in ("User", "Group", "Role")
    },
    **{
        f"account:{verb}AlternateContact": (
            "ForAnyValue:StringEquals",
            "account:AlternateContactTypes",
            "AlternateContactType",
        )
        for verb in ("Put", "Delete")
    },
}
"""Call -> the operator and the key of a condition that holds it to the value of one parameter.
Source: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html"""


@dataclass(frozen=True, eq=False)
class Grant:
    """One more action that AWS asks for when a call is made with the parameter `given`, not empty (or always)."""

    action: str
    resource: str = "*"
    condition: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    given: str = ""


def _pass_role(param: str, service: str) -> Grant:
    """A role that is handed to a service."""
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    return Grant("iam:PassRole", f"{{{param}}}", condition, given=param)


def _service_role(service: str) -> Grant:
    """The first use of some services makes a role that only the service can take."""
    return Grant("iam:CreateServiceLinkedRole", f"iam::{{account}}:role/aws-service-role/{service}.amazonaws.com/*")


ALSO: Mapping[str, tuple[Grant, ...]] = {
    "accessanalyzer:CreateAnalyzer": (_service_role("access-analyzer"),),
    "cloudtrail:UpdateTrail": (_pass_role("CloudWatchLogsRoleArn", "cloudtrail"),),
    "ec2:AuthorizeSecurityGroupIngress": (
        Grant(
            "ec2:CreateTags",
            _GROUP_RULE,
            {"StringEquals": {"ec2:CreateAction": "AuthorizeSecurityGroupIngress"}},
            given="TagSpecifications",
        ),
    ),
    "ec2:CreateFlowLogs": (
        Grant("logs:CreateLogDelivery", given="LogDestination"),
        Grant("logs:DeleteLogDelivery", given="LogDestination"),
        _pass_role("DeliverLogsPermissionArn", "vpc-flow-logs"),
    ),
    "guardduty:CreateDetector": (_service_role("guardduty"), _service_role("malware-protection.guardduty")),
    "guardduty:UpdateDetector": (_service_role("malware-protection.guardduty"),),
    "inspector2:Enable": (_service_role("inspector2"), _service_role("agentless.inspector2")),
    "macie2:EnableMacie": (_service_role("macie"),),
    "secretsmanager:RotateSecret": (Grant("lambda:InvokeFunction", "{RotationLambdaARN}", given="RotationLambdaARN"),),
    "securityhub:EnableSecurityHub": (_service_role("securityhub"),),
    "wafv2:AssociateWebACL": (
        Grant("apigateway:SetWebACL", "{ResourceArn}"),
        Grant("cognito-idp:AssociateWebACL", "{ResourceArn}"),
        Grant("elasticloadbalancing:CreateWebACLAssociation", "{ResourceArn}"),
        Grant("elasticloadbalancing:SetWebAcl"),
    ),
    "wafv2:DeleteLoggingConfiguration": (Grant("logs:DeleteLogDelivery"),),
    "wafv2:DisassociateWebACL": (
        Grant("apigateway:SetWebACL", "{ResourceArn}"),
        Grant("cognito-idp:DisassociateWebACL", "{ResourceArn}"),
        Grant("elasticloadbalancing:DeleteWebACLAssociation", "{ResourceArn}"),
        Grant("elasticloadbalancing:SetWebAcl"),
    ),
    "wafv2:PutLoggingConfiguration": (
        Grant("logs:CreateLogDelivery"),
        Grant("logs:DescribeLogGroups"),
        Grant("logs:DescribeResourcePolicies"),
        Grant("logs:PutResourcePolicy"),
    ),
}
"""Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCloudTrail_FullAccess.html
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html
https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html"""


@dataclass(frozen=True)
class Place:
    """Where a plan's calls are made, unless a call names its region, and the ARN of the finding's resource."""

    partition: str
    account: str
    region: str
    resource: str


def arns(templates: str | tuple[str, ...], call: Call, place: Place) -> list[str]:
    """The ARNs of a call that its templates give, in order."""
    there = Place(place.partition, place.account, call.region or place.region, place.resource)
    known = {**call.params, **vars(there)}
    all_of_them = (templates,) if isinstance(templates, str) else templates
    return [arn for template in all_of_them for arn in _filled(template, known)]


def touched(call: Call, place: Place) -> list[str]:
    """The ARNs a call touches: `*` where AWS knows no resource-level permissions for it.

    Raises ValueError when the call lacks every parameter that would tell.
    """
    if call.call not in RESOURCES:
        return ["*"]
    found = arns(RESOURCES[call.call], call, place)
    if not found:
        raise ValueError(f"{call.call} does not say what it touches")
    return found


def _filled(template: str, known: Mapping[str, Any]) -> Iterator[str]:
    if template != "*" and not template.startswith("{"):
        template = f"arn:{{partition}}:{template}"
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    if all(name in known for name in names):
        choices = [known[name] if isinstance(known[name], list) else [known[name]] for name in names]
        for chosen in product(*choices):
            yield template.format_map(dict(zip(names, map(_literally, chosen), strict=True)))


def _literally(value: str) -> str:
    """A name in which nothing is a wildcard or a variable, whoever chose it.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    return str(value).translate({ord(one): f"${{{one}}}" for one in "*?$"})
