"""The room of the tasks."""
