"""Writing text: prompts, search, what steers and what ends it."""
