"""The fleet as OpenMetrics text, for a Prometheus-compatible store that keeps its history."""
