"""The endpoints: one small function each, and one table that names them all (``table.ROUTES``)."""
