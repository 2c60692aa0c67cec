"""People: who may open the configuration, and what they may then do."""
