"""Character language model of a pool's texts and of texts that the user adds."""
