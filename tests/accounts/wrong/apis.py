"""APIs beside the demo's, and files that suppliers bring: open, unlogged and unencrypted where it can be."""

from __future__ import annotations

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

PARTNER_LOGS = "/apis/partners"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:stock"
BACKENDS = {
    "HTTP_PROXY": "https://loyalty.internal.northwind.example",
    "AWS_PROXY": f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations",
}
STRICT = {"MinimumLength": 14, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": True}


def fill_apis(aws: Emulated) -> None:
    _partner_api(aws)
    _chat_api(aws)
    _graphql(aws)
    _transfer(aws)


def _partner_api(aws: Emulated) -> None:
    aws.client("logs").create_log_group(logGroupName=PARTNER_LOGS, tags=tags("data"))
    apis = aws.client("apigatewayv2")
    api = apis.create_api(Name="partners", ProtocolType="HTTP", Tags=tags("data"))["ApiId"]
    logged = {"DestinationArn": _group(PARTNER_LOGS), "Format": "$context.requestId"}
    apis.create_stage(ApiId=api, StageName="live", AccessLogSettings=logged, Tags=tags("data"))
    link = {"ConnectionType": "VPC_LINK", "ConnectionId": "vpclink1", "IntegrationMethod": "ANY"}
    orders = apis.create_integration(ApiId=api, IntegrationType="HTTP_PROXY", PayloadFormatVersion="1.0", **link)
    target = f"integrations/{orders['IntegrationId']}"
    apis.create_route(ApiId=api, RouteKey="GET /orders", Target=target, AuthorizationType="AWS_IAM")


def _chat_api(aws: Emulated) -> None:
    """A WebSocket API that anybody may connect to."""
    apis = aws.client("apigatewayv2")
    selection = "$request.body.action"
    request = {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": selection}
    api = apis.create_api(**request, Tags=tags("shop"))["ApiId"]
    apis.create_route(ApiId=api, RouteKey="$connect", AuthorizationType="NONE")
    apis.create_stage(ApiId=api, StageName="live", Tags=tags("shop"))


def _graphql(aws: Emulated) -> None:
    apis = aws.client("appsync")
    reviews = apis.create_graphql_api(name="reviews", authenticationType="API_KEY", tags=tags("shop"))["graphqlApi"]
    role = f"arn:aws:iam::{ACCOUNT}:role/appsync-logs"
    logs = {"fieldLogLevel": "ERROR", "cloudWatchLogsRoleArn": role}
    apis.create_graphql_api(name="recipes", authenticationType="AWS_IAM", logConfig=logs, tags=tags("shop"))
    cache = {"ttl": 300, "apiCachingBehavior": "FULL_REQUEST_CACHING", "type": "SMALL"}
    apis.create_api_cache(apiId=reviews["apiId"], transitEncryptionEnabled=False, **cache)


def _transfer(aws: Emulated) -> None:
    transfer = aws.client("transfer")
    transfer.create_server(
        Protocols=["SFTP", "FTP"], SecurityPolicyName="TransferSecurityPolicy-2018-11", Tags=pairs(tags("data"))
    )
    transfer.create_server(
        Protocols=["SFTP"], SecurityPolicyName="TransferSecurityPolicy-2024-01", Tags=pairs(tags("data"))
    )
    role = f"arn:aws:iam::{ACCOUNT}:role/transfer"
    transfer.create_connector(Url="sftp://files.supplier.example", AccessRole=role, Tags=pairs(tags("data")))
    transfer.create_connector(
        Url="sftp://files.harbour.example", AccessRole=role, LoggingRole=role, Tags=pairs(tags("data"))
    )


def _group(name: str) -> str:
    return f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{name}"
