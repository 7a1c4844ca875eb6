"""What AWS and boto3 say when a call does not work, in words a person can act on."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)
from botocore.parsers import ResponseParserError

from bot.permissions import action
from checks.kit import Unknown

AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)
"""Everything boto3 raises for a call that did not work; ResponseParserError is not a BotoCoreError."""

DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
        "UnauthorizedException",
        "NotAuthorized",
        "Client.UnauthorizedOperation",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
# AWS's message to some of these repeats what was signed, the session token with it: it is never shown.
INVALID = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "AuthFailure",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
    }
)
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "BandwidthLimitExceeded",
    }
)
NO_CREDENTIALS = "no AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run with a role"


class CallError(Unknown):
    """An AWS call that did not work: which, where, and what to do about it."""

    def __init__(self, call: str, region: str, error: Exception) -> None:
        self.call, self.region, self.code, self.denied = (call, region, error_code(error), is_denied(error))
        self.answered = isinstance(error, ClientError)
        """Whether AWS answered at all: without an answer a write may have taken effect."""
        answer = error.response.get("ResponseMetadata", {}) if isinstance(error, ClientError) else {}
        self.request_id = str(answer.get("RequestId", ""))
        """AWS's number of the call, which CloudTrail has, too."""
        super().__init__(_sentence(call, region, error))


def error_code(error: Exception) -> str:
    """AWS's error code, or the class of an error that never got an answer."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        return str(error.response.get("Error", {}).get("Code") or status)
    return type(error).__name__


def is_denied(error: Exception) -> bool:
    """Whether AWS refused for want of a permission. Codes differ by service; HTTP 403 without a better code counts."""
    if not isinstance(error, ClientError):
        return False
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return code in DENIED or (status == 403 and code not in EXPIRED | INVALID | THROTTLED)


def _sentence(call: str, region: str, error: Exception) -> str:
    code = error_code(error)
    if is_denied(error):
        return f"{call} was denied in {region}: grant {action(call)}"
    if code in EXPIRED:
        return f"the AWS credentials have expired ({call} in {region}): renew them and try again"
    if code in INVALID:
        return f"{call} was refused in {region} ({code}): wrong credentials, or the region is not enabled"
    if code in THROTTLED:
        return f"{call} was throttled in {region}: it is read again at the next scan"
    return _other(call, region, error, code)


def _other(call: str, region: str, error: Exception, code: str) -> str:
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return NO_CREDENTIALS
    if isinstance(error, HTTPClientError | NoConnection):
        return f"{call} got no answer in {region} ({code}): check the network and that AWS offers the service there"
    if isinstance(error, ClientError) and not code.isdigit():
        return f"{call} failed in {region}: {code}: {error.response['Error'].get('Message', '')}"
    if isinstance(error, ClientError | ResponseParserError):
        return f"{call} got an answer in {region} that is not AWS's: the endpoint may not know this operation"
    return f"{call} failed in {region}: {error}"
