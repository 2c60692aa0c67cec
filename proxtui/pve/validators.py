"""What may go into a path or a parameter; asked before anything is sent."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import TypeVar

from proxtui.errors import InvalidInput
from proxtui.pve.rules import ChangeRules

_NODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_STORAGE = re.compile(r"[A-Za-z](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_CLEANED = re.compile("[\u2400-\u2421\ufffd]")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

T = TypeVar("T")

VMID_RULE = "a whole number from 100 to 999999999"
NODE_RULE = "a node name: letters, digits and hyphens, 63 at most, no hyphen at either end"
HOSTNAME_RULE = "a host name: labels of letters, digits and hyphens, joined by dots"
STORAGE_RULE = "a storage name: a letter, then letters, digits, dots, hyphens and underscores"
TEXT_RULE = "text without control, format or direction characters"
IP_RULE = "an IPv4 or IPv6 address"
PORT_RULE = "a port from 1 to 65535"
MEMORY_RULE = "a whole number of MiB from 16 to 8388608"
CORES_RULE = "a whole number from 1 to 128"


class InputValidator(ChangeRules):
    """``validate_*`` answers yes or no; ``check_*`` gives the value back or raises ``InvalidInput``."""

    @staticmethod
    def validate_vmid(vmid: object) -> bool:
        """100 to 999999999. True and False are not VMIDs."""
        return _within(vmid, 100, 999_999_999)

    @staticmethod
    def check_vmid(vmid: int, field: str = "vmid") -> int:
        return _checked(InputValidator.validate_vmid(vmid), field, vmid, VMID_RULE)

    @staticmethod
    def validate_node_name(name: object) -> bool:
        return isinstance(name, str) and _NODE.fullmatch(name) is not None

    @staticmethod
    def check_node_name(name: str, field: str = "node") -> str:
        return _checked(InputValidator.validate_node_name(name), field, name, NODE_RULE)

    @staticmethod
    def validate_hostname(hostname: object) -> bool:
        """One label or a full domain name, 253 characters at most."""
        return (
            isinstance(hostname, str)
            and len(hostname) <= 253
            and all(_NODE.fullmatch(label) for label in hostname.split("."))
        )

    @staticmethod
    def check_hostname(hostname: str, field: str = "hostname") -> str:
        return _checked(InputValidator.validate_hostname(hostname), field, hostname, HOSTNAME_RULE)

    @staticmethod
    def validate_storage_name(name: object) -> bool:
        return isinstance(name, str) and _STORAGE.fullmatch(name) is not None

    @staticmethod
    def check_storage_name(name: str, field: str = "storage") -> str:
        return _checked(InputValidator.validate_storage_name(name), field, name, STORAGE_RULE)

    @staticmethod
    def sanitize_string(text: str) -> str:
        """``text`` without its control, C1, format, direction, private and unassigned characters."""
        return "".join(char for char in text if unicodedata.category(char) not in _UNSEEN)

    @staticmethod
    def check_string(text: str, field: str = "text") -> str:
        return _checked(_is_plain(text), field, text, TEXT_RULE)

    @staticmethod
    def validate_ip_address(ip: object) -> bool:
        """IPv4 or IPv6, also shortened (``::1``); no brackets, no zone."""
        if not isinstance(ip, str) or "%" in ip:
            return False
        try:
            ipaddress.ip_address(ip)
        except ValueError:
            return False
        return True

    @staticmethod
    def check_ip_address(ip: str, field: str = "ip") -> str:
        return _checked(InputValidator.validate_ip_address(ip), field, ip, IP_RULE)

    @staticmethod
    def validate_port(port: object) -> bool:
        return _within(port, 1, 65_535)

    @staticmethod
    def check_port(port: int, field: str = "port") -> int:
        return _checked(InputValidator.validate_port(port), field, port, PORT_RULE)

    @staticmethod
    def validate_memory(memory: object) -> bool:
        """In MiB."""
        return _within(memory, 16, 8_388_608)

    @staticmethod
    def check_memory(memory: int, field: str = "memory") -> int:
        return _checked(InputValidator.validate_memory(memory), field, memory, MEMORY_RULE)

    @staticmethod
    def validate_cores(cores: object) -> bool:
        return _within(cores, 1, 128)

    @staticmethod
    def check_cores(cores: int, field: str = "cores") -> int:
        return _checked(InputValidator.validate_cores(cores), field, cores, CORES_RULE)


def is_identifier(text: str) -> bool:
    """Whether ``text`` can be the name of a task or volume, as PVE wrote it.

    Names go into URLs and audits. One that cannot be printed is refused; so is one that carries the signs of having
    been cleaned, because it is the name of nothing any more.
    """
    return len(text) <= 1024 and text.isprintable() and _CLEANED.search(text) is None


def check_whole(value: int, field: str, low: int, high: int) -> int:
    """A whole number of a parameter such as ``limit``; ``InvalidInput`` outside ``low`` and ``high``."""
    return _checked(_within(value, low, high), field, value, f"a whole number from {low} to {high}")


def check_choice(value: str, field: str, choices: tuple[str, ...]) -> str:
    """One of the words that PVE knows for a parameter; ``InvalidInput`` otherwise."""
    return _checked(value in choices, field, value, f"one of {', '.join(choices)}")


def _is_plain(text: object) -> bool:
    return isinstance(text, str) and InputValidator.sanitize_string(text) == text


def _within(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _checked(is_valid: bool, field: str, value: T, rule: str) -> T:
    if not is_valid:
        raise InvalidInput(field, value, rule)
    return value
