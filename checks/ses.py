"""Amazon SES: who may send as you, and how mail is signed and carried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict, cast

from checks.documents import opens_to_everyone
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
    collect,
    collector,
    expect,
    extra,
    fix,
)
from checks.policy_edits import REMOVED, close, public_statements, without_public

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import GetConfigurationSetResponseTypeDef as SetSettings
    from types_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef as Settings
    from types_boto3_sesv2.type_defs import IdentityInfoTypeDef as Identity


class ConfigurationSet(TypedDict):
    name: str


identities: Collector[Identity] = collect(
    "sesv2:ListEmailIdentities",
    "EmailIdentities",
    arn="arn:{partition}:ses:{region}:{account}:identity/{IdentityName}",
    name="{IdentityName}",
)


@collector(
    "sesv2:ListConfigurationSets", arn="arn:{partition}:ses:{region}:{account}:configuration-set/{name}", name="{name}"
)
def configuration_sets(aws: Aws) -> Iterator[ConfigurationSet]:
    for name in aws.items("sesv2:ListConfigurationSets", "ConfigurationSets"):
        yield {"name": name}


@extra("sesv2:GetEmailIdentity")
def settings(aws: Aws, identity: Identity) -> Settings:
    return cast("Settings", aws.call("sesv2:GetEmailIdentity", EmailIdentity=identity["IdentityName"]))


@extra("sesv2:GetConfigurationSet")
def set_settings(aws: Aws, one: ConfigurationSet) -> SetSettings:
    return cast("SetSettings", aws.call("sesv2:GetConfigurationSet", ConfigurationSetName=one["name"]))


@check(identities, settings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def identity_is_not_public(identity: Identity, settings: Settings) -> Verdict:
    """SES identity lets nobody from outside send as you.

    Everyone with an AWS account could send mail that is truly yours to every mail server, at your reputation's cost.

    Fix: Name the accounts that may send in the identity's authorization policy, or remove the policy.
    See: https://docs.aws.amazon.com/ses/latest/dg/sending-authorization-policies.html
    """
    found = {name: opens_to_everyone(policy) for name, policy in settings.get("Policies", {}).items()}
    return next((f"{problem} by policy {name}" for name, problem in found.items() if problem), None)


@fix(
    identity_is_not_public,
    "sesv2:UpdateEmailIdentityPolicy",
    "sesv2:DeleteEmailIdentityPolicy",
    "sesv2:CreateEmailIdentityPolicy",
    risk=Risk.CUTS_ACCESS,
)
def close_identity(identity: Identity, settings: Settings) -> Plan:
    """Take statements that let everyone in out of the identity's policies."""
    whole = settings.get("Policies", {})
    public = sorted(name for name, policy in whole.items() if public_statements(policy))
    if not public:
        raise NotApplicable("its policies let in nobody from outside")
    plans = [_closed(identity["IdentityName"], name, whole[name]) for name in public]
    return Plan(
        do=[plan.do[0] for plan in plans],
        undo=[plan.undo[0] for plan in plans],
        before={name: plan.before["policy"] for name, plan in zip(public, plans, strict=True)},
        after={name: plan.after["policy"] for name, plan in zip(public, plans, strict=True)},
        notes=[REMOVED],
    )


def _closed(identity: str, name: str, policy: str) -> Plan:
    """Of one policy, which goes when no statement is left, and is then made anew by the undo."""
    which = {"EmailIdentity": identity, "PolicyName": name}
    back = "sesv2:UpdateEmailIdentityPolicy" if without_public(policy) else "sesv2:CreateEmailIdentityPolicy"

    def put(text: str) -> Call:
        return Call(back, which | {"Policy": text})

    return close(policy, put, Call("sesv2:DeleteEmailIdentityPolicy", which))


@check(identities, settings, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def identity_signs_mail(identity: Identity, settings: Settings) -> Verdict:
    """SES domain signs its mail with DKIM.

    Without a signature receivers cannot tell your mail from somebody's who pretends to be you.

    Fix: Turn on Easy DKIM for the domain and put the three CNAME records that SES shows into its DNS zone.
    See: https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html
    """
    if identity["IdentityType"] != "DOMAIN":
        raise NotApplicable("the domain of an address signs, not the address")
    if settings["VerificationStatus"] != "SUCCESS":
        raise NotApplicable("it is not verified, so nothing is sent from it")
    dkim = settings["DkimAttributes"]
    if dkim["SigningEnabled"] and dkim["Status"] != "SUCCESS":
        return f"does not sign its mail: SES finds no valid key in DNS ({dkim['Status']})"
    return expect(dkim["SigningEnabled"], "does not sign its mail with DKIM")


@fix(identity_signs_mail, "sesv2:PutEmailIdentityDkimAttributes", risk=Risk.SAFE)
def sign_mail(identity: Identity, settings: Settings) -> Plan:
    """Sign the domain's mail with the key that is in DNS already."""
    dkim = settings["DkimAttributes"]
    if dkim["SigningEnabled"] or dkim["Status"] != "SUCCESS":
        raise NotApplicable("SES finds no key in DNS that it could sign with")

    def signing(*, on: bool) -> Call:
        wanted = {"EmailIdentity": identity["IdentityName"], "SigningEnabled": on}
        return Call("sesv2:PutEmailIdentityDkimAttributes", wanted)

    return Plan([signing(on=True)], [signing(on=False)], {"DKIM": "off"}, {"DKIM": "on"})


@check(configuration_sets, set_settings, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def configuration_set_requires_tls(one: ConfigurationSet, settings: SetSettings) -> Verdict:
    """SES configuration set sends mail over TLS only.

    By default SES falls back to plain text where a mail server offers no TLS, and the mail can be read on its way.

    Fix: Set the TLS policy of the configuration set to Require. Mail to servers without TLS is then not delivered.
    See: https://docs.aws.amazon.com/ses/latest/dg/security-protocols.html
    """
    return expect(_tls(settings) == "REQUIRE", "sends mail without TLS where a server offers none")


def _tls(settings: SetSettings) -> str:
    return settings.get("DeliveryOptions", {}).get("TlsPolicy", "OPTIONAL")


@fix(configuration_set_requires_tls, "sesv2:PutConfigurationSetDeliveryOptions", risk=Risk.CUTS_ACCESS)
def require_tls(one: ConfigurationSet, settings: SetSettings) -> Plan:
    """Send mail of this configuration set over TLS only."""
    kept = {key: value for key, value in settings.get("DeliveryOptions", {}).items() if key != "TlsPolicy"}
    if _tls(settings) == "REQUIRE":
        raise NotApplicable("it requires TLS")

    def tls(policy: str) -> Call:
        return Call(
            "sesv2:PutConfigurationSetDeliveryOptions",
            {"ConfigurationSetName": one["name"], "TlsPolicy": policy} | kept,
        )

    return Plan(
        do=[tls("REQUIRE")],
        undo=[tls("OPTIONAL")],
        before={"TLS": "OPTIONAL"},
        after={"TLS": "REQUIRE"},
        notes=["Mail to servers that offer no TLS bounces from then on."],
    )
