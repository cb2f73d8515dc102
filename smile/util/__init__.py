"""What all rooms may use and nobody else's rules are in: files that are whole, timing, processes, names."""
