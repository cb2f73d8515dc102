"""Texts: normalisers, scoring, characters, and what languages are called."""
