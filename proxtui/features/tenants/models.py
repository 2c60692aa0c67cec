"""What a tenant is made of and what of it can be changed, as forms and verbs ask for it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from proxtui.config.checks import (
    COLOUR,
    COLOUR_RULE,
    LINK,
    LINK_RULE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MAIL,
    MAIL_RULE,
    SLUG,
    SLUG_RULE,
)
from proxtui.config.server import MAX_TIMEOUT_MS, MIN_TIMEOUT_MS
from proxtui.pve.params.base import Params, Text, Whole
from proxtui.pve.params.words import Blank, matching

LONGEST_SLUG = 40
Slug = Annotated[str, matching(SLUG, SLUG_RULE)]
Title = Annotated[Text, Field(min_length=1, max_length=LONGEST_TITLE)]
Description = Annotated[Text, Field(max_length=LONGEST_TEXT)]
Colour = Annotated[str, matching(COLOUR, COLOUR_RULE)]
Link = Annotated[str, matching(LINK, LINK_RULE)]
Mail = Annotated[str, matching(MAIL, MAIL_RULE)]
Milliseconds = Annotated[Whole, Field(ge=MIN_TIMEOUT_MS, le=MAX_TIMEOUT_MS)]
Pause = Annotated[Whole, Field(ge=1_000, le=86_400_000)]


def slug_of(text: str) -> str:
    """The slug that is offered for a name: ``acme-gmbh`` of ``Acme GmbH``; empty when nothing of it can stay."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")[:LONGEST_SLUG].rstrip("-_")


class NewTenant(Params):
    """A customer, a site or a department: servers that belong together."""

    name: Title = Field(title="Name", description="As people call it.")
    slug: Annotated[Slug | None, Blank] = Field(
        None, title="Slug", description="Part of every key, so it never changes; empty: made of the name."
    )
    description: Description = Field("", title="Description", description="A line about it.")


class TenantSettings(Params):
    """How a tenant looks and how its servers are asked. What is empty is as for every tenant."""

    colour: Annotated[Colour | None, Blank] = Field(
        None, title="Colour", description="Of its mark and its header: #rrggbb or a name."
    )
    secondary_colour: Annotated[Colour | None, Blank] = Field(
        None, title="Second colour", description="#rrggbb or a name.", json_schema_extra={"rare": True}
    )
    accent_colour: Annotated[Colour | None, Blank] = Field(
        None, title="Accent colour", description="#rrggbb or a name.", json_schema_extra={"rare": True}
    )
    logo_url: Annotated[Link | None, Blank] = Field(
        None, title="Logo", description="An address; kept and exported, nothing is fetched.",
        json_schema_extra={"rare": True},
    )  # fmt: skip
    notification_email: Annotated[Mail | None, Blank] = Field(
        None, title="Mail", description="Kept and exported; nothing is mailed."
    )
    default_timeout_ms: Annotated[Milliseconds | None, Blank] = Field(
        None, title="Time-out", description="Of an ordinary call to its servers that say none; empty for 30000.",
        json_schema_extra={"unit": "ms"},
    )  # fmt: skip
    health_check_ms: Annotated[Pause | None, Blank] = Field(
        None, title="Health check", description="Between two looks at its servers that are not in view.",
        json_schema_extra={"unit": "ms"},
    )  # fmt: skip


class TenantChange(TenantSettings):
    """All of a tenant that can be changed."""

    name: Annotated[Title | None, Blank] = Field(None, title="Name", description="As people call it.")
    description: Description | None = Field(None, title="Description", description="A line about it.")
    is_active: bool | None = Field(None, title="Active", description="no: its servers are asked nothing.")


SETTINGS = tuple(TenantSettings.model_fields)
"""What a tenant's own admin may change."""
