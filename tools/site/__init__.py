"""The web edition of the course: its notebooks and documents as pages, built by Sphinx."""
