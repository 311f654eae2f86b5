"""The judge of inpainting: models and classical methods fill the same stored holes."""
