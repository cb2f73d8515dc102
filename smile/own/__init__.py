"""A language of one's own: a visitor's labelled clips as a pool that grows with every correction."""
