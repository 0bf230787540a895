"""How fast the course is, and how much memory it takes, beside what others do: see README.md."""
