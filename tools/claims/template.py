"""The template claims nothing: it only asks."""
