"""Exports: valid by the schemas that are published, whatever names are in them, and streamed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import jsonschema
import pytest
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from sarif_pydantic import Sarif

import checks
from bot.export import COLUMNS, FORMATS, OCSF_VERSION, About, filename
from bot.store import Store
from bot.store.findings import Filter, Finding
from checks.kit import Severity
from tests.slack.desk import FIXABLE, OTHER, found

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ABOUT = About(checks.load()[0], NOW)
FINDING = Finding(
    12, "123456789012", "eu-west-1", "s3.bucket_refuses_plain_http", "arn:aws:s3:::northwind-exports",
    "northwind-exports", "accepts plain HTTP", Severity.MEDIUM, "encryption", "open", NOW - timedelta(days=9),
    NOW - timedelta(days=3), NOW - timedelta(hours=1), None, None, None, None,
)  # fmt: skip
MUTED = replace(FINDING, id=13, muted_until=NOW + timedelta(days=1), muted_by="T1/UANA", muted_reason="a website")
RESOLVED = replace(FINDING, id=14, state="resolved", resolved_at=NOW)
OF_A_CHECK_THAT_IS_GONE = replace(FINDING, id=15, check_id="old.check", resource="northwind")
ALL = [FINDING, MUTED, RESOLVED, OF_A_CHECK_THAT_IS_GONE]
HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["=1+1", "@SUM(A1)", "</td><script>x", '"', "\u202e", "🙂" * 40, "a,b\n"]
)


def written(kind: str, findings: list[Finding]) -> str:
    return "".join(FORMATS[kind](findings, ABOUT))


def rows(kind: str, findings: list[Finding]) -> Any:
    return json.loads(written(kind, findings))


@pytest.fixture(scope="module")
def ocsf() -> dict[str, Any]:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=OCSF_VERSION))
    return dict(schema.get_class_schema(class_name="compliance_finding", profiles=["cloud"]))


@pytest.mark.parametrize("finding", ALL, ids=lambda one: one.state + str(one.id))
def test_ocsf_fits_its_published_schema(finding: Finding, ocsf: dict[str, Any]) -> None:
    (event,) = rows("ocsf", [finding])
    jsonschema.Draft202012Validator(ocsf).validate(event)


def test_ocsf_says_what_became_of_it() -> None:
    events = rows("ocsf", ALL[:3])
    assert [event["status_id"] for event in events] == [1, 3, 4]
    assert [event["compliance"]["status_id"] for event in events] == [3, 3, 1]


def test_asff_is_what_security_hub_takes() -> None:
    service = botocore.session.get_session().get_service_model("securityhub")
    shape = service.operation_model("BatchImportFindings").input_shape
    assert shape is not None
    report = ParamValidator().validate({"Findings": rows("asff", ALL)}, shape)
    assert not report.has_errors(), report.generate_report()
    open_one, muted, resolved, _ = rows("asff", ALL)
    assert [one["Workflow"]["Status"] for one in (open_one, muted, resolved)] == ["NEW", "SUPPRESSED", "RESOLVED"]
    assert (open_one["RecordState"], resolved["RecordState"]) == ("ACTIVE", "ARCHIVED")
    assert open_one["ProductArn"] == "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default"


def test_sarif_fits_its_objects() -> None:
    log = Sarif.model_validate(rows("sarif", ALL))
    (run,) = log.runs
    results = run.results or []
    assert [result.rule_id for result in results] == [finding.check_id for finding in ALL]
    assert results[1].suppressions
    assert len(run.tool.driver.rules or []) == len(ABOUT.checks)


def test_csv_and_json_hold_the_same() -> None:
    table = list(csv.DictReader(io.StringIO(written("csv", ALL))))
    assert [*table[0]] == [*COLUMNS]
    assert [row["state"] for row in table] == ["open", "muted", "resolved", "open"]
    assert [{name: str(value) for name, value in row.items()} for row in rows("json", ALL)] == table


def test_nothing_found_is_a_valid_file_too() -> None:
    assert rows("json", []) == rows("ocsf", []) == rows("asff", []) == []
    assert rows("sarif", [])["runs"][0]["results"] == []
    assert written("csv", []).splitlines() == [",".join(COLUMNS)]
    assert "<tbody>" in written("html", [])


@settings(max_examples=50, deadline=None)
@given(HOSTILE, HOSTILE)
def test_hostile_names_stay_names(name: str, text: str) -> None:
    hostile = replace(FINDING, name=name, text=text, resource=f"arn:aws:s3:::{name}")
    assert rows("json", [hostile])[0]["name"] == name
    assert rows("sarif", [hostile])["runs"][0]["results"][0]["message"]["text"] == f"{name} {text}"
    (row,) = csv.DictReader(io.StringIO(written("csv", [hostile])))
    assert not row["name"].startswith(("=", "+", "-", "@"))
    page = written("html", [hostile])
    assert "<script" not in page
    assert page.count("<tr>") == 2


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_is_streamed(kind: str) -> None:
    asked = 0

    def endless() -> Iterator[Finding]:
        nonlocal asked
        while True:
            asked += 1
            yield replace(FINDING, id=asked)

    pieces = iter(FORMATS[kind](endless(), ABOUT))
    for _ in range(50):
        next(pieces)
    assert asked <= 50


def test_the_store_gives_every_finding_page_by_page(store: Store) -> None:
    found(store, *[(FIXABLE, f"bucket-{n}", "is open") for n in range(7)], (OTHER, "x", "has no trail"))
    everything = [*store.findings.each(Filter(), datetime.now(UTC), page=3)]
    assert len(everything) == 8
    assert len({finding.id for finding in everything}) == 8
    only = [*store.findings.each(Filter(check_id=OTHER.id), datetime.now(UTC), page=3)]
    assert [finding.name for finding in only] == ["x"]


@pytest.mark.parametrize(
    ("kind", "name"), [("csv", "aws-sec-2026-03-02.csv"), ("ocsf", "aws-sec-2026-03-02.ocsf.json")]
)
def test_what_a_file_is_called(kind: str, name: str) -> None:
    assert filename(kind, NOW) == name
