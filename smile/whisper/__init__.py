"""Whisper: its weights, tokenizer, adapters, encoder and the engines that run it."""
