"""The judge of finders of damage: networks and the ridge filter look at the same drawn damage."""
