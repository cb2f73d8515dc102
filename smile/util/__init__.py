"""Tools for all rooms: files that are whole when they appear, timing, processes, names."""
