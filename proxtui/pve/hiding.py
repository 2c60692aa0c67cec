"""The secrets of a connection taken out of what its other side says: an error must not tell what the request held."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from typing import Any

HIDDEN = "***"
SHORTEST = 4
"""Shorter values are not searched for: hiding every ``a`` would tell more than it hides."""
SHORTEST_IN_BASE64 = 8
REMEMBERED = 12
"""Secrets of one connection: those it was made with, and the newest of its tickets."""
LONG = 65_536
"""Of a longer text only the parts around what cannot be spelled in another way are looked at closely."""
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_TOLD = frozenset({"t", "status", "exitstatus"})
"""What a task prints, and how it says that it ended."""


class Hiding:
    """Knows the secrets of one connection; ``hiding(text)`` is the text without them, however they are spelled:

    plain, in URLs, HTML and JSON, and in base64. ``str(hiding)`` tells none of them.
    """

    def __init__(self, *secrets: str | None) -> None:
        self._secrets: list[str] = []
        self._fixed = 0
        self.learn(*secrets)
        self._fixed = len(self._secrets)

    def learn(self, *secrets: str | None) -> None:
        """Hide these, too: a ticket that the login gave. Of many the oldest are forgotten."""
        new = [one for one in secrets if one and len(one) >= SHORTEST and one not in self._secrets]
        self._secrets += new
        while len(self._secrets) > max(REMEMBERED, self._fixed):
            del self._secrets[self._fixed]

    def __call__(self, text: str) -> str:
        # The longest first: one secret may be the beginning of another.
        for secret in sorted(self._secrets, key=len, reverse=True):
            if len(text) <= LONG or any(needle in text for needle in _needles(secret)):
                text = _spelled(secret).sub(HIDDEN, text)
        return text

    def told(self, data: Any) -> Any:
        """The answer about a task, about many or about the lines of a log, in which its own words are without them."""
        if isinstance(data, list):
            return [self.told(one) for one in data]
        if not isinstance(data, dict):
            return data
        return {key: self(one) if key in _TOLD and isinstance(one, str) else one for key, one in data.items()}

    def __repr__(self) -> str:
        return f"<Hiding of {len(self._secrets)} secrets>"


def _forms(char: str) -> str:
    """One character in every spelling that servers send back, as a pattern."""
    code, sent = ord(char), "".join(f"%(?:25)*{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    forms = [re.escape(char) if char.isalnum() else rf"\\?{re.escape(char)}", sent]
    forms += [f"&#0*{code};", f"&#x0*{code:x};", rf"\\u{code:04x}"]
    if char == " ":
        forms.append(r"\+")
    if char in _ENTITIES:
        forms.append(f"&{_ENTITIES[char]};")
    return f"(?:{'|'.join(forms)})"


def _cores(secret: str) -> list[str]:
    """What base64 makes of it at each of the three places where it may begin, without what its neighbours decide."""
    data = secret.encode("utf-8", "surrogatepass")
    if len(data) < SHORTEST_IN_BASE64:
        return []
    cores = []
    for before, first in ((0, 0), (1, 2), (2, 3)):
        whole = b64encode(bytes(before) + data).decode()
        cores.append(whole[first : (before + len(data)) * 8 // 6])
    return cores


@lru_cache(maxsize=64)
def _spelled(secret: str) -> re.Pattern[str]:
    plain = "(?i:" + "".join(_forms(char) for char in secret) + ")"
    loose = ["".join({"+": "[+-]", "/": "[/_]"}.get(char, char) for char in core) for core in _cores(secret)]
    return re.compile("|".join([plain, *(f"{core}[A-Za-z0-9+/_-]*={{0,2}}" for core in loose)]))


@lru_cache(maxsize=64)
def _needles(secret: str) -> tuple[str, ...]:
    """Of which one is in every text that may hold it: letters and digits are the same in a URL."""
    longest = max(re.findall(r"[A-Za-z0-9]+", secret), key=len, default="")
    return (longest, *(max(re.findall(r"[A-Za-z0-9]+", core), key=len, default="") for core in _cores(secret)))
