"""AWS Backup vaults: who may delete backups, who gets in, and whether what they hold is encrypted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from checks import documents
from checks.kit import (
    Aws,
    Call,
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
from checks.kms import keys
from checks.outsiders import lets_in_outsiders
from checks.policy_edits import close, public_statements

if TYPE_CHECKING:
    from types_boto3_backup.type_defs import BackupVaultListMemberTypeDef as Vault

DELETES = documents.Statement(allows=True, actions=("backup:DeleteRecoveryPoint",), resources=("*",))
"""What a vault should let nobody do before a backup's time is over."""

COPIES = documents.Statement(allows=True, actions=("backup:CopyIntoBackupVault",), resources=("*",))
"""All that AWS Backup lets another account do in a vault.
https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html"""


class Plain(TypedDict):
    """The recovery points of a vault that are not encrypted: how many, and the resource of one of them."""

    count: int
    example: str


@collector("backup:ListBackupVaults", arn="{BackupVaultArn}", name="{BackupVaultName}")
def vaults(aws: Aws) -> Iterator[Vault]:
    """Leaves out those that are being made, or could not be."""
    for vault in aws.items("backup:ListBackupVaults", "BackupVaultList"):
        if vault.get("VaultState", "AVAILABLE") == "AVAILABLE":  # .get: AWS sends it of air-gapped ones
            yield vault


@extra("backup:GetBackupVaultAccessPolicy")
def policy(aws: Aws, vault: Vault) -> str:
    which = vault["BackupVaultName"]
    got = aws.call("backup:GetBackupVaultAccessPolicy", BackupVaultName=which, absent="ResourceNotFoundException")
    return str(got.get("Policy", ""))


@extra("backup:ListRecoveryPointsByBackupVault")
def unencrypted(aws: Aws, vault: Vault) -> Plain:
    """Not asked of an empty vault."""
    found: Plain = {"count": 0, "example": ""}
    if vault.get("NumberOfRecoveryPoints"):
        points: Iterator[Mapping[str, Any]] = aws.items(
            "backup:ListRecoveryPointsByBackupVault", "RecoveryPoints", BackupVaultName=vault["BackupVaultName"]
        )
        for point in points:
            # .get: of a composite one AWS sends no answer of its own; those it is made of are listed as well.
            if point.get("IsEncrypted") is False and not point.get("IsParent"):
                found = {"count": found["count"] + 1, "example": found["example"] or point["ResourceArn"]}
    return found


@extra(needs=(keys,))
def own_keys(aws: Aws, _: Vault) -> Collection[str]:
    """ARNs of the region's KMS keys that are not AWS's."""
    return {key["KeyArn"] for key in aws.read(keys)}


