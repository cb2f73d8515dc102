"""Attacks on the running app: what a stranger may send without the page."""
