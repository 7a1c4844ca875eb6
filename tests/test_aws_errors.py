"""What AWS says when it refuses: what to do about it, and never what was signed."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from bot.aws_errors import CallError

SIGNED = "The Canonical String for this request should have been 'POST / x-amz-security-token:FwoGZXIvYXdzEXAMPLE'"


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "code",
    ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "IncompleteSignatureException"],
)
def test_what_was_signed_is_never_shown(code: str, status: int) -> None:
    answer = {"Error": {"Code": code, "Message": SIGNED}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = CallError("kms:ListKeys", "eu-west-1", ClientError(answer, "ListKeys"))  # type: ignore[arg-type]
    assert str(error) == (
        f"kms:ListKeys was refused in eu-west-1 ({code}): wrong credentials, or the region is not enabled"
    )
    assert not error.denied
