"""Settings: what is wrong is refused with its name and what is allowed; secrets stay secret."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings import BadSettings, FixMode, Late, Settings, load, needed_to_run, variable
from checks.kit import AnyCheck, Check, Collector, Practice, Severity, Verdict

FIELDS = list(Settings.model_fields)


def write(tmp_path: Path, toml: str) -> None:
    (tmp_path / "aws-sec.toml").write_text(toml)


def asked_by(judge: Callable[..., Verdict]) -> AnyCheck:
    nothing: Collector[Any] = Collector((), lambda _: iter(()), "arn")
    return Check(
        f"t.{judge.__name__}", "t", "why", "how", "page", Practice.ENCRYPTION, Severity.LOW, nothing, (), judge
    )


def refusal(**overrides: Any) -> str:
    with pytest.raises(BadSettings) as caught:
        load(**overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("AWS_SEC_CHANNEL", "#security", "must be a channel's id, as C012AB3CD"),
        ("AWS_SEC_APPROVALS_CHANNEL", "security", "must be a channel's id"),
        ("AWS_SEC_DIGEST_CHANNEL", "c012ab3cd", "must be a channel's id"),
        ("AWS_SEC_APPROVERS", '["@ben"]', "must be the id of a user (U012AB3CD) or user group (S012AB3CD)"),
        ("AWS_SEC_REQUESTERS", '["U012AB3CD", ""]', "must be the id of a user"),
        ("AWS_SEC_VIEWERS", '["everybody"]', "must be the id of a user"),
        ("AWS_SEC_APPROVERS", "U012AB3CD", 'must be JSON, as in ["one", "two"]'),
        ("AWS_SEC_APPROVERS", '"U012AB3CD"', "should be a valid list"),
        ("AWS_SEC_REGIONS", '["Ireland"]', "must be a region's name, as eu-west-1"),
        ("AWS_SEC_REGIONS", "eu-west-1", "must be JSON"),
        ("AWS_SEC_ROLE_ARN", "aws-sec", "must be a role's ARN, as arn:aws:iam::123456789012:role/aws-sec"),
        ("AWS_SEC_FIX_ROLE_ARN", "arn:aws:iam::123456789012:user/ana", "must be a role's ARN"),
        ("AWS_SEC_FIX_ACCOUNTS", "[123456789012]", "should be a valid string"),
        ("AWS_SEC_FIX_ACCOUNTS", '["1234"]', "must be an account's id, twelve digits"),
        ("AWS_SEC_FIX_MODE", "yes", "'off', 'dry-run' or 'on'"),
        ("AWS_SEC_FIX_MODE", "on", "AWS_SEC_FIX_ROLE_ARN is needed when AWS_SEC_FIX_MODE is on"),
        ("AWS_SEC_PROTECTED_TAGS", '["=true"]', "must be a tag's key, or key=value"),
        ("AWS_SEC_PROTECTED_TAGS", "do-not-touch", "must be JSON"),
        ("AWS_SEC_FIXES_PER_HOUR", "0", "greater than or equal to 1"),
        ("AWS_SEC_REQUEST_HOURS", "337", "less than or equal to 336"),
        ("AWS_SEC_REQUEST_HOURS", "a day", "valid integer"),
        ("AWS_SEC_SCAN_HOURS", "169", "less than or equal to 168"),
        ("AWS_SEC_SCAN_MINUTES", "-1", "greater than or equal to 1"),
        ("AWS_SEC_STALE_MINUTES", "1.5", "valid integer"),
        ("AWS_SEC_DIGEST_TIME", "25:00", "valid time"),
        ("AWS_SEC_DIGEST_TIME", "09:00+02:00", "its zone is AWS_SEC_TIMEZONE's"),
        ("AWS_SEC_TIMEZONE", "Mars/Olympus", "use a name such as Europe/London"),
        ("AWS_SEC_TIMEZONE", "../../etc/passwd", "use a name such as Europe/London"),
        ("AWS_SEC_DIGEST_LATE", "never", "'send' or 'skip'"),
        ("AWS_SEC_DIGEST_WHEN_QUIET", "silence", "'line' or 'none'"),
        ("AWS_SEC_DIGEST_WEEKLY", "Mon", "'monday', 'tuesday'"),
        ("AWS_SEC_DIGESTS", "C012AB3CD", 'must be JSON, as in [{"channel": "C012AB3CD", "owner": "team-a"}]'),
        ("AWS_SEC_DIGESTS", '[{"channel": "C012AB3CD"}]', "[0]: name accounts, an owner, or both"),
        ("AWS_SEC_DIGESTS", '[{"channel": "#team", "owner": "a"}]', "[0][channel]: must be a channel's id"),
        ("AWS_SEC_DIGESTS", '[{"channel": "", "owner": "a"}]', "[0][channel]: "),
        ("AWS_SEC_DIGESTS", '[{"channel": "C012AB3CD", "accounts": ["1"]}]', "must be an account's id, twelve digits"),
        ("AWS_SEC_DIGESTS", '[{"channel": "C012AB3CD", "owner": ""}]', "must be the value of an owner's tag"),
        ("AWS_SEC_DIGESTS", '[{"channel": "C012AB3CD", "owner": "a", "time": "09:00Z"}]', "its zone is AWS_SEC_TIME"),
        ("AWS_SEC_DIGESTS", '[{"channel": "C012AB3CD", "owner": "a", "off": ["sun"]}]', "'saturday' or 'sunday'"),
        ("AWS_SEC_DIGESTS", json.dumps([{"channel": "C012AB3CD", "owner": "a"}] * 2), "has two digests of the same"),
        ("AWS_SEC_OWNERS", '{"team-a": "@ana"}', "must be the id of a user, as U012AB3CD"),
        ("AWS_SEC_OWNERS", '{"team-a": "S012AB3CD"}', "must be the id of a user, as U012AB3CD"),
        ("AWS_SEC_OWNERS", "team-a", 'must be JSON, as in {"team-a": "U012AB3CD"}'),
        ("AWS_SEC_THRESHOLDS", "[]", "should be a valid dictionary"),
        ("AWS_SEC_THRESHOLDS", "90", "should be a valid dictionary"),
        ("AWS_SEC_THRESHOLDS", "days=90", 'must be JSON, as in {"check": {"parameter": 1}}'),
        ("AWS_SEC_SKIP_CHECKS", "s3.a", "must be JSON"),
        ("AWS_SEC_FREEZES", "[{}]", "required"),
        ("AWS_SEC_AUDIT_BUCKET", "s3://logs", "must be a bucket's name, or bucket/prefix"),
        ("AWS_SEC_AUDIT_BUCKET", "logs/", "must be a bucket's name, or bucket/prefix"),
        ("SLACK_API_URL", "slack.com/api", "must be an address that begins with http(s):// and ends with /"),
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "http", "valid integer"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_name_and_what_is_allowed(
    name: str, value: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    said = refusal()
    assert name in said
    assert allowed in said


def test_without_a_digest_on_quiet_days_there_is_a_weekly_one() -> None:
    said = refusal(digest_when_quiet="none", digest_weekly="off")
    assert "AWS_SEC_DIGEST_WEEKLY must be a weekday when AWS_SEC_DIGEST_WHEN_QUIET is none" in said


FREEZE = {"from": "2026-12-20T00:00:00Z", "until": "2027-01-02T00:00:00Z", "reason": "Christmas"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"until": "2026-12-01T00:00:00Z"}, "AWS_SEC_FREEZES[0]: until must be later than from"),
        ({"from": "soon"}, "AWS_SEC_FREEZES[0][from]: "),
        ({"untill": "x"}, "freezes.0.untill in aws-sec.toml is not a setting"),
    ],
)
def test_a_wrong_freeze(change: dict[str, str], said: str, tmp_path: Path) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in (FREEZE | change).items()]
    write(tmp_path, "\n".join(["[[freezes]]", *lines]))
    assert said in refusal()


def test_a_freeze_without_a_zone_is_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_FREEZES", json.dumps([FREEZE | {"from": "2026-12-20T00:00:00"}]))
    (freeze,) = load().freezes
    assert freeze.start == datetime(2026, 12, 20, tzinfo=UTC)


def test_several_wrong_values_are_all_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_SCAN_HOURS", "0")
    monkeypatch.setenv("AWS_SEC_TIMEZONE", "Mars")
    said = refusal()
    assert "AWS_SEC_SCAN_HOURS: " in said
    assert "AWS_SEC_TIMEZONE: " in said


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AWS_SEC_PROTECTED_TAG", "did you mean AWS_SEC_PROTECTED_TAGS?"),
        ("AWS_SEC_FIXMODE", "did you mean AWS_SEC_FIX_MODE?"),
        ("AWS_SEC_SLACK_BOT_TOKEN", "did you mean SLACK_BOT_TOKEN?"),
        ("aws_sec_chanel", "did you mean AWS_SEC_CHANNEL?"),
        ("AWS_SEC_QQQQ", "AWS_SEC_QQQQ is not a setting"),
    ],
)
def test_a_mistyped_variable_is_refused_not_ignored(name: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "value-not-to-be-seen")
    said = refusal()
    assert said.startswith(f"{name} is not a setting")
    assert meant in said
    assert "not-to-be-seen" not in said


def test_what_kubernetes_sets_for_a_service_of_this_name_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_3000_TCP", "PORT_3000_TCP_ADDR"):
        monkeypatch.setenv(f"AWS_SEC_{name}", "10.0.0.11")
    assert load().port == 3000


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("aprovers = []", "aprovers in aws-sec.toml is not a setting: did you mean approvers?"),
        ("[[[", "aws-sec.toml is not valid TOML"),
        ('scan_hours = "often"', "AWS_SEC_SCAN_HOURS: Input should be a valid integer"),
        ('regions = "eu-west-1"', "AWS_SEC_REGIONS: Input should be a valid list"),
    ],
)
def test_a_wrong_file(toml: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, toml)
    assert refusal().startswith(said)


def test_old_keys_are_secrets_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_AUDIT_OLD_KEYS", '["not-to-be-seen", "nor-this"]')
    assert "AWS_SEC_AUDIT_KEY is needed" in refusal()
    monkeypatch.setenv("AWS_SEC_AUDIT_KEY", "the-new-one")
    settings = load()
    assert settings.audit_keys == ["the-new-one", "not-to-be-seen", "nor-this"]
    for text in (str(settings), repr(settings), repr(settings.model_dump()), settings.model_dump_json()):
        assert not [key for key in settings.audit_keys if key in text]


@pytest.mark.parametrize("field", [f for f in FIELDS if Settings.model_fields[f].annotation is SecretStr])
def test_a_secret_is_in_no_text_and_no_repr(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable(field), "not-to-be-seen")
    settings = load()
    assert getattr(settings, field).get_secret_value() == "not-to-be-seen"
    for text in (str(settings), repr(settings), repr(settings.model_dump()), settings.model_dump_json()):
        assert "not-to-be-seen" not in text


def test_the_tokens_and_keys_are_secrets() -> None:
    for field in FIELDS:
        if field.endswith(("_token", "_secret", "_key", "_old_keys")):
            assert "Secret" in str(Settings.model_fields[field].annotation)


@pytest.mark.parametrize("field", FIELDS)
def test_a_token_in_the_wrong_place_is_not_repeated(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable(field), "xoxb-not-to-be-seen")
    monkeypatch.setenv("AWS_SEC_SCAN_HOURS", "0")
    assert "not-to-be-seen" not in refusal()


def test_a_token_of_the_wrong_type_in_the_file_is_not_repeated(tmp_path: Path) -> None:
    write(tmp_path, 'slack_bot_token = ["xoxb-not-to-be-seen"]')
    said = refusal()
    assert said.startswith("SLACK_BOT_TOKEN: ")
    assert "not-to-be-seen" not in said


def test_every_setting_can_be_in_the_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        slack_bot_token = "xoxb-1"
        slack_api_url = "http://localhost:1/api/"
        port = 8080
        channel = "C01"
        approvers = ["U01", "S02"]
        database = "/var/lib/aws-sec.sqlite"
        regions = ["eu-west-1"]
        fix_mode = "on"
        fix_role_arn = "arn:aws:iam::123456789012:role/aws-sec-fix"
        digest_time = 07:30:00
        digest_late = "skip"
        protected_tags = ["keep", "env=production"]

        [thresholds."iam_users.access_key_is_rotated"]
        days = 30

        [[freezes]]
        from = 2026-12-20T00:00:00Z
        until = 2027-01-02T00:00:00Z
        reason = "Christmas"
        """,
    )
    settings = load()
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"
    assert (settings.port, settings.channel, settings.approvers) == (8080, "C01", ["U01", "S02"])
    assert (settings.fix_mode, settings.digest_late) == (FixMode.ON, Late.SKIP)
    assert settings.digest_time == time(7, 30)
    assert settings.thresholds == {"iam_users.access_key_is_rotated": {"days": 30}}
    assert settings.freezes[0].reason == "Christmas"


