"""Maps of embeddings: made, stored, and asked where a clip belongs."""
