"""What fixes are told by the settings, and what is said where they are told nothing or something wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from bot.fix_inputs import check_inputs, inputs_of
from bot.fixing import FixAws
from bot.recording import select
from bot.scan import Status
from bot.settings import BadSettings, load
from checks.account import account_has_security_contact, name_security_contact
from checks.kit import ACCOUNT_ARN, Fix, NotApplicable, Plan, Risk
from tests.test_fixes import TOLD


def plan_of(bucket: Any, *, log_bucket: str, prefix: str = "", days: int = 1) -> Plan:
    raise NotImplementedError(f"{bucket}{log_bucket}{prefix}{days}")  # what it asks for is all that matters


FIX = Fix(account_has_security_contact, "", Risk.SAFE, (), plan_of)
NAME = "security_contact_name"


def test_the_settings_name_a_value_for_all_regions_or_one_for_each() -> None:
    everywhere, here = {"log_bucket": "logs"}, {"log_bucket": {"eu-west-1": "logs-eu"}, "prefix": "elb"}
    assert inputs_of(FIX, load(fix_inputs=everywhere), "us-east-1") == {"log_bucket": "logs"}
    assert inputs_of(FIX, load(fix_inputs=here), "eu-west-1") == {"log_bucket": "logs-eu", "prefix": "elb"}


def test_without_what_it_needs_there_is_no_plan_and_the_setting_is_named(aws: Region) -> None:
    account = ACCOUNT_ARN.format(partition=aws.partition, account=aws.account)
    told = {name: value for name, value in TOLD.items() if name != NAME}
    for given, where in ((told, ""), (told | {NAME: {"eu-west-2": "SOC"}}, "[eu-west-1]")):
        seen = FixAws(load(fix_inputs=given), lambda: aws).look(aws, name_security_contact, "eu-west-1", account)
        assert (seen.status, seen.plan) == (Status.FAIL, None)
        assert seen.why == f"set AWS_SEC_FIX_INPUTS[{NAME}]{where}, the person or team that AWS asks for"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"security_contact_mail": "a@b.example"}, "no fix takes it: did you mean security_contact_email?"),
        ({"security_contact_email": "ana"}, "must be the address that the whole security team reads, as security@"),
        ({NAME: {"eu-west-1": " "}}, "must be the person or team that AWS asks for"),
    ],
)
def test_an_unknown_input_and_one_of_another_form_are_refused_at_start(given: Any, words: str) -> None:
    with pytest.raises(BadSettings, match=r"^AWS_SEC_FIX_INPUTS\[security_contact_\w+\]: ") as refused:
        select(load(fix_inputs=given))
    assert words in str(refused.value)


def test_what_is_empty_is_not_told() -> None:
    empty = load(fix_inputs={NAME: ""})
    check_inputs(empty)
    with pytest.raises(NotApplicable):
        inputs_of(name_security_contact, empty, "eu-west-1")
