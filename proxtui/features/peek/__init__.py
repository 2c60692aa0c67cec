"""The room of the look at a screen: what a VM shows, in the terminal, without a viewer."""
