"""Evaluations: conditions, utterances, workers, rows."""
