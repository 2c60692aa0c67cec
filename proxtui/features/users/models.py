"""What a person is made of, as forms and verbs ask for it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from proxtui.config.checks import LONGEST_TITLE
from proxtui.config.models import Role
from proxtui.errors import InvalidInput
from proxtui.pve.params.base import HIDDEN, Params, Text
from proxtui.pve.params.words import Blank

SystemRole = Literal["admin", "user"]
Scope = Literal["monitor", "admin"]


def _pairs(value: object) -> object:
    """``acme=operator, beta=viewer`` as a table; a table stays one."""
    if isinstance(value, str):
        value = [word for word in value.replace(",", " ").split() if word]
    if not isinstance(value, list | tuple):
        return value
    found = [str(word).partition("=") for word in value]
    if wrong := next((slug for slug, sign, role in found if not (slug and sign and role)), None):
        raise PydanticCustomError("rule", "{word} is no pair such as acme=operator", {"word": wrong})
    return {slug: role for slug, _, role in found}


Roles = Annotated[dict[str, Role], BeforeValidator(_pairs)]


class Member(Params):
    """A person who uses proxtui, however their key is opened."""

    name: Annotated[Text, Field(min_length=1, max_length=LONGEST_TITLE)] = Field(
        title="Name", description="Also the label of their key; the audit keeps it."
    )
    system_role: SystemRole = Field(
        "user", title="System role", description="admin may change tenants, people, keys and settings."
    )
    roles: Roles = Field(
        default_factory=dict,
        title="Roles",
        description="In tenants, a line each: acme=operator (viewer, operator, admin).",
    )
    scope: Scope | None = Field(
        None,
        title="Their key opens",
        description="Of these tenants: monitor the read-only tokens, admin all. Empty: as the roles need.",
        json_schema_extra={"unsaid": "as their roles need"},
    )


class NewUser(Member):
    """A person with a passphrase, or without a key."""

    passphrase: Annotated[SecretStr | None, Blank] = Field(
        None, title="Passphrase", description="At least 12 characters; they can change it. Empty: no key is made."
    )


class TypedUser(NewUser):
    """The same as a form asks for it: nobody sees what is typed, so it is typed twice."""

    again: Annotated[SecretStr | None, Blank] = Field(
        None, title="Passphrase again", description="The same once more, for nobody sees what is typed."
    )

    @model_validator(mode="after")
    def _same(self) -> Self:
        if self.passphrase != self.again:
            raise InvalidInput("again", HIDDEN, "the two passphrases differ")
        return self


class UserChange(Params):
    """What of a person can be changed. Their key is another matter: `proxtui config add-key`, `remove-key`."""

    system_role: SystemRole | None = Field(
        None, title="System role", description="admin may change tenants, people, keys and settings."
    )
    roles: Roles | None = Field(None, title="Roles", description="All of them, a line each: acme=operator.")
