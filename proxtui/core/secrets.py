"""Which values of a configuration are secret, wherever they stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proxtui.config.secret import Secret

SECRET_NAMES = frozenset({"password", "token_secret", "key_passphrase", "database_url"})
"""As ``proxtui.config.vault.contents.SECRETS``, which takes the cryptography with it."""


def secrets_in(name: str, value: Any) -> Iterator[str]:
    """The secret texts of a value that is called so: a single one, or those within a table."""
    if isinstance(value, Secret):
        yield value.get_secret_value()
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from secrets_in(str(key), held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from secrets_in(name, held)
    elif isinstance(value, str) and name in SECRET_NAMES:
        yield value