def test_one_setting_reaches_every_check_that_asks_but_where_a_check_says_otherwise() -> None:
    def judge(_: object, *, customer_managed_key: bool = False, days: int = 90) -> Verdict:
        return f"{customer_managed_key} {days}"

    def other(_: object, *, trusted_accounts: tuple[str, ...] = (), days: int = 90) -> Verdict:
        return f"{trusted_accounts} {days}"

    asks, does_not = asked_by(judge), asked_by(other)
    assert load().thresholds_of(asks) == {}
    strict = load(customer_managed_keys=True, thresholds={asks.id: {"days": 30}})
    assert strict.thresholds_of(asks) == {"customer_managed_key": True, "days": 30}
    assert strict.thresholds_of(does_not) == {}
    family = load(own_accounts=["210987654321"], trusted_accounts=["345678901234"])
    assert family.thresholds_of(asks) == {}
    assert family.thresholds_of(does_not) == {"trusted_accounts": ("210987654321", "345678901234")}
    lenient = load(customer_managed_keys=True, thresholds={asks.id: {"customer_managed_key": False}})
    assert lenient.thresholds_of(asks) == {"customer_managed_key": False}


@pytest.mark.parametrize(
    ("toml", "name", "value", "field", "expected"),
    [
        ('channel = "CFILE"', "AWS_SEC_CHANNEL", "CENVIRONMENT", "channel", "CENVIRONMENT"),
        ('regions = ["eu-west-1", "eu-west-2"]', "AWS_SEC_REGIONS", '["us-east-1"]', "regions", ["us-east-1"]),
        ("port = 1", "PORT", "2", "port", 2),
        ('slack_api_url = "http://file/"', "SLACK_API_URL", "http://environment/", "slack_api_url", "http://environment/"),
    ],
)  # fmt: skip
def test_the_environment_wins_over_the_file(
    toml: str, name: str, value: str, field: str, expected: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, toml)
    monkeypatch.setenv(name, value)
    assert getattr(load(), field) == expected


