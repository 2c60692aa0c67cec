"""The room of the metrics: how well and how fast each server answered, over every way to it."""
