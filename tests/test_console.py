"""Where the AWS console shows a resource: an address of AWS's, whatever is in the ARN."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console import DOMAINS, PATHS, console_url

AWS = "https://console.aws.amazon.com/"
EU = "region=eu-west-1"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


def arn(service: str, resource: str, *, partition: str = "aws", region: str = "eu-west-1") -> str:
    return f"arn:{partition}:{service}:{region}:123456789012:{resource}"


@pytest.mark.parametrize(
    ("service", "resource", "page"),
    [
        ("acm", f"certificate/{KEY}", f"acm/home?{EU}#/certificates/{KEY}"),
        ("autoscaling", f"autoScalingGroup:{KEY}:autoScalingGroupName/web",
         f"ec2/home?{EU}#AutoScalingGroupDetails:id=web;view=details"),
        ("backup", "backup-vault:nightly", f"backup/home?{EU}#/backupvaults/details/nightly"),
        ("codebuild", "project/build", f"codesuite/codebuild/123456789012/projects/build/history?{EU}"),
        ("cognito-idp", "userpool/eu-west-1_A/client/x", f"cognito/v2/idp/user-pools/eu-west-1_A/users?{EU}"),
        ("dynamodb", "table/orders/index/by-day", f"dynamodbv2/home?{EU}#table?name=orders"),
        ("ec2", "instance/i-0a", f"ec2/home?{EU}#InstanceDetails:instanceId=i-0a"),
        ("ec2", "security-group/sg-0a", f"ec2/home?{EU}#SecurityGroup:groupId=sg-0a"),
        ("ec2", "snapshot/snap-0a", f"ec2/home?{EU}#SnapshotDetails:snapshotId=snap-0a"),
        ("ec2", "volume/vol-0a", f"ec2/home?{EU}#VolumeDetails:volumeId=vol-0a"),
        ("ec2", "vpc/vpc-0a", f"vpcconsole/home?{EU}#VpcDetails:VpcId=vpc-0a"),
        ("ecr", "repository/team/app", f"ecr/repositories/private/123456789012/team%2Fapp?{EU}"),
        ("ecs", "service/shop/web", f"ecs/v2/clusters/shop/services/web?{EU}"),
        ("ecs", "task-definition/web:7", f"ecs/v2/task-definitions/web?{EU}"),
        ("eks", "cluster/shop", f"eks/home?{EU}#/clusters/shop"),
        ("elasticfilesystem", "file-system/fs-0a", f"efs/home?{EU}#/file-systems/fs-0a"),
        ("es", "domain/search", f"aos/home?{EU}#opensearch/domains/search"),
        ("kinesis", "stream/clicks", f"kinesis/home?{EU}#/streams/details/clicks/monitoring"),
        ("kms", f"key/{KEY}", f"kms/home?{EU}#/kms/keys/{KEY}"),
        ("lambda", "function:resize:live", f"lambda/home?{EU}#/functions/resize"),
        ("logs", "log-group:/aws/lambda/a b:*",
         f"cloudwatch/home?{EU}#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fa$2520b"),
        ("rds", "cluster:orders", f"rds/home?{EU}#database:id=orders;is-cluster=true"),
        ("rds", "db:orders", f"rds/home?{EU}#database:id=orders;is-cluster=false"),
        ("rds", "snapshot:rds:orders-1", f"rds/home?{EU}#db-snapshot:id=rds%3Aorders-1"),
        ("redshift", "cluster:dw", f"redshiftv2/home?{EU}#cluster-details?cluster=dw"),
        ("sagemaker", "notebook-instance/lab", f"sagemaker/home?{EU}#/notebook-instances/lab"),
        ("secretsmanager", "secret:prod/db-AbCdEf", f"secretsmanager/secret?name=prod%2Fdb&{EU}"),
        ("transfer", "server/s-0a", f"transfer/home?{EU}#/servers/s-0a"),
    ],
)  # fmt: skip
def test_a_resource_has_its_own_page(service: str, resource: str, page: str) -> None:
    assert console_url(arn(service, resource)) == AWS + page


@pytest.mark.parametrize(
    ("of", "page"),
    [
        ("arn:aws:s3:::northwind-exports", "s3/buckets/northwind-exports"),
        ("arn:aws:iam::123456789012:user/team/ana", "iam/home#/users/details/ana"),
        ("arn:aws:iam::123456789012:role/service-role/x", "iam/home#/roles/details/x"),
        ("arn:aws:iam::123456789012:policy/p",
         "iam/home#/policies/details/arn%3Aaws%3Aiam%3A%3A123456789012%3Apolicy%2Fp"),
        ("arn:aws:cloudfront::123456789012:distribution/E2", "cloudfront/v4/home#/distributions/E2"),
        ("arn:aws:route53:::hostedzone/Z1/A/www.example.com", "route53/v2/hostedzones#ListRecordSets/Z1"),
        ("arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod",
         f"apigateway/main/apis/abc/resources?api=abc&{EU}"),
        ("arn:aws:apigateway:eu-west-1::/apis/abc", f"apigateway/main/api-detail?api=abc&{EU}"),
    ],
)  # fmt: skip
def test_so_has_one_whose_arn_names_no_region(of: str, page: str) -> None:
    assert console_url(of, "eu-west-1") == AWS + page


@pytest.mark.parametrize(
    ("service", "resource", "page"),
    [
        ("sns", "alarms", "sns/v3/home?{}#/topic/arn%3A{}%3Asns%3A{}%3A123456789012%3Aalarms"),
        ("kms", "key/k", "kms/home?{}#/kms/keys/k"),
    ],
)
@pytest.mark.parametrize(
    ("partition", "region", "domain"),
    [
        ("aws-us-gov", "us-gov-east-1", "console.amazonaws-us-gov.com"),
        ("aws-cn", "cn-northwest-1", "console.amazonaws.cn"),
    ],
)
def test_other_partitions_have_consoles_of_their_own(
    partition: str, region: str, domain: str, service: str, resource: str, page: str
) -> None:
    found = console_url(arn(service, resource, partition=partition, region=region))
    assert found == f"https://{domain}/{page.format(f'region={region}', partition, region)}"


def test_a_queue_is_named_by_its_address() -> None:
    queue = console_url(arn("sqs", "orders", partition="aws-cn", region="cn-north-1"))
    assert queue.endswith("#/queues/https%3A%2F%2Fsqs.cn-north-1.amazonaws.com.cn%2F123456789012%2Forders")


def test_what_has_no_page_we_know_of_is_found_by_its_arn() -> None:
    unheard = arn("newservice", "thing/1")
    assert console_url(unheard) == AWS + "go/view?arn=arn%3Aaws%3Anewservice%3Aeu-west-1%3A123456789012%3Athing%2F1"
    assert console_url("arn:aws:s3::123456789012:accesspoint/a").startswith(AWS + "go/view?arn=")
    elsewhere = arn("newservice", "thing/1", partition="aws-us-gov", region="us-gov-west-1")
    assert console_url(elsewhere) == "https://console.amazonaws-us-gov.com/console/home?region=us-gov-west-1"


def test_settings_of_an_account_are_shown_where_its_region_begins() -> None:
    assert console_url("arn:aws:iam::123456789012:root", "eu-west-1") == AWS + f"console/home?{EU}"
    assert console_url("arn:aws:iam::123456789012:root", "<evil>") == AWS + "console/home?region=us-east-1"


@pytest.mark.parametrize(
    "none", ["", "northwind", "arn:aws:s3", "arn:aws-iso:s3:::secret", "arn:evil.example/:a:b:c:d"]
)
def test_what_is_no_arn_of_a_partition_we_know_has_no_link(none: str) -> None:
    assert console_url(none) == ""


hostile = st.text() | st.sampled_from(["|evil>", "<@U1>", "/../..", "?a=b#c", "{region}", "%0a", "@evil.example", "`*"])


@given(st.sampled_from(sorted(PATHS)), hostile, hostile, st.sampled_from(sorted(DOMAINS)))
def test_no_name_leads_away_from_aws_or_out_of_a_link(
    of: tuple[str, str], name: str, region: str, partition: str
) -> None:
    service, kind = of
    url = console_url(f"arn:{partition}:{service}:{region}:123456789012:{kind}/{name}", region)
    if url:  # a colon in the region shifts what follows, and still leads nowhere else
        assert urlsplit(url).hostname == DOMAINS[partition]
        assert not {*url} & {*"|<>`*{} \n"}
        assert url.isascii()
