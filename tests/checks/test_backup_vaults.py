"""Backup vaults: what the judges say, what is read of them, and the one that the fix is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import backup_vaults
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.made import Made

ARN = "arn:aws:backup:eu-west-1:123456789012:backup-vault:nightly"
VAULT: Any = {"BackupVaultName": "nightly", "BackupVaultArn": ARN, "NumberOfRecoveryPoints": 3}
DEFAULT = VAULT | {"BackupVaultName": "Default", "NumberOfRecoveryPoints": 0}
KEEPS, ENCRYPTED = backup_vaults.vault_keeps_backups_from_deletion, backup_vaults.vault_holds_encrypted_backups
TRUSTS = backup_vaults.vault_takes_copies_from_trusted_accounts
KEY = backup_vaults.vault_has_own_key
OWN, FOREIGN = (f"arn:aws:kms:eu-west-1:{account}:key/one" for account in ("123456789012", "210987654321"))
NO_LOCK = "lets backups be deleted before their time: it has no lock"
ASKED = {"customer_managed_key": True}


def policy(effect: str, action: str, principal: Any = "*", **more: Any) -> str:
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


PARTNER = {"AWS": "arn:aws:iam::210987654321:root"}
BREAK_GLASS = {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/break-glass"}}
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-northwind1"}}
COPY = "backup:CopyIntoBackupVault"

CASES = [
    Case(KEEPS, [VAULT | {"Locked": True}, ""], None),
    Case(KEEPS, [VAULT | {"Locked": False}, ""], NO_LOCK),
    Case(KEEPS, [VAULT, policy("Deny", "backup:DeleteRecoveryPoint")], None),
    Case(KEEPS, [VAULT, policy("Deny", "backup:*", Condition=BREAK_GLASS)], None),
    Case(KEEPS, [VAULT, policy("Deny", "backup:DeleteRecoveryPoint", PARTNER)], NO_LOCK),
    Case(KEEPS, [VAULT, policy("Deny", "backup:DeleteBackupVault")], NO_LOCK),
    Case(KEEPS, [VAULT, policy("Allow", "backup:DeleteRecoveryPoint")], NO_LOCK),
    Case(KEEPS, [VAULT | {"VaultType": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"}, ""], None),
    Case(KEEPS, [DEFAULT, ""], NotApplicable),
    Case(KEEPS, [DEFAULT | {"NumberOfRecoveryPoints": 1}, ""], NO_LOCK),
    Case(TRUSTS, [VAULT, policy("Allow", COPY)], f"lets everyone do {COPY}"),
    Case(TRUSTS, [VAULT, policy("Allow", "backup:*")], "lets everyone do backup:*"),
    Case(TRUSTS, [VAULT, policy("Allow", COPY, Resource=ARN)], f"lets everyone do {COPY}"),
    Case(TRUSTS, [VAULT, policy("Allow", "backup:StartRestoreJob")], None),  # AWS refuses other accounts that
    Case(TRUSTS, [VAULT, policy("Allow", "backup:StartRestoreJob", PARTNER)], None),
    Case(TRUSTS, [VAULT, ""], None),
    Case(TRUSTS, [VAULT, policy("Allow", COPY, Condition=ORGANIZATION)], None),
    Case(TRUSTS, [VAULT, policy("Allow", COPY, PARTNER)], "lets in account 210987654321"),
    Case(TRUSTS, [VAULT, policy("Allow", COPY, PARTNER)], None, {"trusted_accounts": ("210987654321",)}),
    Case(ENCRYPTED, [VAULT, {"count": 0, "example": ""}], None),
    Case(
        ENCRYPTED,
        [VAULT, {"count": 2, "example": "arn:aws:rds:eu-west-1:123456789012:db:erp"}],
        "holds 2 backups that are not encrypted, of arn:aws:rds:eu-west-1:123456789012:db:erp among others",
    ),
    Case(
        ENCRYPTED,
        [VAULT, {"count": 1, "example": "arn:aws:rds:eu-west-1:123456789012:db:erp"}],
        "holds a backup that is not encrypted, of arn:aws:rds:eu-west-1:123456789012:db:erp",
    ),
    Case(KEY, [VAULT | {"EncryptionKeyArn": OWN}, {OWN}], NotApplicable),
    Case(KEY, [VAULT | {"EncryptionKeyArn": OWN}, {OWN}], None, ASKED),
    Case(KEY, [VAULT | {"EncryptionKeyArn": FOREIGN}, set()], None, ASKED),
    Case(KEY, [VAULT | {"EncryptionKeyArn": OWN}, set()], "is encrypted with a key of AWS's, not yours", ASKED),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_every_point_of_a_vault_counts_but_what_it_is_made_of(aws: Region) -> None:
    def point(encrypted: bool | None, **more: Any) -> dict[str, Any]:
        return {"ResourceArn": "arn:1", **more} | ({} if encrypted is None else {"IsEncrypted": encrypted})

    pages = [[point(True), point(False)], [point(False, ResourceArn="arn:2"), point(None), point(False, IsParent=True)]]
    with Stubber(aws.clients.get("backup", aws.region)) as stub:
        stub.add_response(
            "list_recovery_points_by_backup_vault",
            {"RecoveryPoints": pages[0], "NextToken": "more"},
            {"BackupVaultName": "nightly"},
        )
        stub.add_response(
            "list_recovery_points_by_backup_vault",
            {"RecoveryPoints": pages[1]},
            {"BackupVaultName": "nightly", "NextToken": "more"},
        )
        assert backup_vaults.unencrypted.read(aws, VAULT) == {"count": 2, "example": "arn:1"}


def test_an_empty_vault_is_not_asked(aws: Region) -> None:
    made = Made(aws.clients.session)
    assert backup_vaults.unencrypted.read(aws, DEFAULT)["count"] == 0
    assert made.names == set()


def test_a_vault_without_a_policy(aws: Region) -> None:
    vault(aws.clients.session)
    [found] = backup_vaults.vaults.stream(aws)
    assert identify(aws, backup_vaults.vaults, found) == (ARN, "nightly")
    assert backup_vaults.policy.read(aws, found) == ""
    assert backup_vaults.own_keys.read(aws, found) == set()


def test_a_policy_is_read(aws: Region) -> None:
    answer = {"BackupVaultName": "nightly", "BackupVaultArn": ARN, "Policy": policy("Deny", "backup:*")}
    with Stubber(aws.clients.get("backup", aws.region)) as stub:
        stub.add_response("get_backup_vault_access_policy", answer, {"BackupVaultName": "nightly"})
        assert backup_vaults.policy.read(aws, VAULT) == policy("Deny", "backup:*")


def test_what_is_given_to_everyone_in_this_account_is_left_alone() -> None:
    with pytest.raises(NotApplicable):
        backup_vaults.close_vault.plan(VAULT, both(policy("Allow", COPY), policy("Allow", "backup:StartRestoreJob")))


def both(one: str, other: str) -> str:
    return json.dumps(json.loads(one) | {"Statement": [json.loads(each)["Statement"][0] for each in (one, other)]})


def vault(aws: boto3.Session) -> None:
    aws.client("backup", region_name="eu-west-1").create_backup_vault(BackupVaultName="nightly")


def public_vault(aws: boto3.Session) -> None:
    vault(aws)
    backup = aws.client("backup", region_name="eu-west-1")
    backup.put_backup_vault_access_policy(
        BackupVaultName="nightly", Policy=both(policy("Allow", COPY), policy("Allow", COPY, {"AWS": "123456789012"}))
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {KEEPS.id: vault, TRUSTS.id: public_vault}
