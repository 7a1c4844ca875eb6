"""Amazon Cognito: user pools, their app clients, and identity pools."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)
from checks.wafv2 import protected_user_pools

if TYPE_CHECKING:
    from types_boto3_cognito_identity.type_defs import IdentityPoolTypeDef as IdentityPool
    from types_boto3_cognito_idp.type_defs import UserPoolClientTypeTypeDef as Client
    from types_boto3_cognito_idp.type_defs import UserPoolTypeTypeDef as UserPool

UPDATE = "cognito-identity:UpdateIdentityPool"
SETTINGS = frozenset(
    {
        "IdentityPoolId",
        "IdentityPoolName",
        "AllowUnauthenticatedIdentities",
        "AllowClassicFlow",
        "SupportedLoginProviders",
        "DeveloperProviderName",
        "OpenIdConnectProviderARNs",
        "CognitoIdentityProviders",
        "SamlProviderARNs",
        "IdentityPoolTags",
    }
)
"""Everything that UpdateIdentityPool takes.
https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_UpdateIdentityPool.html"""

RULES = {
    "RequireUppercase": "capital letters",
    "RequireLowercase": "small letters",
    "RequireNumbers": "digits",
    "RequireSymbols": "symbols",
}


def _user_pools(aws: Aws) -> Iterator[Any]:
    def described(pool: Mapping[str, Any]) -> Any:
        return aws.call("cognito-idp:DescribeUserPool", UserPoolId=pool["Id"])["UserPool"]

    yield from aws.each(described, aws.items("cognito-idp:ListUserPools", "UserPools", MaxResults=60))


def _identity_pools(aws: Aws) -> Iterator[Any]:
    def described(pool: Mapping[str, Any]) -> Any:
        got = aws.call("cognito-identity:DescribeIdentityPool", IdentityPoolId=pool["IdentityPoolId"])
        return {key: value for key, value in got.items() if key != "ResponseMetadata"}

    yield from aws.each(described, aws.items("cognito-identity:ListIdentityPools", "IdentityPools", MaxResults=60))


user_pools: Collector[UserPool] = Collector(
    ("cognito-idp:ListUserPools", "cognito-idp:DescribeUserPool"), _user_pools, "{Arn}", "{Name}"
)

identity_pools: Collector[IdentityPool] = Collector(
    ("cognito-identity:ListIdentityPools", "cognito-identity:DescribeIdentityPool"),
    _identity_pools,
    "arn:{partition}:cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}",
    "{IdentityPoolName}",
)


@collector(
    "cognito-idp:ListUserPoolClients",
    "cognito-idp:DescribeUserPoolClient",
    arn="arn:{partition}:cognito-idp:{region}:{account}:userpool/{UserPoolId}/client/{ClientId}",
    name="{pool}/{ClientName}",
    needs=(user_pools,),
    within="arn:{partition}:cognito-idp:{region}:{account}:userpool/{UserPoolId}",
)
def clients(aws: Aws) -> Iterator[Client]:
    """Without their secrets."""

    def described(client: Mapping[str, Any]) -> Any:
        which = {"UserPoolId": client["UserPoolId"], "ClientId": client["ClientId"]}
        return aws.call("cognito-idp:DescribeUserPoolClient", **which)["UserPoolClient"]

    for pool in aws.read(user_pools):
        listed = aws.items("cognito-idp:ListUserPoolClients", "UserPoolClients", UserPoolId=pool["Id"], MaxResults=60)
        for client in aws.each(described, listed):
            client.pop("ClientSecret", None)
            yield client | {"pool": pool["Name"]}


@extra("cognito-idp:DescribeRiskConfiguration")
def risk(aws: Aws, pool: UserPool) -> Mapping[str, Any]:
    """What threat protection does about risks; nothing where it is not enforced."""
    if _protection(pool) != "ENFORCED":
        return {}
    found = aws.call("cognito-idp:DescribeRiskConfiguration", UserPoolId=pool["Id"], absent="ResourceNotFoundException")
    return dict(found.get("RiskConfiguration", {}))


@extra("cognito-idp:GetUserPoolMfaConfig")
def factors(aws: Aws, pool: UserPool) -> Mapping[str, Any]:
    got = aws.call("cognito-idp:GetUserPoolMfaConfig", UserPoolId=pool["Id"])
    return {key: value for key, value in got.items() if key != "ResponseMetadata"}


@extra(needs=(protected_user_pools,))
def protected(aws: Aws, pool: UserPool) -> Collection[str]:
    """The ARNs of the user pools with a web ACL."""
    return aws.read(protected_user_pools)


@check(user_pools, practice=Practice.MFA, severity=Severity.MEDIUM)
def user_pool_has_mfa(pool: UserPool, *, required: bool = False) -> Verdict:
    """Cognito user pool offers multi-factor authentication.

    With MFA a password that was guessed or leaked elsewhere does not let a stranger into a customer's account.

    Fix: Set MFA of the user pool to optional or required, with authenticator apps or passkeys rather than SMS.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa.html
    """
    factors = pool["Policies"].get("SignInPolicy", {}).get("AllowedFirstAuthFactors", ["PASSWORD"])
    if "PASSWORD" not in factors:
        raise NotApplicable("nobody signs in with a password")
    setting = pool.get("MfaConfiguration", "OFF")
    if setting == "OPTIONAL" and required:
        return "leaves multi-factor authentication to its users"
    return expect(setting != "OFF", "has no multi-factor authentication")


SENT = ("EmailMfaConfiguration", "SmsMfaConfiguration")


@fix(user_pool_has_mfa, "cognito-idp:SetUserPoolMfaConfig", risk=Risk.SAFE, reads=(factors,))
def offer_mfa(pool: UserPool, factors: Mapping[str, Any], *, required: bool = False) -> Plan:
    """Offer authenticator apps as a second factor.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserPoolMfaConfig.html
    """
    mode = factors.get("MfaConfiguration", "OFF")
    if required or mode != "OFF":
        why = "to ask everyone for MFA locks out who has none: when is yours to say"
        raise NotApplicable(why, {"MFA": mode.lower()})
    if pool.get("SmsConfiguration") or factors.keys() & SENT:  # AWS takes MFA only with these as factors, too
        raise NotApplicable("it sends codes by SMS or mail: whether these count as second factors is yours to say")
    kept = {key: factors[key] for key in ("WebAuthnConfiguration",) if key in factors}

    def put(mode: str, **app: Mapping[str, bool]) -> Call:
        which = {"UserPoolId": pool["Id"], "MfaConfiguration": mode}
        return Call("cognito-idp:SetUserPoolMfaConfig", {**which, **kept, **app})

    return Plan(
        do=[put("OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})],
        undo=[put("OFF")],  # AWS refuses to turn MFA off and name a factor, even one that is off
        before={"MFA": "off"},
        after={"MFA": "optional, by authenticator app"},
        notes=[
            "Nobody signs in otherwise until they set it up, for which your application has to have a page.",
            "Undone, whoever has set it up signs in with the password alone.",
        ],
    )


@check(user_pools, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def user_pool_asks_for_strong_passwords(
    pool: UserPool, *, length: int = 8, days: int = 7, characters: tuple[str, ...] = tuple(RULES)
) -> Verdict:
    """Cognito user pool asks for strong passwords.

    Short passwords are guessed, and a temporary one that stays valid waits for whoever finds the mail.

    Fix: Set the password policy: 8 characters or more of every kind, temporary passwords valid for 7 days at most.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
    """
    policy = pool["Policies"]["PasswordPolicy"]
    problems = [f"passwords of {policy['MinimumLength']} characters"] if policy["MinimumLength"] < length else []
    problems += [f"passwords without {RULES[key]}" for key in characters if not policy.get(key)]
    if (valid := policy.get("TemporaryPasswordValidityDays", 7)) > days:
        problems.append(f"temporary passwords for {valid} days")
    return expect(not problems, f"accepts {', '.join(problems)}")


@check(user_pools, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def user_pool_has_threat_protection(pool: UserPool) -> Verdict:
    """Cognito user pool has threat protection.

    It blocks passwords known from leaks and asks for more where a sign-in looks unusual.

    Fix: Put the user pool on the Plus plan and set threat protection to full function, after a while of audit only.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-threat-protection.html
    """
    mode = _protection(pool)
    if mode != "ENFORCED":
        return "only watches for threats" if mode == "AUDIT" else "has no threat protection"
    custom = pool["UserPoolAddOns"].get("AdvancedSecurityAdditionalFlows", {}).get("CustomAuthMode")
    if pool.get("LambdaConfig", {}).get("DefineAuthChallenge"):
        return expect(custom == "ENFORCED", "does not protect custom authentication")
    return None


@check(user_pools, risk, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def user_pool_blocks_leaked_passwords(pool: UserPool, risk: Mapping[str, Any]) -> Verdict:
    """Cognito user pool blocks passwords known from leaks.

    Most accounts are taken over with passwords that leaked elsewhere and are used again.

    Fix: Set the response to compromised credentials to block sign-in, for sign-in at least.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-compromised-credentials.html
    """
    _enforced(pool)
    found = risk.get("CompromisedCredentialsRiskConfiguration", {})
    blocks = found.get("Actions", {}).get("EventAction") == "BLOCK"
    events = found.get("EventFilter") or ["SIGN_IN"]  # no filter: all events
    return expect(blocks and "SIGN_IN" in events, "lets users sign in with passwords known from leaks")


@check(user_pools, risk, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def user_pool_acts_on_risky_sign_in(pool: UserPool, risk: Mapping[str, Any]) -> Verdict:
    """Cognito user pool acts on sign-in of high risk.

    Threat protection that sees an attack and lets it go on is worth little.

    Fix: Set adaptive authentication to block sign-in of high risk, or to ask for MFA.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-adaptive-authentication.html
    """
    _enforced(pool)
    actions = risk.get("AccountTakeoverRiskConfiguration", {}).get("Actions", {})
    action = actions.get("HighAction", {}).get("EventAction", "NO_ACTION")
    return expect(action in ("BLOCK", "MFA_REQUIRED"), f"lets sign-in of high risk through ({action})")


@check(user_pools, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def user_pool_has_deletion_protection(pool: UserPool) -> Verdict:
    """Cognito user pool has deletion protection.

    Deleting a user pool deletes all its users, and no backup brings their passwords back.

    Fix: Turn on deletion protection of the user pool.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-deletion-protection.html
    """
    protected = pool.get("DeletionProtection") == "ACTIVE"
    return expect(protected, "can be deleted: deletion protection is off")


@check(user_pools, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def user_pool_is_closed(pool: UserPool, *, closed: bool = False) -> Verdict:
    """Only administrators add users to the Cognito user pool.

    In a pool for staff, whoever signs up by himself is taken for one of them.

    Fix: Turn off self-registration of the user pool.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-admin-create-user-policy.html
    """
    if not closed:
        raise NotApplicable("the settings do not ask for it: most user pools are for customers, who sign up themselves")
    return expect(pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"), "lets anybody sign up")


@check(user_pools, practice=Practice.PASSWORDS, severity=Severity.LOW)
def user_pool_recovers_by_mail(pool: UserPool) -> Verdict:
    """Cognito user pool recovers accounts by mail first.

    A phone number can be taken over at the carrier, and the code that resets a password with it.

    Fix: Set account recovery to mail, or to mail before SMS.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
    """
    ways = pool.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", [])
    first = min(ways, key=lambda way: way["Priority"])["Name"] if ways else "verified_phone_number"  # AWS's own default
    if not ways and "phone_number" not in pool.get("AutoVerifiedAttributes", []):
        raise NotApplicable("it verifies no phone numbers")
    return expect(first != "verified_phone_number", "resets passwords by SMS first")


@check(user_pools, protected, practice=Practice.NETWORK, severity=Severity.LOW)
def user_pool_has_web_acl(pool: UserPool, protected: Collection[str]) -> Verdict:
    """Cognito user pool has a web ACL.

    AWS WAF in front of it slows down those who try passwords or sign up by the thousand.

    Fix: Associate a web ACL of AWS WAF with the user pool; try its rules in count mode first.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-waf.html
    """
    return expect(pool["Arn"] in protected, "has no web ACL before it")


@check(clients, practice=Practice.PASSWORDS, severity=Severity.LOW)
def app_client_hides_who_is_a_user(client: Client) -> Verdict:
    """Cognito app client does not tell who is a user.

    An answer that differs for unknown users lets strangers find out which customers you have.

    Fix: Turn on the prevention of user existence errors of the app client.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html
    """
    _signs_in_users(client)
    return expect(client.get("PreventUserExistenceErrors") == "ENABLED", "tells strangers who is a user")


@check(clients, practice=Practice.PASSWORDS, severity=Severity.LOW)
def app_client_can_revoke_tokens(client: Client) -> Verdict:
    """Cognito app client can revoke tokens.

    Without revocation a stolen refresh token works until it expires, 30 days as a rule.

    Fix: Turn on token revocation of the app client.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/token-revocation.html
    """
    _signs_in_users(client)
    return expect(client.get("EnableTokenRevocation"), "cannot revoke refresh tokens")


@check(identity_pools, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def identity_pool_has_no_guests(pool: IdentityPool) -> Verdict:
    """Cognito identity pool gives guests no AWS credentials.

    With guest access anybody on the internet gets credentials of the account: one loose policy of their role is enough.

    Fix: Turn off guest access, or allow the guests' role only what every stranger may do.
    See: https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html
    """
    return expect(not pool["AllowUnauthenticatedIdentities"], "gives AWS credentials to anybody")


@fix(identity_pool_has_no_guests, UPDATE, risk=Risk.CUTS_ACCESS)
def shut_guests_out(pool: IdentityPool) -> Plan:
    """Give guests of the identity pool no AWS credentials."""
    # AWS sets what is not sent to its default, so every setting is sent as it was read.
    kept = {key: value for key, value in pool.items() if key in SETTINGS}
    was = pool["AllowUnauthenticatedIdentities"]

    def call(*, guests: bool) -> Call:
        return Call(UPDATE, kept | {"AllowUnauthenticatedIdentities": guests})

    words = {True: "allowed", False: "shut out"}
    return Plan(
        do=[call(guests=False)],
        undo=[call(guests=was)],
        before={"guests": words[was]},
        after={"guests": words[False]},
        notes=["Apps that use AWS before anybody signs in stop working. Credentials handed out last up to an hour."],
    )


def _signs_in_users(client: Client) -> None:
    """Raises NotApplicable of a client for programs alone, which get tokens for themselves and none to refresh."""
    by_user = set(client.get("ExplicitAuthFlows", [])) - {"ALLOW_REFRESH_TOKEN_AUTH"}
    if client.get("AllowedOAuthFlows") == ["client_credentials"] and not by_user:
        raise NotApplicable("only programs sign in with it, no users")


def _protection(pool: UserPool) -> str:
    return pool.get("UserPoolAddOns", {}).get("AdvancedSecurityMode", "OFF")


def _enforced(pool: UserPool) -> None:
    if _protection(pool) != "ENFORCED":
        raise NotApplicable("threat protection is not on")
