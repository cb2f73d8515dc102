"""Meta-training of the adapter that makes examples help (SMILE, arXiv 2409.10429)."""
