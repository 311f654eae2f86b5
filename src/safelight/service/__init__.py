"""The darkroom over HTTP: photos as resources, quick colors for a page, long work as jobs; light half only."""
