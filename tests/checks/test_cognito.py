"""Cognito: what the judges say of pools and app clients, what is read, and the pool that the fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import cognito
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_wafv2 import web_acl

MFA, STRONG = cognito.user_pool_has_mfa, cognito.user_pool_asks_for_strong_passwords
THREATS, LEAKED, RISKY = (
    cognito.user_pool_has_threat_protection,
    cognito.user_pool_blocks_leaked_passwords,
    cognito.user_pool_acts_on_risky_sign_in,
)
KEPT, CLOSED = cognito.user_pool_has_deletion_protection, cognito.user_pool_is_closed
MAIL, WAF = cognito.user_pool_recovers_by_mail, cognito.user_pool_has_web_acl
HIDES, REVOKES = cognito.app_client_hides_who_is_a_user, cognito.app_client_can_revoke_tokens
GUESTS = cognito.identity_pool_has_no_guests
ARN = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a1"
POLICY = {"MinimumLength": 12, "TemporaryPasswordValidityDays": 7} | dict.fromkeys(cognito.RULES, True)


def mfa(setting: str, *first: str) -> list[dict[str, Any]]:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": list(first)}} if first else {}
    return [{"MfaConfiguration": setting, "Policies": policies}]


def policy(**changes: Any) -> list[dict[str, Any]]:
    return [{"Policies": {"PasswordPolicy": POLICY | changes}}]


def protection(mode: str, **more: Any) -> dict[str, Any]:
    return {"UserPoolAddOns": {"AdvancedSecurityMode": mode} | more}


def leaked(action: str, *events: str) -> dict[str, Any]:
    found: dict[str, Any] = {"Actions": {"EventAction": action}} | ({"EventFilter": list(events)} if events else {})
    return {"CompromisedCredentialsRiskConfiguration": found}


def high(action: str) -> dict[str, Any]:
    return {"AccountTakeoverRiskConfiguration": {"Actions": {"HighAction": {"Notify": True, "EventAction": action}}}}


def recovery(*ways: str) -> list[dict[str, Any]]:
    found = [{"Priority": number, "Name": name} for number, name in enumerate(ways, 1)]
    return [{"AccountRecoverySetting": {"RecoveryMechanisms": found}}]


ON = protection("ENFORCED")
PROGRAM = {"AllowedOAuthFlows": ["client_credentials"]}
CUSTOM = {"LambdaConfig": {"DefineAuthChallenge": "arn:aws:lambda:eu-west-1:123456789012:function:challenge"}}
SMS, EMAIL = "verified_phone_number", "verified_email"
SIGNS_IN = "lets users sign in with passwords known from leaks"

CASES = [
    Case(MFA, mfa("ON"), None),
    Case(MFA, mfa("OPTIONAL"), None),
    Case(MFA, mfa("OFF"), "has no multi-factor authentication"),
    Case(MFA, [{"Policies": {}}], "has no multi-factor authentication"),
    Case(MFA, mfa("OPTIONAL"), "leaves multi-factor authentication to its users", {"required": True}),
    Case(MFA, mfa("OFF", "PASSWORD", "WEB_AUTHN"), "has no multi-factor authentication"),
    Case(MFA, mfa("OFF", "WEB_AUTHN"), NotApplicable),
    Case(STRONG, policy(), None),
    Case(STRONG, policy(MinimumLength=8), None),
    Case(STRONG, policy(MinimumLength=6), "accepts passwords of 6 characters"),
    Case(STRONG, policy(), "accepts passwords of 12 characters", {"length": 14}),
    Case(
        STRONG,
        policy(RequireSymbols=False, TemporaryPasswordValidityDays=90),
        "accepts passwords without symbols, temporary passwords for 90 days",
    ),
    Case(STRONG, policy(RequireSymbols=False), None, {"characters": ("RequireNumbers",)}),
    Case(THREATS, [ON], None),
    Case(THREATS, [{}], "has no threat protection"),
    Case(THREATS, [protection("AUDIT")], "only watches for threats"),
    Case(THREATS, [ON | CUSTOM], "does not protect custom authentication"),
    Case(
        THREATS,
        [protection("ENFORCED", AdvancedSecurityAdditionalFlows={"CustomAuthMode": "ENFORCED"}) | CUSTOM],
        None,
    ),
    Case(LEAKED, [ON, leaked("BLOCK")], None),
    Case(LEAKED, [ON, leaked("BLOCK", "SIGN_IN", "SIGN_UP")], None),
    Case(LEAKED, [ON, leaked("BLOCK", "PASSWORD_CHANGE")], SIGNS_IN),
    Case(LEAKED, [ON, leaked("NO_ACTION")], SIGNS_IN),
    Case(LEAKED, [ON, {}], SIGNS_IN),
    Case(LEAKED, [protection("AUDIT"), {}], NotApplicable),
    Case(RISKY, [ON, high("BLOCK")], None),
    Case(RISKY, [ON, high("MFA_REQUIRED")], None),
    Case(RISKY, [ON, high("MFA_IF_CONFIGURED")], "lets sign-in of high risk through (MFA_IF_CONFIGURED)"),
    Case(RISKY, [ON, {}], "lets sign-in of high risk through (NO_ACTION)"),
    Case(RISKY, [{}, {}], NotApplicable),
    Case(KEPT, [{"DeletionProtection": "ACTIVE"}], None),
    Case(KEPT, [{"DeletionProtection": "INACTIVE"}], "can be deleted: deletion protection is off"),
    Case(KEPT, [{}], "can be deleted: deletion protection is off"),
    Case(CLOSED, [{"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}], None, {"closed": True}),
    Case(CLOSED, [{}], "lets anybody sign up", {"closed": True}),
    Case(CLOSED, [{}], NotApplicable),
    Case(MAIL, recovery(EMAIL, SMS), None),
    Case(MAIL, recovery("admin_only"), None),
    Case(MAIL, recovery(SMS, EMAIL), "resets passwords by SMS first"),
    Case(MAIL, [{"AutoVerifiedAttributes": ["phone_number"]}], "resets passwords by SMS first"),
    Case(MAIL, [{"AutoVerifiedAttributes": ["email"]}], NotApplicable),
    Case(WAF, [{"Arn": ARN}, [ARN]], None),
    Case(WAF, [{"Arn": ARN}, []], "has no web ACL before it"),
    Case(HIDES, [{"PreventUserExistenceErrors": "ENABLED"}], None),
    Case(HIDES, [{"PreventUserExistenceErrors": "LEGACY"}], "tells strangers who is a user"),
    Case(HIDES, [{}], "tells strangers who is a user"),
    Case(REVOKES, [{"EnableTokenRevocation": True}], None),
    Case(REVOKES, [{}], "cannot revoke refresh tokens"),
    Case(GUESTS, [{"AllowUnauthenticatedIdentities": False}], None),
    Case(
        GUESTS,
        [{"IdentityPoolId": "eu-west-1:a1", "IdentityPoolName": "app", "AllowUnauthenticatedIdentities": True}],
        "gives AWS credentials to anybody",
    ),
    Case(HIDES, [PROGRAM], NotApplicable),
    Case(HIDES, [PROGRAM | {"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]}], NotApplicable),
    Case(HIDES, [PROGRAM | {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]}], "tells strangers who is a user"),
    Case(REVOKES, [PROGRAM], NotApplicable),
    Case(REVOKES, [{"AllowedOAuthFlows": ["code"]}], "cannot revoke refresh tokens"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_user_pools_with_their_app_clients(aws: Region) -> None:
    client = aws.clients.session.client("cognito-idp")
    id = client.create_user_pool(PoolName="customers")["UserPool"]["Id"]
    client.create_user_pool_client(UserPoolId=id, ClientName="shop", EnableTokenRevocation=True, GenerateSecret=True)
    [pool] = cognito.user_pools.stream(aws)
    arn = f"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/{id}"
    assert identify(aws, cognito.user_pools, pool) == (arn, "customers")
    assert MFA.judge(pool) == "has no multi-factor authentication"
    [app] = cognito.clients.stream(aws)
    assert "ClientSecret" not in app
    assert identify(aws, cognito.clients, app) == (f"{arn}/client/{app['ClientId']}", "customers/shop")
    assert list(cognito.protected.read(aws, pool)) == []


def test_risks_are_asked_of_pools_with_threat_protection_alone(aws: Region) -> None:
    pool: Any = {"Id": "eu-west-1_a1"}
    with Stubber(aws.clients.get("cognito-idp", aws.region)) as stub:
        assert cognito.risk.read(aws, pool) == {}
        answer: Any = {"RiskConfiguration": leaked("BLOCK")}
        stub.add_response("describe_risk_configuration", answer, {"UserPoolId": "eu-west-1_a1"})
        assert cognito.risk.read(aws, pool | ON) == leaked("BLOCK")


def guests(aws: boto3.Session) -> None:
    aws.client("cognito-identity").create_identity_pool(
        IdentityPoolName="app", AllowUnauthenticatedIdentities=True, DeveloperProviderName="login.northwind"
    )


def test_a_plan_keeps_every_other_setting_of_the_identity_pool(aws: Region) -> None:
    guests(aws.clients.session)
    [pool] = cognito.identity_pools.stream(aws)
    [call] = cognito.shut_guests_out.plan(pool).do
    assert call.params == pool | {"AllowUnauthenticatedIdentities": False}


def customers(aws: boto3.Session) -> None:
    aws.client("cognito-idp", region_name="eu-west-1").create_user_pool(PoolName="customers")


def unprotected(aws: boto3.Session) -> None:
    customers(aws)
    web_acl(aws)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {GUESTS.id: guests, WAF.id: unprotected, MFA.id: customers}


def test_mfa_is_turned_off_again_without_naming_a_factor_and_passkeys_stay() -> None:
    passkeys = {"WebAuthnConfiguration": {"RelyingPartyId": "northwind.example", "UserVerification": "preferred"}}
    app = {"SoftwareTokenMfaConfiguration": {"Enabled": False}}
    plan = cognito.offer_mfa.plan({"Id": "p"}, {"MfaConfiguration": "OFF"} | app | passkeys)
    assert plan.undo[0].params == {"UserPoolId": "p", "MfaConfiguration": "OFF"} | passkeys
    assert plan.do[0].params["WebAuthnConfiguration"] == passkeys["WebAuthnConfiguration"]


@pytest.mark.parametrize(
    ("pool", "factors"),
    [
        ({"SmsConfiguration": {"SnsCallerArn": "r"}}, {}),
        ({}, {"SmsMfaConfiguration": {"SmsConfiguration": {}}}),
        ({}, {"EmailMfaConfiguration": {"Subject": "code"}}),
    ],
)
def test_codes_that_are_sent_do_not_become_factors_unasked(pool: Any, factors: Any) -> None:
    with pytest.raises(NotApplicable, match="by SMS or mail"):
        cognito.offer_mfa.plan({"Id": "p"} | pool, {"MfaConfiguration": "OFF"} | factors)
