"""Findings as files for people and other tools, streamed: CSV, JSON, HTML, OCSF, ASFF and SARIF."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import checks as catalogue
from bot.store.findings import Finding
from bot.words import when
from checks.kit import AnyCheck, Severity

COLUMNS = (
    "id", "state", "severity", "practice", "check", "title", "account", "region", "resource", "name", "text",
    "owner", "first_seen", "opened_at", "last_seen", "resolved_at", "muted_until", "muted_by", "muted_reason",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run. https://owasp.org/www-community/attacks/CSV_Injection"""
OCSF_VERSION = "1.5.0"
OCSF_SEVERITY = {Severity.LOW: 2, Severity.MEDIUM: 3, Severity.HIGH: 4, Severity.CRITICAL: 5}
SARIF_LEVEL = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
SARIF_SCORE = {Severity.LOW: "2.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""What GitHub sorts by: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning"""


@dataclass(frozen=True)
class About:
    """What an export is about: the checks by id, and when it is made."""

    checks: Mapping[str, AnyCheck]
    now: datetime

    def title(self, finding: Finding) -> str:
        check = self.checks.get(finding.check_id)
        return check.title if check else finding.check_id

    def state(self, finding: Finding) -> str:
        return "muted" if finding.state == "open" and finding.muted(self.now) else finding.state


Format = Callable[[Iterable[Finding], About], Iterator[str]]


def as_csv(findings: Iterable[Finding], about: About) -> Iterator[str]:
    """A row for each, cells that a spreadsheet would run made text."""
    line = io.StringIO()
    writer = csv.writer(line)
    rows = (_row(finding, about) for finding in findings)
    for row in _after(COLUMNS, (row.values() for row in rows)):
        writer.writerow([_cell(str(value)) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def as_json(findings: Iterable[Finding], about: About) -> Iterator[str]:
    """An array of objects, one for each."""
    yield from _array(_row(finding, about) for finding in findings)


def as_html(findings: Iterable[Finding], about: About) -> Iterator[str]:
    """A page that needs nothing else, with a table."""
    columns = ("severity", "state", "check", "name", "text", "account", "region", "opened_at", "resource")
    yield (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>aws-sec findings</title><style>'
        "body{font:14px system-ui;margin:2rem}table{border-collapse:collapse;width:100%}"
        "td,th{border-bottom:1px solid #ddd;padding:.4rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
        f"</style><h1>Findings</h1><p>{html.escape(when(about.now))}</p><table><thead><tr>"
        + "".join(f"<th>{html.escape(column.replace('_', ' '))}</th>" for column in columns)
        + "</tr></thead><tbody>\n"
    )
    for finding in findings:
        row = _row(finding, about)
        yield f"<tr>{''.join(f'<td>{html.escape(str(row[column]))}</td>' for column in columns)}</tr>\n"
    yield "</tbody></table></html>\n"


def as_ocsf(findings: Iterable[Finding], about: About) -> Iterator[str]:
    """Compliance Findings of the Open Cybersecurity Schema Framework. https://schema.ocsf.io/1.5.0/classes/compliance_finding"""
    yield from _array(_ocsf(finding, about) for finding in findings)


def as_asff(findings: Iterable[Finding], about: About) -> Iterator[str]:
    """Findings as Security Hub's BatchImportFindings takes them.

    https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
    """
    yield from _array(_asff(finding, about) for finding in findings)


def as_sarif(findings: Iterable[Finding], about: About) -> Iterator[str]:
    """A SARIF log with one run. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""
    rules = [_rule(check) for check in about.checks.values()]
    driver = {"name": "aws-sec", "version": version("aws-sec"), "rules": rules}
    head = json.dumps({"tool": {"driver": driver}})[:-1]
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    yield f'{{"$schema": "{schema}", "version": "2.1.0", "runs": [{head}, "results": '
    yield from _array(_result(finding, about) for finding in findings)
    yield "}]}\n"


FORMATS: Mapping[str, Format] = {
    "csv": as_csv,
    "json": as_json,
    "html": as_html,
    "ocsf": as_ocsf,
    "asff": as_asff,
    "sarif": as_sarif,
}


def filename(kind: str, now: datetime) -> str:
    """What the file of a format is called: `aws-sec-2026-03-02.csv`, `aws-sec-2026-03-02.ocsf.json`."""
    ending = kind if kind in ("csv", "json", "html") else f"{kind}.json"
    return f"aws-sec-{now:%Y-%m-%d}.{ending}"


def _row(finding: Finding, about: About) -> dict[str, Any]:
    values = {name: getattr(finding, name) for name in COLUMNS if hasattr(finding, name)}
    values |= {
        "state": about.state(finding),
        "severity": Severity(finding.severity).word,
        "check": finding.check_id,
        "title": about.title(finding),
    }
    return {name: _plain(values[name]) for name in COLUMNS}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else value


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _after(first: Iterable[Any], rest: Iterable[Iterable[Any]]) -> Iterator[Iterable[Any]]:
    yield first
    yield from rest


def _array(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    before = "[\n"
    for item in items:
        yield before + json.dumps(item, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _partition(finding: Finding) -> str:
    parts = finding.resource.split(":")
    return parts[1] if len(parts) > 1 and parts[0] == "arn" else "aws"


def _ocsf(finding: Finding, about: About) -> dict[str, Any]:
    check = about.checks.get(finding.check_id)
    resolved = finding.state == "resolved"
    milliseconds = int((finding.resolved_at or finding.last_seen).timestamp() * 1000)
    activity = 3 if resolved else 1 if finding.first_seen == finding.last_seen else 2
    named = catalogue.references(finding.check_id) if check else {}
    controls = [f"{framework} {control}" for framework, ids in named.items() for control in ids]
    return {
        "activity_id": activity,
        "category_uid": 2,
        "class_uid": 2003,
        "type_uid": 200300 + activity,
        "time": milliseconds,
        "severity_id": OCSF_SEVERITY[Severity(finding.severity)],
        "severity": Severity(finding.severity).word.capitalize(),
        "status_id": 4 if resolved else 3 if finding.muted(about.now) else 1,
        "message": f"{finding.name} {finding.text}",
        "metadata": {
            "version": OCSF_VERSION,
            "profiles": ["cloud"],
            "product": {"name": "aws-sec", "vendor_name": "aws-sec", "version": version("aws-sec")},
        },
        "cloud": {"provider": "AWS", "region": finding.region, "account": {"uid": finding.account, "type_id": 10}},
        "finding_info": {
            "uid": f"aws-sec/{finding.account}/{finding.id}",
            "title": about.title(finding),
            "desc": check.why if check else "",
            "types": [finding.practice],
            "created_time": int(finding.first_seen.timestamp() * 1000),
            "first_seen_time": int(finding.first_seen.timestamp() * 1000),
            "last_seen_time": int(finding.last_seen.timestamp() * 1000),
        },
        "compliance": {
            "control": finding.check_id,
            "standards": sorted({*named}),
            "requirements": controls,
            "status_id": 1 if resolved else 3,
        },
        "remediation": {"desc": check.how, "references": [check.page]} if check else {"desc": "-"},
        "resources": [{
            "uid": finding.resource,
            "name": finding.name,
            "region": finding.region,
            "cloud_partition": _partition(finding),
            "type": finding.check_id.partition(".")[0],
        }],
    }  # fmt: skip


def _asff(finding: Finding, about: About) -> dict[str, Any]:
    check = about.checks.get(finding.check_id)
    product = (
        f"arn:{_partition(finding)}:securityhub:{finding.region}:{finding.account}:product/{finding.account}/default"
    )
    resolved = finding.state == "resolved"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"aws-sec/{finding.account}/{finding.id}",
        "ProductArn": product,
        "GeneratorId": f"aws-sec/{finding.check_id}",
        "AwsAccountId": finding.account,
        "Types": ["Software and Configuration Checks/AWS Security Best Practices"],
        "FirstObservedAt": finding.first_seen.isoformat(),
        "LastObservedAt": finding.last_seen.isoformat(),
        "CreatedAt": finding.first_seen.isoformat(),
        "UpdatedAt": (finding.resolved_at or finding.last_seen).isoformat(),
        "Severity": {"Label": "INFORMATIONAL" if resolved else Severity(finding.severity).name},
        "Title": about.title(finding)[:256],
        "Description": f"{finding.name} {finding.text}"[:1024],
        "Remediation": {"Recommendation": {"Text": check.how[:512], "Url": check.page}} if check else {},
        "ProductFields": {"aws-sec/practice": finding.practice},
        "Resources": [{
            "Type": "Other",
            "Id": finding.resource,
            "Partition": _partition(finding),
            "Region": finding.region,
        }],
        "Compliance": {"Status": "PASSED" if resolved else "FAILED"},
        "Workflow": {"Status": _workflow(finding, about)},
        "RecordState": "ARCHIVED" if resolved else "ACTIVE",
    }  # fmt: skip


def _workflow(finding: Finding, about: About) -> str:
    return {"resolved": "RESOLVED", "muted": "SUPPRESSED"}.get(about.state(finding), "NEW")


def _rule(check: AnyCheck) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.id.partition(".")[2],
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.why},
        "help": {"text": check.how},
        "helpUri": check.page,
        "defaultConfiguration": {"level": SARIF_LEVEL[check.severity]},
        "properties": {"security-severity": SARIF_SCORE[check.severity], "tags": ["security", check.practice.key]},
    }


def _result(finding: Finding, about: About) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.check_id,
        "level": SARIF_LEVEL[Severity(finding.severity)],
        "kind": "pass" if finding.state == "resolved" else "fail",
        "message": {"text": f"{finding.name} {finding.text}"},
        "locations": [{"logicalLocations": [{"name": finding.name, "fullyQualifiedName": finding.resource}]}],
        "partialFingerprints": {
            "finding/v1": f"{finding.check_id}/{finding.account}/{finding.region}/{finding.resource}"
        },
        "properties": {"account": finding.account, "region": finding.region, "practice": finding.practice},
    }
    if found["kind"] == "pass":
        found["level"] = "none"
    if about.state(finding) == "muted":
        found["suppressions"] = [{"kind": "external", "justification": finding.muted_reason or ""}]
    return found
