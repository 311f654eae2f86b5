"""Autoencoders: a picture from a small code, and back."""
