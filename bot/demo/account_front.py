"""What Northwind Traders' customers and partners meet first: a distribution, a load balancer and two APIs."""

from __future__ import annotations

from typing import Any

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

PARTNER_LOGS = "/apis/partners"


def fill_front(aws: Emulated) -> None:
    """Only the partners' API keeps a log of who asks for what."""
    _distribution(aws)
    _load_balancer(aws)
    _partner_api(aws)
    _loyalty_api(aws)


def _distribution(aws: Emulated) -> None:
    origin = {
        "Id": "website",
        "DomainName": "northwind-traders-website.s3.eu-west-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    settings: dict[str, Any] = {
        "CallerReference": "website",
        "Comment": "The shop",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "website", "ViewerProtocolPolicy": "redirect-to-https"},
    }
    labelled = {"DistributionConfig": settings, "Tags": {"Items": pairs(tags("shop"))}}
    aws.client("cloudfront").create_distribution_with_tags(DistributionConfigWithTags=labelled)


def _load_balancer(aws: Emulated) -> None:
    ours = [{"Name": "tag:Name", "Values": ["shop-public-a", "shop-private-b"]}]
    subnets = [one["SubnetId"] for one in aws.client("ec2").describe_subnets(Filters=ours)["Subnets"]]
    aws.client("elbv2").create_load_balancer(Name="shop", Subnets=subnets, Tags=pairs(tags("shop")))


def _partner_api(aws: Emulated) -> None:
    aws.client("logs").create_log_group(logGroupName=PARTNER_LOGS, tags=tags("data"))
    apis = aws.client("apigatewayv2")
    api = apis.create_api(Name="partners", ProtocolType="HTTP", Tags=tags("data"))["ApiId"]
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{PARTNER_LOGS}"
    logged = {"DestinationArn": group, "Format": "$context.requestId"}
    apis.create_stage(ApiId=api, StageName="live", AccessLogSettings=logged, Tags=tags("data"))


def _loyalty_api(aws: Emulated) -> None:
    apis = aws.client("apigateway")
    api = apis.create_rest_api(name="loyalty", tags=tags("shop"))["id"]
    [root] = apis.get_resources(restApiId=api)["items"]
    method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    apis.put_method(**method, authorizationType="AWS_IAM")
    apis.put_integration(**method, type="MOCK")
    apis.create_deployment(restApiId=api, stageName="live")
