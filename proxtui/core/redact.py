"""Secrets taken out of text that is written to a file: the known ones by value, all others by their shape."""

from __future__ import annotations

import re

from proxtui.pve.sanitize import clean

HIDDEN = "***"
SHORTEST = 4
"""Shorter values are not searched for: hiding every ``a`` would tell more than it hides."""

_SHAPES: tuple[tuple[str, str], ...] = (
    (r"(PVEAPIToken=[^=\s\"']+=)[^\s\"',;]+", rf"\1{HIDDEN}"),
    (r"\bPVE(VNC|TFA|!tfa!)?:[^\s\"';,]*::?[A-Za-z0-9+/=%]{16,}", HIDDEN),
    (r"(?i)(PVE\w*AuthCookie=)[^\s\"';,]+", rf"\1{HIDDEN}"),
    (r"\b[0-9A-F]{8}:[A-Za-z0-9+/]{20,}=*", HIDDEN),
    (
        r"(?i)((?:password|passwd|secret|ticket|otp|csrfpreventiontoken)[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;}]+",
        rf"\1{HIDDEN}",
    ),
)


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


def without_shapes(text: str) -> str:
    """``text`` without what looks like a token, ticket or password, whoever's it is."""
    for shape, instead in _SHAPES:
        text = re.sub(shape, instead, text)
    return text


redact = Redactor()
"""The one of this process: what the prompt and the environment bring is hidden in log, crash report and audit alike."""
