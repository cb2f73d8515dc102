"""What files may hold sound: the only list of suffixes, and of containers. Content tells the format."""

AUDIO_SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".webm"),  # what browsers and phones record
    *(".aac", ".aiff", ".aif", ".wma", ".amr", ".caf"),
    *(".oga", ".spx", ".mka", ".m4b", ".mp2", ".wv", ".tta", ".ape", ".au", ".w64", ".ac3"),
    *(".mp4", ".m4v", ".mov", ".mkv", ".avi", ".mpg", ".mpeg"),  # video, whose sound is read
    *(".3gp", ".3g2", ".ts", ".flv"),
)

# What PyAV may open: containers of sound, and no playlists, which could name other files or hosts.
CONTAINERS = (
    "aac,ac3,adts,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,"
    "mp3,mpeg,mpegts,ogg,tta,w64,wav,wv"
)
