"""Handouts and teaching aids, generated from `notebooks/`: see docs/instructors.md."""
