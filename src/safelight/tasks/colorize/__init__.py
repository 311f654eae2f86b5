"""Colorization: a photograph's color, found by a network and guided by hints."""
