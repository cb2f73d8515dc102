"""Sound in and out, and where speech is in it."""