def test_an_empty_variable_sets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 'channel = "CFILE"')
    for field in FIELDS:
        monkeypatch.setenv(variable(field), "")
    emptied = load()
    for field in FIELDS:
        monkeypatch.delenv(variable(field))
    assert emptied == load()
    assert emptied.channel == "CFILE"


def test_nothing_needs_to_be_set_to_look_around() -> None:
    settings = load()
    assert settings.fix_mode is FixMode.DRY_RUN
    assert settings.database == Path("aws-sec.sqlite")
    assert not [name for name in os.environ if name.startswith("AWS_SEC_")]


def test_the_bot_names_all_that_it_cannot_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSettings) as caught:
        needed_to_run(load())
    assert str(caught.value) == (
        "set SLACK_BOT_TOKEN, AWS_SEC_CHANNEL, AWS_SEC_APPROVALS_CHANNEL, SLACK_APP_TOKEN (Socket Mode) or"
        " SLACK_SIGNING_SECRET (HTTP); `aws-sec doctor` tries each"
    )
    needed = {"SLACK_BOT_TOKEN": "xoxb-1", "AWS_SEC_CHANNEL": "C01", "AWS_SEC_APPROVALS_CHANNEL": "C02"}
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match="set SLACK_APP_TOKEN"):
        needed_to_run(load())
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "x")
    needed_to_run(load())


@pytest.mark.parametrize("field", FIELDS)
def test_every_setting_says_what_it_is_for(field: str) -> None:
    description = Settings.model_fields[field].description
    assert description
    assert description.endswith(".")
