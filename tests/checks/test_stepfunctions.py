"""Step Functions: what the judges say, and what is read of a machine."""

from __future__ import annotations

import json

import pytest

from bot.aws import Region
from checks import stepfunctions
from checks.kit import NotApplicable
from tests.checks.cases import Case

MACHINE = {"name": "orders", "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:orders"}
LOGS, OWN_KEY = stepfunctions.machine_logs_executions, stepfunctions.machine_is_encrypted_with_own_key
OWN = {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}}
AWS_OWNED = {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}
CASES = [
    Case(LOGS, [MACHINE, {"loggingConfiguration": {"level": "ERROR"}}], None),
    Case(LOGS, [MACHINE, {"loggingConfiguration": {"level": "OFF"}}], "does not log its executions"),
    Case(LOGS, [MACHINE, {}], "does not log its executions"),
    Case(LOGS, [MACHINE, {"status": "DELETING"}], NotApplicable),
    Case(OWN_KEY, [MACHINE, AWS_OWNED], NotApplicable),
    Case(OWN_KEY, [MACHINE, AWS_OWNED], "is not encrypted with a KMS key of yours", {"customer_managed_key": True}),
    Case(OWN_KEY, [MACHINE, {}], "is not encrypted with a KMS key of yours", {"customer_managed_key": True}),
    Case(OWN_KEY, [MACHINE, OWN], None, {"customer_managed_key": True}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_what_is_set_around_a_machine(aws: Region) -> None:
    passes = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
    aws.clients.session.client("stepfunctions").create_state_machine(
        name="orders", definition=json.dumps(passes), roleArn="arn:aws:iam::123456789012:role/orders"
    )
    [found] = stepfunctions.machines.stream(aws)
    assert LOGS.judge(found, stepfunctions.settings.read(aws, found)) == "does not log its executions"
