"""The user guide, and the generator of the parts of it that are lists."""
