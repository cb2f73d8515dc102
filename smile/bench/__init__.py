"""Benchmarks that stay in the repository: `smile bench engines`, `smile bench latency`, `smile bench start`."""
