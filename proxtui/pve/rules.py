"""What may go into a change, beyond names of nodes and storages; ``InputValidator`` has all of it."""

from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import urlsplit

from proxtui.errors import InvalidInput

T = TypeVar("T")

VOLID_RULE = "a volume as PVE names it, such as local:iso/debian.iso"
POOL_RULE = "a pool name: letters, digits, dots, hyphens and underscores, at most three levels joined by /"
SERVICE_RULE = "the name of a service: letters, digits, hyphens, underscores and @"
SID_RULE = "an HA resource: vm:100 or ct:200"
URL_RULE = "an http or https URL, without spaces"
SECRET_URL_RULE = "a URL without user and password: the task's log on the node would show them"  # noqa: S105
FILENAME_RULE = "a file name of at most 255 letters, digits and - . + = _, not beginning with a dot"
CONFIG_ID_RULE = "a name: a letter, then letters, digits, hyphens and underscores"

EXTENSIONS = {
    "iso": (".iso", ".img"),
    "vztmpl": (".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2"),
    "import": (".ova", ".qcow2", ".raw", ".vmdk"),
}
"""What a storage takes in, and how the names of such files end."""
CHECKSUM_LENGTHS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""Hexadecimal digits of each checksum."""

_VOLID = r"(?P<storage>[A-Za-z](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?):(?P<name>[^\s:/][^\s]*)"
# As PVE's own, but for names that would climb.
_LEVEL = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+"
_POOL = rf"{_LEVEL}(?:/{_LEVEL}){{0,2}}"
_SERVICE = r"[A-Za-z][A-Za-z0-9@_-]{0,63}"
_SID = r"(?:vm|ct):[1-9][0-9]{2,8}"
_FILENAME = r"[A-Za-z0-9+=_-][A-Za-z0-9.+=_-]{0,254}"
_CONFIG_ID = r"[A-Za-z][A-Za-z0-9_-]{1,127}"
_HEX = r"[0-9A-Fa-f]+"
_USERINFO = r"://[^/?#\s]*@"


class ChangeRules:
    """``validate_*`` answers yes or no; ``check_*`` gives the value back or raises ``InvalidInput``."""

    @staticmethod
    def validate_volid(volid: object) -> bool:
        return (
            isinstance(volid, str)
            and len(volid) <= 255
            and volid.isprintable()
            and re.fullmatch(_VOLID, volid) is not None
            and ".." not in volid.split(":", 1)[1].split("/")
        )

    @staticmethod
    def check_volid(volid: str, field: str = "volid", storage: str | None = None) -> str:
        """With ``storage``: one of that storage."""
        _checked(ChangeRules.validate_volid(volid), field, volid, VOLID_RULE)
        ours = storage is None or volid.partition(":")[0] == storage
        return _checked(ours, field, volid, f"a volume of storage {storage}")

    @staticmethod
    def validate_pool(poolid: object) -> bool:
        return isinstance(poolid, str) and len(poolid) <= 256 and re.fullmatch(_POOL, poolid) is not None

    @staticmethod
    def check_pool(poolid: str, field: str = "poolid") -> str:
        return _checked(ChangeRules.validate_pool(poolid), field, poolid, POOL_RULE)

    @staticmethod
    def validate_service(service: object) -> bool:
        return isinstance(service, str) and re.fullmatch(_SERVICE, service) is not None

    @staticmethod
    def check_service(service: str, field: str = "service") -> str:
        return _checked(ChangeRules.validate_service(service), field, service, SERVICE_RULE)

    @staticmethod
    def validate_sid(sid: object) -> bool:
        return isinstance(sid, str) and re.fullmatch(_SID, sid) is not None

    @staticmethod
    def check_sid(sid: str, field: str = "sid") -> str:
        return _checked(ChangeRules.validate_sid(sid), field, sid, SID_RULE)

    @staticmethod
    def validate_url(url: object) -> bool:
        """Credentials in it do not pass either."""
        return isinstance(url, str) and _is_url(url) and not re.search(_USERINFO, url)

    @staticmethod
    def check_url(url: str, field: str = "url") -> str:
        """What stands before the ``@`` of a refused one is not shown."""
        if re.search(_USERINFO, str(url)):
            raise InvalidInput(field, without_credentials(str(url)), SECRET_URL_RULE)
        return _checked(ChangeRules.validate_url(url), field, url, URL_RULE)

    @staticmethod
    def validate_filename(filename: object) -> bool:
        """PVE would replace every other character, and the file would lie there under another name."""
        return isinstance(filename, str) and re.fullmatch(_FILENAME, filename) is not None

    @staticmethod
    def check_filename(filename: str, content: str, field: str = "filename") -> str:
        """One that ends as files of this ``content`` (``iso``, ``vztmpl``, ``import``) do."""
        _checked(ChangeRules.validate_filename(filename), field, filename, FILENAME_RULE)
        endings = EXTENSIONS[content]
        fits = filename.lower().endswith(endings) and filename.lower() not in endings
        return _checked(fits, field, filename, f"a name that ends in {', '.join(endings)}, as {content} has it")

    @staticmethod
    def check_checksum(checksum: str, algorithm: str, field: str = "checksum") -> str:
        digits = CHECKSUM_LENGTHS[algorithm]
        good = len(checksum) == digits and re.fullmatch(_HEX, checksum) is not None
        return _checked(good, field, checksum, f"{digits} hexadecimal digits, as {algorithm} has them")

    @staticmethod
    def validate_config_id(name: object) -> bool:
        """The name of an HA group, a rule, a job."""
        return isinstance(name, str) and re.fullmatch(_CONFIG_ID, name) is not None


def without_credentials(text: str) -> str:
    """``text`` without what stands between ``://`` and ``@`` in a URL."""
    return re.sub(_USERINFO, "://***@", text)


def _is_url(url: str) -> bool:
    if len(url) > 4096 or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _checked(is_valid: bool, field: str, value: T, rule: str) -> T:
    if not is_valid:
        raise InvalidInput(field, value, rule)
    return value
