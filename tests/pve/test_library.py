"""The library as its users import it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import proxtui.pve
from proxtui import errors
from proxtui.errors import ApiError, NetworkError


def test_every_public_name_is_there() -> None:
    for name in proxtui.pve.__all__:
        assert getattr(proxtui.pve, name).__name__ == name
    assert set(proxtui.pve.__all__) <= set(dir(proxtui.pve))


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = proxtui.pve.Nonsense


def test_every_error_that_a_call_can_end_with_is_public() -> None:
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, (ApiError, NetworkError)):
            assert getattr(proxtui.pve, name) is kind
            assert name in proxtui.pve.__all__


def test_nothing_is_loaded_that_nobody_asked_for() -> None:
    code = (
        "import sys, proxtui.pve as pve; from proxtui.pve import ProxmoxConfig, clean\n"
        "assert 'ProxmoxClient' in dir(pve)\n"
        "print([m for m in ('httpx', 'cryptography', 'msgspec', 'pydantic') if m in sys.modules])\n"
        "from proxtui.pve import ProxmoxClient, VMTools, probe_certificate\n"
        "print('httpx' in sys.modules, 'cryptography' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True False"]
