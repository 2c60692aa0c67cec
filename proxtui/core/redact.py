"""Secrets taken out of text that is written to a file: the known ones by value, all others by their shape."""

from __future__ import annotations

from proxtui.pve.sanitize import HIDDEN, clean, without_shapes

__all__ = ["HIDDEN", "Redactor", "redact", "without_shapes"]

SHORTEST = 4
"""Shorter values are not searched for: hiding every ``a`` would tell more than it hides."""


class Redactor:
    """Knows the secrets of this run. ``str(redactor)`` tells none of them."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def hide(self, *secrets: str | None) -> None:
        """Take these values out of every text from now on."""
        self._secrets.update(secret for secret in secrets if secret and len(secret) >= SHORTEST)

    def __call__(self, text: str) -> str:
        """``text`` without secrets and without anything that a terminal obeys."""
        # The longest first: one secret may be the beginning of another.
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return clean(without_shapes(text), multiline=True, limit=65_536)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"


redact = Redactor()
"""The one of this process: what the prompt and the environment bring is hidden in log, crash report and audit alike."""
