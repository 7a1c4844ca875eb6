"""How to fix by hand: every check has its guide, and every command, template and resource in it is one there is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import botocore.session
import cfnlint.api
import hcl2
import pytest
import yaml
from botocore import xform_name
from botocore.model import OperationModel

import checks

CHECKS, _ = checks.load()
GUIDES = checks.guides()
MODELS = botocore.session.get_session()
GLOBAL_OPTIONS = {"region", "output", "query", "endpoint-url", "profile"}
CLI_NAMES = {"s3api": "s3", "configservice": "config", "deploy": "codedeploy"}
"""What the AWS CLI calls a service, where botocore says otherwise.
Source: https://docs.aws.amazon.com/cli/latest/reference/"""
CLI_OPTIONS = {"ingress": "Egress", "kubernetes-version": "version"}
"""Options that the AWS CLI adds to those of the API: `--ingress` in place of `--no-egress`, and what `--version` hides.
Sources: https://docs.aws.amazon.com/cli/latest/reference/ec2/delete-network-acl-entry.html
https://docs.aws.amazon.com/cli/latest/reference/eks/update-cluster-version.html"""

every_guide = pytest.mark.parametrize("check", sorted(GUIDES))


def test_every_check_has_a_guide_and_no_guide_is_left_over() -> None:
    assert set(GUIDES) == set(CHECKS)


@every_guide
def test_a_missing_way_has_its_reason(check: str) -> None:
    guide = GUIDES[check]
    assert guide.console.endswith(".")
    complete = all((guide.cli, guide.cloudformation, guide.terraform))
    assert complete != bool(guide.only), "`only` says why a way is missing, and nothing when none is"
    assert not guide.only or guide.only.endswith(".")


@every_guide
def test_steps_are_sentences_and_begin_in_the_console(check: str) -> None:
    guide = GUIDES[check]
    assert all(step.endswith(".") and len(step) <= 300 for step in guide.steps)
    assert len(guide.steps) != 1
    assert bool(guide.link) <= bool(guide.steps)
    assert not guide.link or re.fullmatch(r"https://console\.aws\.amazon\.com/[\w/#-]+", guide.link)


def test_what_only_root_can_do_has_its_steps() -> None:
    by_root = {check for check, guide in GUIDES.items() if "root" in guide.only.lower()}
    assert {check for check in by_root if not GUIDES[check].steps} == set()


def commands(text: str) -> Iterator[list[str]]:
    for line in text.replace("\\\n", " ").splitlines():
        yield shlex.split(line, comments=True)


def operation(words: list[str]) -> OperationModel:
    assert words[0] == "aws"
    service = MODELS.get_service_model(CLI_NAMES.get(words[1], words[1]))
    by_name = {xform_name(name, "-"): name for name in service.operation_names}
    return service.operation_model(by_name[words[2]])


@every_guide
def test_a_command_is_one_of_the_cli_with_its_options(check: str) -> None:
    for words in filter(None, commands(GUIDES[check].cli)):
        called = operation(words)
        members = called.input_shape.members if called.input_shape else {}
        known = {xform_name(name, "-"): name for name in members}
        known |= {option: name for option, name in CLI_OPTIONS.items() if name in members}
        given = {word.removeprefix("--") for word in words[3:] if re.fullmatch(r"--[a-z][a-z0-9-]*", word)}
        named = {known.get(option) or known.get(option.removeprefix("no-")) for option in given - GLOBAL_OPTIONS}
        assert None not in named, f"{words[1:3]} takes {sorted(known)}, not {sorted(given)}"
        required = set(called.input_shape.required_members if called.input_shape else ())
        assert required <= named, f"{words[1:3]} wants {sorted(required - named)}"


def test_cloudformation_examples_fit_the_schemas() -> None:
    resources = {
        f"{''.join(map(str.title, re.findall(r'[a-z0-9]+', check)))}{number}": resource
        for check, guide in GUIDES.items()
        for number, resource in enumerate(yaml.safe_load_all(guide.cloudformation))
    }
    template = yaml.safe_dump({"Resources": resources})
    rules = cfnlint.api.ManualArgs(regions=["us-east-1"])
    found = cfnlint.api.lint(template, config=rules)
    about = {"E3001", "E3002", "E3006", "E3012", "E3030"}  # an example need not be whole: what is there must be right
    assert [str(match) for match in found if match.rule.id in about] == []


@every_guide
def test_a_terraform_example_is_a_resource_of_the_aws_provider(check: str) -> None:
    if not GUIDES[check].terraform:
        return
    parsed = hcl2.loads(GUIDES[check].terraform + "\n")
    kinds = [kind.strip('"') for block in parsed["resource"] for kind in block]
    assert kinds
    assert all(kind.startswith("aws_") for kind in kinds)
