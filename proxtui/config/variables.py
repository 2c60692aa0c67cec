"""The variables that proxtui reads. Apart from what reads them, so that ``--help`` loads nothing else."""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """One variable that proxtui reads."""

    name: str
    meaning: str
    default: str = ""
    flag: str = ""
    """The flag that beats it; secrets have none, since a command line is readable by everybody."""


VARIABLES: tuple[Variable, ...] = (
    Variable("PROXMOX_HOST", "host name, address or URL of the server", flag="--host"),
    Variable("PROXMOX_PORT", "port of its API", "8006", "--port"),
    Variable("PROXMOX_USERNAME", "user, with or without @realm", flag="--username"),
    Variable("PROXMOX_REALM", "realm of the user", "pam", "--realm"),
    Variable("PROXMOX_PASSWORD", "password; asked for when there is neither one nor a token"),
    Variable("PROXMOX_TOKEN_ID", "API token, as ID or USER@REALM!ID", flag="--token-id"),
    Variable("PROXMOX_TOKEN_SECRET", "secret of the API token"),
    Variable(
        "PROXMOX_VERIFY_SSL",
        "false: do not check the certificate (API token only); does not undo a fingerprint or CA",
        "true",
    ),
    Variable("PROXMOX_FINGERPRINT", "SHA-256 of the certificate to trust; several with commas", flag="--fingerprint"),
    Variable("PROXMOX_CA_FILE", "PEM file of the authority to trust", flag="--ca-file"),
    Variable("PROXMOX_TIMEOUT", "deadline of a call in ms, 1000 to 600000", "30000"),
    Variable("PROXTUI_READ_ONLY", "true: refuse every change before it is sent", "false", "--read-only"),
    Variable("PROXTUI_ROLE", "admin, operator or viewer: which changes are offered and made", "admin"),
    Variable("PROXTUI_WRITE_MODE", "timed: change only while :write opened the lock; never: not at all", "always"),
    Variable("PROXTUI_ALLOWED_OPERATIONS", "changes that may be made, as in guests.start,tasks.*", "all"),
    Variable("PROXTUI_DENIED_OPERATIONS", "changes that may not be made, as in guests.delete"),
    Variable("PROXTUI_DRY_RUN", "true: show what a change would send, and send nothing", "false"),
    Variable("PROXTUI_SWEEP", "guests, backups, all: ask slowly for IP and OS, for backups, both", "off", "--sweep"),
    Variable("PROXTUI_DATABASE_URL", "postgresql://USER:PASSWORD@HOST/DATABASE for audit and metrics", "files"),
    Variable("PROXTUI_PASSPHRASE_FILE", "file with the passphrase of config.toml, mode 0400 or 0600"),
    Variable("PROXTUI_KEYFILE", "keyfile of config.toml, mode 0400 or 0600"),
    Variable("PROXTUI_PASSPHRASE_COMMAND", "command that prints the passphrase of config.toml"),
    Variable("PROXTUI_SLOT", "whose passphrase it is, where several have one"),
    Variable("PROXTUI_LOG", "file to log to"),
    Variable("NO_COLOR", "not empty: no colours"),
)
