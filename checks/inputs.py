"""What fixes have to be told, because no read of the account says it: whom to write to, which bucket to use.

A plan asks for one by a keyword-only parameter of its name, and gets what the settings say (`fix_inputs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checks.kit import NotApplicable


@dataclass(frozen=True)
class Input:
    """`form`: what a value looks like, all of it; empty ones are never handed to a plan."""

    about: str
    example: str
    form: str = r"\S.*"


BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
WEB_ACL = r"arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional/webacl/[\w-]+/[\w-]+"
ROLE = r"arn:aws[a-z-]*:iam::\d{12}:role/\S+"

INPUTS: Mapping[str, Input] = {
    "admin_addresses": Input(
        "ranges of IPv4 addresses, parted by commas, that you administer from",
        "198.51.100.0/24,203.0.113.7/32",
        r"\d[\d.]+/\d+(,\s*\d[\d.]+/\d+)*",
    ),
    "backup_tag": Input(
        "tag (key=value) by which a backup plan finds what it backs up", "backup=daily", r"[^=\s][^=]*=.+"
    ),
    "kms_key": Input(
        "ARN of the region's KMS key for what is to be encrypted with one of yours",
        "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+",
    ),
    "load_balancer_log_bucket": Input(
        "name of the region's bucket into which Elastic Load Balancing may write logs", "northwind-logs", BUCKET
    ),
    "security_contact_email": Input(
        "address that the whole security team reads", "security@example.com", r"[\w+=.#|!&-]+@[\w.-]+\.[\w]+"
    ),
    "security_contact_name": Input("person or team that AWS asks for", "Security team", r"\S.{0,63}"),
    "security_contact_phone": Input("number that AWS calls", "+44 20 7946 0000", r"[\s0-9()+-]{1,25}"),
    "security_contact_title": Input("title of that person or team", "On call", r"\S.{0,49}"),
    "trail_bucket": Input("name of the bucket that takes a new trail's log files", "all-trails", BUCKET),
    "trail_log_group": Input("name of the log group, in a trail's home region, that takes its events", "trails"),
    "trail_log_role": Input(
        "ARN of the role with which CloudTrail writes there", "arn:aws:iam::123456789012:role/trail-logs", ROLE
    ),
    "waf_log_group": Input(
        "ARN of the region's log group, its name begins with aws-waf-logs-, for requests that AWS WAF looks at",
        "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-northwind",
        r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:aws-waf-logs-[\w./#-]+",
    ),
    "web_acl": Input(
        "ARN of the region's web ACL that goes before load balancers, API stages and user pools",
        "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/northwind/00000000-0000-0000-0000-000000000001",
        WEB_ACL,
    ),
}
"""Forms of contacts: https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html"""


def must_be_in(region: str, arn: str) -> None:
    """Raises NotApplicable where what the settings name is in another region than what would use it."""
    there = arn.split(":")[3]
    if there != region:
        raise NotApplicable(f"the settings name {arn}, which is in {there}: name one of {region}, region by region")