@check(vaults, policy, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def vault_keeps_backups_from_deletion(vault: Vault, policy: str) -> Verdict:
    """Backup vault lets nobody delete backups early.

    Whoever means harm deletes the backups first; a vault with a lock keeps them until their time is over.

    Fix: Turn on Vault Lock, first in governance mode, or deny backup:DeleteRecoveryPoint to everyone in its policy.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """
    if not vault.get("NumberOfRecoveryPoints") and vault["BackupVaultName"] == "Default":
        raise NotApplicable("it is the vault that AWS made, and empty")
    locked = vault.get("Locked") or vault.get("VaultType") == "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"
    return expect(locked or _denies_deletion(policy), "lets backups be deleted before their time: it has no lock")


def _denies_deletion(policy: str) -> bool:
    return any(
        not s.allows and s.everyone and all(c.spares for c in s.conditions) and documents.covers(s, DELETES)
        for s in documents.statements(policy)
    )


@fix(
    vault_keeps_backups_from_deletion,
    "backup:PutBackupVaultLockConfiguration",
    "backup:DeleteBackupVaultLockConfiguration",
    risk=Risk.CUTS_ACCESS,
)
def lock(vault: Vault, policy: str) -> Plan:
    """Lock the backup vault in governance mode.

    Without ChangeableForDays the lock can be taken off again by who may do so.
    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """
    which = {"BackupVaultName": vault["BackupVaultName"]}
    return Plan(
        do=[Call("backup:PutBackupVaultLockConfiguration", which)],
        undo=[Call("backup:DeleteBackupVaultLockConfiguration", which)],
        before={"Vault Lock": "on" if vault.get("Locked") else "off"},
        after={"Vault Lock": "on, in governance mode"},
        notes=[
            "Plans go on as they are, and backups still expire by their lifecycle. It costs nothing.",
            "Whoever deletes backups by hand, or shortens how long they are kept, is refused until the lock is off.",
        ],
    )


@check(vaults, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def vault_takes_copies_from_trusted_accounts(
    vault: Vault, policy: str, *, trusted_accounts: tuple[str, ...] = ()
) -> Verdict:
    """Backup vault takes copies only from accounts you trust.

    Others can fill it with backups that you pay for, and that somebody may restore by mistake. AWS Backup refuses
    other accounts all else, whatever the policy says.

    Fix: Name the accounts in the vault's policy, or limit it to the organization with aws:PrincipalOrgID.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
    """
    copying = _about_copies(policy)
    account = vault["BackupVaultArn"].split(":")[4]
    return documents.opens_to_everyone(copying) or lets_in_outsiders(copying, account, trusted_accounts)


def _about_copies(policy: str) -> str:
    """The policy without what it allows besides copying backups into the vault."""
    if not policy:
        return ""
    document = json.loads(policy)
    raw = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    kept = [
        one
        for one, read in zip(raw, documents.statements(policy), strict=True)
        if not read.allows or documents.covers(replace(read, resources=("*",), not_resources=()), COPIES)
    ]
    return json.dumps(document | {"Statement": kept})


@fix(
    vault_takes_copies_from_trusted_accounts,
    "backup:PutBackupVaultAccessPolicy",
    "backup:DeleteBackupVaultAccessPolicy",
    risk=Risk.CUTS_ACCESS,
)
def close_vault(vault: Vault, policy: str) -> Plan:
    """Take what lets everyone in out of the backup vault's policy."""
    if policy and public_statements(policy) != public_statements(_about_copies(policy)):
        raise NotApplicable("its policy also gives this account's own people something in the name of everyone")
    which = {"BackupVaultName": vault["BackupVaultName"]}
    nothing = Call("backup:DeleteBackupVaultAccessPolicy", which)
    return close(policy, lambda text: Call("backup:PutBackupVaultAccessPolicy", which | {"Policy": text}), nothing)


@check(vaults, unencrypted, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def vault_holds_encrypted_backups(vault: Vault, plain: Plain) -> Verdict:
    """Backup vault holds only encrypted backups.

    A backup of an unencrypted disk or database is no more encrypted than that, whatever key the vault has.

    Fix: Encrypt what is backed up: its next backups are encrypted then. Copies of some kinds are in any case.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
    """
    if plain["count"] <= 1:
        return expect(not plain["count"], f"holds a backup that is not encrypted, of {plain['example']}")
    return f"holds {plain['count']} backups that are not encrypted, of {plain['example']} among others"


@check(vaults, own_keys, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def vault_has_own_key(vault: Vault, own_keys: Collection[str], *, customer_managed_key: bool = False) -> Verdict:
    """Backup vault is encrypted with a KMS key of yours.

    AWS always encrypts a vault; with a key of yours you decide who may restore, also in another account.

    Fix: It cannot be changed: make a vault with a customer managed key and let the plans use that one.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
    """
    if not customer_managed_key:
        raise NotApplicable("the settings do not ask for KMS keys of your own")
    key = vault.get("EncryptionKeyArn", "")
    owned = key in own_keys or (key and key.split(":")[4] != vault["BackupVaultArn"].split(":")[4])
    return expect(owned, "is encrypted with a key of AWS's, not yours")
