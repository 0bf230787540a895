"""What an instructor hands out and holds in hand, made from `notebooks/`: see INSTRUCTORS.md."""
