"""Maps of embeddings: kept, asked, made."""
