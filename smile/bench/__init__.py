"""Benchmarks that stay in the repository: `smile bench engines | latency | context | start | map`."""
