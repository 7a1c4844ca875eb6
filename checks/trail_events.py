"""Events as CloudTrail writes them: samples of what somebody should hear of, and of what happens every day.

Fields: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
Sign-ins: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Event: TypeAlias = Mapping[str, Any]

ACCOUNT = "111122223333"
USER = {
    "type": "IAMUser",
    "principalId": "AIDACKCEVSQ6C2EXAMPLE",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/dan",
    "accountId": ACCOUNT,
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "userName": "dan",
}
ROOT = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}


def call(source: str, name: str, *, reads: bool = False, **more: Any) -> Event:
    """An API call that a user made."""
    event = {
        "eventVersion": "1.11",
        "userIdentity": USER,
        "eventTime": "2026-03-02T12:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "aws-cli/2.31.0",
        "requestParameters": {},
        "responseElements": None,
        "requestID": "b3d9f5a2-5c5e-4d0f-9d5c-1f4b3f0e7a11",
        "eventID": "0f6f9d0e-7c1b-4f6a-8a55-6f1c2d3e4b5a",
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return event | more


def calls(source: str, *names: str) -> dict[str, Event]:
    """Calls of one service by their names."""
    return {name: call(source, name) for name in names}


def sign_in(*, mfa: bool, **more: Any) -> Event:
    """A sign-in to the console, which succeeds."""
    event: dict[str, Any] = {
        "eventType": "AwsConsoleSignIn",
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"LoginTo": "https://console.aws.amazon.com/", "MFAUsed": "Yes" if mfa else "No"},
    }
    return call("signin", "ConsoleLogin", **event | more)
