"""The vault: ``config.toml`` with encrypted values, opened by key slots. Loads cryptography, so import it when needed.

``unlocking`` creates and opens one, ``opened.OpenVault`` is an open one; ``docs/configuration.md`` tells the format.
"""
