"""Speed and memory of the course against the usual recipes: see README.md."""
