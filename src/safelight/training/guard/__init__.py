"""The guard: training wheels. It watches each step and the probes, and goes back to the last good state."""
