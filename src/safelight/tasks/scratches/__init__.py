"""Scratch detection: a mask of the damage of a photograph."""
