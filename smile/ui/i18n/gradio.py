"""Gradio's own French texts, by its keys, where the page says it otherwise: télécharger is to download."""

from __future__ import annotations

TEXTS = {
    "audio.drop_to_upload": "Déposez un fichier audio ici pour le téléverser",
    "blocks.waiting_for_inputs": "Des fichiers sont encore en cours d’envoi ; réessayez quand ils seront là.",
    "file.uploading": "Téléversement…",
    "upload_text.click_to_upload": "Cliquez pour téléverser un fichier",
}
