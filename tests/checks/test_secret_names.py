"""Which names of variables are those of secrets, and which values only say where one is."""

from __future__ import annotations

import pytest

from checks.secret_names import in_words, secrets_among


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "PGPASSWORD_PWD", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "GITHUB_TOKEN", "clientSecret",
     "STRIPE_API_KEY", "apiKey", "SIGNING-KEY", "ECS_ENGINE_AUTH_DATA", "password", "spring.datasource.password"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert secrets_among([(name, "hunter2")]) == [name]


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD_ARN", "SECRET_NAME", "TOKEN_TTL", "PASSWORD_MIN_LENGTH", "STAGE", "KEY", "PUBLIC_KEY", "PRIMARY_KEY",
     "TOKENIZER", "SECRETARY", "DB_USER"],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert secrets_among([(name, "hunter2")]) == []


@pytest.mark.parametrize(
    "value",
    ["", "true", "3600", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db", "/prod/db/password",
     "{{resolve:secretsmanager:db}}", "${DB_PASSWORD}", "https://auth.example/token", "ssm:/prod/db"],
)  # fmt: skip
def test_values_that_are_no_secrets(value: str) -> None:
    assert secrets_among([("DB_PASSWORD", value)]) == []


def test_the_first_are_named_and_the_rest_counted() -> None:
    assert in_words(["A"]) == "A"
    assert in_words(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"
