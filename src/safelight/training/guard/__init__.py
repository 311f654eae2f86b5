"""The guard: training wheels. It watches each step and the validation samples, and goes back to the last good state."""
