"""Which labelled clips are like a target: divergences, learned and text similarity, samplers."""
