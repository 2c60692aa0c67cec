"""The room of snapshots: those of all guests, by age. On the command line only."""
