"""AWS Step Functions state machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from checks.kit import Aws, Collector, NotApplicable, Practice, Severity, Verdict, check, collect, expect, extra

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeStateMachineOutputTypeDef as Settings
    from types_boto3_stepfunctions.type_defs import StateMachineListItemTypeDef as Machine

machines: Collector[Machine] = collect(
    "stepfunctions:ListStateMachines", "stateMachines", arn="{stateMachineArn}", name="{name}"
)


@extra("stepfunctions:DescribeStateMachine")
def settings(aws: Aws, machine: Machine) -> Settings:
    """Without the definition, which may hold anything: only what is set around it."""
    which = {"stateMachineArn": machine["stateMachineArn"], "includedData": "METADATA_ONLY"}
    return cast("Settings", aws.call("stepfunctions:DescribeStateMachine", **which))


@check(machines, settings, practice=Practice.MONITORING, severity=Severity.LOW)
def machine_logs_executions(machine: Machine, settings: Settings) -> Verdict:
    """State machine logs its executions.

    An express execution leaves no other trace, and a standard one for 90 days only: then nobody can tell what ran.

    Fix: Choose a log level and a log group; the machine's role must be allowed to deliver logs.
    See: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """
    if settings.get("status") == "DELETING":
        raise NotApplicable("it is being deleted")
    return expect(settings.get("loggingConfiguration", {}).get("level", "OFF") != "OFF", "does not log its executions")


@check(machines, settings, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def machine_is_encrypted_with_own_key(
    machine: Machine, settings: Settings, *, customer_managed_key: bool = False
) -> Verdict:
    """State machine is encrypted with a KMS key of yours.

    AWS encrypts definitions and inputs always; with a key of yours, reading them takes a permission on the key too.

    Fix: Choose a customer managed key in the machine's encryption, and let the machine's role use it.
    See: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    if not customer_managed_key:
        raise NotApplicable("AWS's own encryption is enough, the settings say")
    own = settings.get("encryptionConfiguration", {}).get("type") == "CUSTOMER_MANAGED_KMS_KEY"
    return expect(own, "is not encrypted with a KMS key of yours")
