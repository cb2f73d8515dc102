"""Token-level nearest neighbours (kNN-LM): reading a pool, keeping it, mixing it in."""
