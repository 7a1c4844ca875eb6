"""Vaults of Amazon S3 Glacier, the service that was there before S3's storage classes of that name."""

from __future__ import annotations

from typing import TypedDict

from checks import documents
from checks.kit import Aws, Call, Collector, Plan, Practice, Risk, Severity, Verdict, check, collect, extra, fix
from checks.policy_edits import close


class Vault(TypedDict):
    VaultARN: str
    VaultName: str


vaults: Collector[Vault] = collect("glacier:ListVaults", "VaultList", arn="{VaultARN}", name="{VaultName}")


@extra("glacier:GetVaultAccessPolicy")
def policy(aws: Aws, vault: Vault) -> str:
    """Source: https://docs.aws.amazon.com/amazonglacier/latest/dev/api-GetVaultAccessPolicy.html."""
    name = vault["VaultName"]
    got = aws.call("glacier:GetVaultAccessPolicy", vaultName=name, absent="ResourceNotFoundException")
    return str(got.get("policy", {}).get("Policy", ""))


@check(vaults, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def vault_is_not_public(vault: Vault, policy: str) -> Verdict:
    """Glacier vault lets in nobody from outside.

    Archives are often backups: whoever reads them has all that the company ever kept.

    Fix: Name the principals that need the vault in its access policy, or remove the policy.
    See: https://docs.aws.amazon.com/amazonglacier/latest/dev/vault-access-policy.html
    """
    return documents.opens_to_everyone(policy)


@fix(vault_is_not_public, "glacier:SetVaultAccessPolicy", "glacier:DeleteVaultAccessPolicy", risk=Risk.CUTS_ACCESS)
def close_vault(vault: Vault, policy: str) -> Plan:
    """Take the statements that let everyone in out of the vault's policy."""
    which = {"accountId": "-", "vaultName": vault["VaultName"]}  # "-": the account of whoever asks

    def put(text: str) -> Call:
        return Call("glacier:SetVaultAccessPolicy", which | {"policy": {"Policy": text}})

    return close(policy, put, Call("glacier:DeleteVaultAccessPolicy", which))
