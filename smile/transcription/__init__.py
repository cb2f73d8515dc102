"""The way of a recording to its transcript, as steps and as values."""
