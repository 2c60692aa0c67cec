"""The room of the guests: virtual machines and containers of every server in one table."""
