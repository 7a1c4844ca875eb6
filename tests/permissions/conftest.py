"""ministack, a second emulator that evaluates IAM policies as AWS does; moto has most services, but not that.

It pins an older botocore, so it runs from a virtual environment of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest

from bot.cli.policies import documents
from bot.cli.roles import template
from bot.demo.processes import fetch, processes, wait_until
from tests.conftest import free_port, point_at

LOCK = Path(__file__).parents[2] / "requirements" / "ministack.txt"
ROOT = "123456789012"
"""The account; as an access key id, ministack takes it for the account's root user."""
EXTERNAL_ID = "another-text-of-your-own"
READ_ROLE, FIX_ROLE = (f"arn:aws:iam::{ROOT}:role/aws-sec-{use}" for use in ("read", "fix"))


@pytest.fixture(scope="module")
def ministack(pytestconfig: pytest.Config) -> Path:
    """The emulator's program, installed once and kept until its lock changes."""
    assert pytestconfig.cache is not None
    home = pytestconfig.cache.mkdir(f"ministack-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}")
    if not (home / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True)
        (home / "installed").touch()
    return home / "bin" / "ministack"


@pytest.fixture(scope="module")
def url(ministack: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """ministack with its policy engine on, on loopback."""
    folder, port = tmp_path_factory.mktemp("ministack"), free_port()
    switches = {"AUTH": "true", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
    env = {**os.environ, **switches, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    with processes(folder) as children:
        child = children.start("ministack", [str(ministack)], env=env, cwd=folder)
        wait_until(lambda: fetch(f"http://127.0.0.1:{port}/health") is not None, child, seconds=60, doing="starting")
        yield f"http://127.0.0.1:{port}"


def root_session() -> boto3.Session:
    """The root user, for setting the account up: no policy stands in its way."""
    return boto3.Session(ROOT, "root", region_name="us-east-1")


def identities(iam: Any) -> Mapping[str, str]:
    """The keys of the bot's user, who may only become one of its two roles; the write role may make every fix."""
    become = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    trust = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": become}
    iam.create_role(RoleName="aws-sec-read", AssumeRolePolicyDocument=as_text({"Statement": [trust]}))
    to_fix = template([], [{}])["Resources"]["Fix"]["Properties"]["AssumeRolePolicyDocument"]
    given = {"Host": ROOT, "FixExternalId": EXTERNAL_ID}
    iam.create_role(RoleName="aws-sec-fix", AssumeRolePolicyDocument=as_text(filled(to_fix, given)))
    attach(iam, "aws-sec-fix", documents(fixes=True))
    iam.create_user(UserName="aws-sec")
    assume = {"Statement": [{"Effect": "Allow", "Action": become, "Resource": [READ_ROLE, FIX_ROLE]}]}
    iam.put_user_policy(UserName="aws-sec", PolicyName="assume", PolicyDocument=as_text(assume))
    keys: Mapping[str, str] = iam.create_access_key(UserName="aws-sec")["AccessKey"]
    return keys


def filled(part: Any, given: Mapping[str, str]) -> Any:
    """Part of a CloudFormation template with its parameters."""
    if isinstance(part, dict):
        return given[part["Ref"]] if "Ref" in part else {key: filled(value, given) for key, value in part.items()}
    return [filled(one, given) for one in part] if isinstance(part, list) else part


def attach(iam: Any, role: str, policies: Sequence[Mapping[str, Any]]) -> None:
    """The policies as docs/permissions.md has them attached."""
    for number, policy in enumerate(policies, 1):
        made = iam.create_policy(PolicyName=f"{role}-{number}", PolicyDocument=as_text(policy))
        iam.attach_role_policy(RoleName=role, PolicyArn=made["Policy"]["Arn"])


def as_the_bot(monkeypatch: pytest.MonkeyPatch, url: str, keys: Mapping[str, str]) -> None:
    """The environment of whoever runs the bot."""
    point_at(monkeypatch, url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])


def as_text(policy: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", **policy})
