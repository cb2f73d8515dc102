"""A pool's own acoustic model: a small CTC head on the frozen encoder, fitted to the pool's clips."""
