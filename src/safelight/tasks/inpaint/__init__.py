"""Inpainting: holes of a photograph, filled."""
