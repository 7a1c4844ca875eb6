"""APIs, those who sign in to them, and files that suppliers bring: each kind wrong at least once."""

from __future__ import annotations

from typing import Any

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
    _loyalty_api(aws)
    _stock_api(aws)
    _user_pools(aws)
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


def _loyalty_api(aws: Emulated) -> None:
    apis = aws.client("apigateway")
    api = _rest_api(aws, "loyalty", "HTTP_PROXY", asks="NONE", team="shop")
    cached = {"/cacheClusterEnabled": "true", "/*/*/caching/enabled": "true", "/*/*/caching/dataEncrypted": "false"}
    _patch(apis, api, cached)
    apis.create_domain_name(domainName="loyalty.northwind.example", securityPolicy="TLS_1_0", tags=tags("shop"))


def _stock_api(aws: Emulated) -> None:
    """The API that is as it should be."""
    apis = aws.client("apigateway")
    api = _rest_api(aws, "stock", "AWS_PROXY", asks="AWS_IAM", team="data")
    good = {
        "/tracingEnabled": "true",
        "/*/*/logging/loglevel": "ERROR",
        "/cacheClusterEnabled": "true",
        "/*/*/caching/enabled": "true",
        "/*/*/caching/dataEncrypted": "true",
        "/accessLogSettings/destinationArn": _group(PARTNER_LOGS),
    }
    _patch(apis, api, good)
    apis.create_domain_name(domainName="stock.northwind.example", securityPolicy="TLS_1_2", tags=tags("data"))


def _rest_api(aws: Emulated, name: str, backend: str, *, asks: str, team: str) -> str:
    apis = aws.client("apigateway")
    api = str(apis.create_rest_api(name=name, tags=tags(team))["id"])
    [root] = apis.get_resources(restApiId=api)["items"]
    method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    apis.put_method(**method, authorizationType=asks)
    apis.put_integration(**method, type=backend, integrationHttpMethod="POST", uri=BACKENDS[backend])
    apis.create_deployment(restApiId=api, stageName="live")
    return api


def _patch(apis: Any, api: str, changes: dict[str, str]) -> None:
    patch = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
    apis.update_stage(restApiId=api, stageName="live", patchOperations=patch)


def _user_pools(aws: Emulated) -> None:
    """Customers have weak passwords and no MFA, the staff has both; guests of the app get AWS credentials."""
    pools = aws.client("cognito-idp")
    weak = {"MinimumLength": 6, "TemporaryPasswordValidityDays": 30}
    by_sms = {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_phone_number"}]}
    by_mail = {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]}
    customers = pools.create_user_pool(
        PoolName="customers",
        Policies={"PasswordPolicy": weak},
        AccountRecoverySetting=by_sms,
        UserPoolTags=tags("shop"),
    )["UserPool"]["Id"]
    staff = pools.create_user_pool(
        PoolName="staff",
        Policies={"PasswordPolicy": STRICT | {"RequireSymbols": True, "TemporaryPasswordValidityDays": 3}},
        MfaConfiguration="ON",
        DeletionProtection="ACTIVE",
        AccountRecoverySetting=by_mail,
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        UserPoolTags=tags("platform"),
    )["UserPool"]["Id"]
    risky = {"Actions": {"HighAction": {"Notify": True, "EventAction": "NO_ACTION"}}}
    pools.set_risk_configuration(
        UserPoolId=staff,
        CompromisedCredentialsRiskConfiguration={"Actions": {"EventAction": "BLOCK"}},
        AccountTakeoverRiskConfiguration=risky,
    )
    pools.create_user_pool_client(UserPoolId=customers, ClientName="shop", PreventUserExistenceErrors="LEGACY")
    hidden = {"PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": True}
    pools.create_user_pool_client(UserPoolId=staff, ClientName="back-office", **hidden)
    identities = aws.client("cognito-identity")
    identities.create_identity_pool(
        IdentityPoolName="shop-app", AllowUnauthenticatedIdentities=True, IdentityPoolTags=tags("shop")
    )
    identities.create_identity_pool(
        IdentityPoolName="back-office", AllowUnauthenticatedIdentities=False, IdentityPoolTags=tags("platform")
    )


def _group(name: str) -> str:
    return f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{name}"
