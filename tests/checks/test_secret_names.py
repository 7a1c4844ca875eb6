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
     "{{resolve:secretsmanager:db}}", "${DB_PASSWORD}", "https://auth.example/token", "ssm:/prod/db", "prod/shop/db"],
)  # fmt: skip
def test_values_that_are_no_secrets(value: str) -> None:
    assert secrets_among([("DB_PASSWORD", value)]) == []


@pytest.mark.parametrize(
    "value",
    ["postgres://shop:hunter2@db.example:5432/shop", "redis://:hunter2@cache.example:6379", "https://me:hunter2@git.example",
     "-----BEGIN RSA PRIVATE KEY-----\nMII", "-----BEGIN PRIVATE KEY-----\nMII"],
)  # fmt: skip
def test_values_that_are_secrets_whatever_the_name(value: str) -> None:
    assert secrets_among([("DATABASE_URL", value)]) == ["DATABASE_URL"]


@pytest.mark.parametrize(
    "value",
    ["postgres://shop@db.example/shop", "postgres://shop:${PASSWORD}@db.example/shop", "https://shop.example/a:b@c",
     "postgres://shop:<password>@db.example/shop", "https://shop.example:8080/me@x", "-----BEGIN PUBLIC KEY-----", "a:b@c"],
)  # fmt: skip
def test_values_that_hold_no_secret(value: str) -> None:
    assert secrets_among([("DATABASE_URL", value)]) == []


def test_a_key_with_slashes_is_no_path() -> None:
    assert secrets_among([("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")])


def test_the_first_are_named_and_the_rest_counted() -> None:
    assert in_words(["A"]) == "A"
    assert in_words(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"
