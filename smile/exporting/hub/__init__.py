"""What goes to the Hugging Face Hub: files, their cards, and the upload, which is shown before it is made."""
