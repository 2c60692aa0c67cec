"""What PVE's own schema says of a request: does the call exist, and would each parameter pass?"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

REFERENCE = Path(os.environ.get("PVE_REFERENCE") or Path(__file__).resolve().parents[3] / "shared" / "pve")
VERSIONS = ("8.4", "9.2")
needs_schema = pytest.mark.skipif(
    not all((REFERENCE / f"schema-{version}.json").is_file() for version in VERSIONS),
    reason="no schema of PVE: set PVE_REFERENCE to the directory with schema-8.4.json and schema-9.2.json",
)

Property = Mapping[str, Any]
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_STORAGE = r"[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]"
_ID = r"[A-Za-z][A-Za-z0-9_-]+"
FORMATS = {
    "pve-node": _LABEL,
    "pve-vmid": r"[1-9][0-9]{2,8}",
    "pve-vmid-list": r"[1-9][0-9]{2,8}(?:[;, ][1-9][0-9]{2,8})*",
    "dns-name": rf"{_LABEL}(?:\.{_LABEL})*",
    "pve-configid": _ID,
    "pve-configid-list": rf"{_ID}(?:[;, ]{_ID})*",
    "pve-storage-id": _STORAGE,
    "pve-poolid": r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+){0,2}",
    "pve-tag-list": r"[A-Za-z0-9_][A-Za-z0-9_+.-]*(?:[;, ][A-Za-z0-9_][A-Za-z0-9_+.-]*)*",
    "storage-pair-list": rf"1|{_STORAGE}(?::{_STORAGE})?(?:,{_STORAGE}(?::{_STORAGE})?)*",
    "urlencoded": r"[-%A-Za-z0-9_.!~*'()]*",
}


class PveSchema:
    """The schema of one version: ``PveSchema("8.4").check("POST", "/nodes/pve1/qemu/100/status/start", {})``."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._endpoints = _load(version)

    def check(self, method: str, path: str, params: Mapping[str, Any] | None = None) -> None:
        """Fails the test when PVE would refuse the request; ``params`` as given to a client."""
        found = self.problems(method, path, params or {})
        assert not found, f"PVE {self.version}, {method} {path}: {'; '.join(found)}"

    def problems(self, method: str, path: str, params: Mapping[str, Any]) -> list[str]:
        """What PVE would not take, each with the parameter's name; empty when it would take it all."""
        endpoint, given = self._find(method, path)
        if endpoint is None:
            return ["there is no such call"]
        known: Mapping[str, Property] = endpoint["parameters"]
        given |= {name: value for name, value in params.items() if value is not None}
        wrong = [text for name, value in given.items() for text in _problems(known, name, value, given)]
        missing = [name for name, rules in known.items() if not rules.get("optional") and name not in given]
        return wrong + [f"{name}: is missing and not optional" for name in missing]

    def has(self, method: str, path: str) -> bool:
        """Whether this version has the call."""
        return self._find(method, path)[0] is not None

    def returns(self, method: str, path: str) -> Property:
        """What the call answers."""
        endpoint = self._find(method, path)[0]
        assert endpoint is not None, f"PVE {self.version} has no {method} {path}"
        found: Property = endpoint.get("returns") or {}
        return found

    def _find(self, method: str, path: str) -> tuple[Property | None, dict[str, Any]]:
        segments = [unquote(part) for part in path.strip("/").split("/")]
        for template, endpoint in self._endpoints.get((method, len(segments)), ()):
            pairs = list(zip(template, segments, strict=True))
            if all(wanted.startswith("{") or wanted == part for wanted, part in pairs):
                return endpoint, {wanted[1:-1]: part for wanted, part in pairs if wanted.startswith("{")}
        return None, {}


@lru_cache(maxsize=4)
def _load(version: str) -> dict[tuple[str, int], list[tuple[list[str], Property]]]:
    document = json.loads((REFERENCE / f"schema-{version}.json").read_text(encoding="utf-8"))
    found: dict[tuple[str, int], list[tuple[list[str], Property]]] = {}
    for endpoint in document["endpoints"]:
        template = endpoint["path"].strip("/").split("/")
        found.setdefault((endpoint["method"], len(template)), []).append((template, endpoint))
    for calls in found.values():
        # The call that is spelled out wins over the one with a name in its place.
        calls.sort(key=lambda call: [part.startswith("{") for part in call[0]])
    return found


def _problems(known: Mapping[str, Property], name: str, value: Any, given: Mapping[str, Any]) -> Iterator[str]:
    rules = known.get(name) or known.get(re.sub(r"\d+$", "[n]", name))
    if rules is None:
        yield f"{name}: is not defined in the schema"
        return
    if (other := rules.get("requires")) and other not in given:
        yield f"{name}: needs {other} too"
    many = value if isinstance(value, list | tuple) else [value]
    for one in many:
        for text in _wrong(rules.get("items", rules), _spelled(one)):
            yield f"{name}: {text}"


def _spelled(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _wrong(rules: Property, text: str) -> Iterator[str]:
    kind = rules.get("type")
    if kind == "boolean" and text not in ("0", "1"):
        yield f"{text!r} is no boolean"
    if kind == "integer" and not re.fullmatch(r"-?\d+", text):
        yield f"{text!r} is no integer"
    elif kind == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", text):
        yield f"{text!r} is no number"
    elif kind in ("integer", "number"):
        yield from _out_of_range(rules, float(text))
    if "enum" in rules and text not in rules["enum"]:
        yield f"{text!r} is none of {rules['enum']}"
    if kind == "string":
        yield from _wrong_text(rules, text)


def _out_of_range(rules: Property, number: float) -> Iterator[str]:
    if number < float(rules.get("minimum", number)) or number > float(rules.get("maximum", number)):
        yield f"{number:g} is not within {rules.get('minimum')} and {rules.get('maximum')}"


def _wrong_text(rules: Property, text: str) -> Iterator[str]:
    if not rules.get("minLength", 0) <= len(text) <= rules.get("maxLength", len(text)):
        yield f"{len(text)} characters are too few or too many"
    if "pattern" in rules and not re.fullmatch(_python(rules["pattern"]), text):
        yield f"{text!r} does not match {rules['pattern']}"
    form = rules.get("format")
    if isinstance(form, str) and form in FORMATS and not re.fullmatch(FORMATS[form], text):
        yield f"{text!r} is no {form}"
    elif isinstance(form, Mapping):
        yield from _wrong_parts(form, text)


def _wrong_parts(form: Mapping[str, Property], text: str) -> Iterator[str]:
    """A property string: ``virtio,bridge=vmbr0``."""
    first = next((name for name, rules in form.items() if rules.get("default_key")), None)
    seen = set()
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            name, value = str(first), part
        rules = form.get(name)
        if rules is None:
            yield f"{name} is no part of it"
            continue
        seen.add(rules.get("keyAlias") or rules.get("alias") or name)
        spelled = {"on": "1", "yes": "1", "true": "1", "off": "0", "no": "0", "false": "0"}.get(value, value)
        if "alias" not in rules:
            yield from (f"{name}: {wrong}" for wrong in _wrong(rules, spelled if rules["type"] == "boolean" else value))
    for name, rules in form.items():
        if not rules.get("optional") and "alias" not in rules and "default" not in rules and name not in seen:
            yield f"{name} is missing in it"


def _python(pattern: str) -> str:
    """Perl writes ``(?^i:`` where Python writes ``(?i:``."""
    return re.sub(r"\(\?\^([a-z]*):", lambda found: f"(?{found[1].replace('u', '')}:", pattern)
