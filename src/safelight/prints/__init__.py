"""Old prints: a clean picture as an old print of it, damaged or not, and as a scan of that shows it."""
