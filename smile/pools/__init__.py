"""Pools of labelled clips: on disk, made, cut down, joined, taken away."""
