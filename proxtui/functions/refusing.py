"""What a function answers when it does not do what it was asked: ``{error, details}`` and the documented status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxtui.core.redact import redact
from proxtui.errors import (
    AuthenticationError,
    InvalidInput,
    NotFoundError,
    PermissionDenied,
    ProxtuiError,
    ReadOnlyError,
    UsageError,
    ValidationError,
    WrongKey,
)

_STATUS: tuple[tuple[type[ProxtuiError], int], ...] = (
    (UsageError, 400),
    (ValidationError, 400),
    (WrongKey, 401),
    (AuthenticationError, 401),
    (ReadOnlyError, 403),
    (PermissionDenied, 403),
    (NotFoundError, 404),
)
_EXIT_CODES = {400: 2, 401: 11, 403: 13, 404: 14, 500: 1}
_TOLD = {
    "stage": "stage",
    "endpoint": "endpoint",
    "errors": "errors",
    "acl_path": "aclPath",
    "privilege": "privilege",
    "field": "field",
    "rule": "rule",
    "status": "pveStatus",
    "certificate": "certificate",
}
"""What errors know beyond their line, and how ``details`` calls it."""
FIELDS = {
    "token_id": "apiToken",
    "token_secret": "apiToken",
    "timeout_ms": "connectionTimeout",
    "tailscale_hostname": "tailscaleHostname",
    "use_tailscale": "useTailscale",
    "fingerprints": "fingerprint",
    "is_active": "isActive",
    "colour": "primaryColor",
    "secondary_colour": "secondaryColor",
    "accent_colour": "accentColor",
    "logo_url": "logoUrl",
    "notification_email": "notificationEmail",
    "default_timeout_ms": "defaultConnectionTimeout",
    "health_check_ms": "autoHealthCheckInterval",
    "tenant": "tenantId",
}
"""Fields of ours that are called otherwise in the requests."""


class Locked(WrongKey):
    """The configuration is closed, and no key of it is at hand."""


class FunctionError(ProxtuiError):
    """A function refused or failed. ``status`` is 400, 401, 403, 404 or 500; ``document`` is ``{error, details}``."""

    def __init__(self, error: str, status: int, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(redact(error))
        self.status = status
        self.details = {"status": status} | dict(details or {})
        self.exit_code = _EXIT_CODES[status]

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"error": str(self), "details": self.details}


def status_of(error: ProxtuiError) -> int:
    """The documented HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def refusal_of(error: ProxtuiError) -> FunctionError:
    """The same error as a function tells it."""
    if isinstance(error, FunctionError):
        return error
    line, told = str(error), {"kind": type(error).__name__}
    known = {name: getattr(error, attribute, None) for attribute, name in _TOLD.items()}
    details: dict[str, Any] = told | {name: value for name, value in known.items() if value}
    if isinstance(error, InvalidInput):
        details["field"] = FIELDS.get(error.field, error.field)
        line = f"{details['field']}: {error.rule}" if error.field in FIELDS else line
    found = FunctionError(line, status_of(error), details)
    if isinstance(error, PermissionDenied):
        found.exit_code = PermissionDenied.exit_code
    return found
