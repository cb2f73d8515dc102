"""From rows to tables, names and findings."""
