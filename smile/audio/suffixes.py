"""The suffixes of files that may hold sound; the only list of them. Content, not suffix, tells the format."""

AUDIO_SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".webm"),  # what browsers and phones record
    *(".aac", ".aiff", ".aif", ".wma", ".amr", ".caf"),
    *(".mp4", ".mov", ".mkv", ".avi", ".mpg", ".mpeg", ".3gp"),  # video, whose sound is read
)
