"""A fifth task: all that it takes is in this folder, and one line in the registry."""
