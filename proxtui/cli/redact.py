"""The redactor of this process, where the command line looks for it."""

from __future__ import annotations

from proxtui.core.redact import HIDDEN, SHORTEST, Redactor, redact

__all__ = ["HIDDEN", "SHORTEST", "Redactor", "redact"]
