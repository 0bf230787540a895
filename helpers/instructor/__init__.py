"""For whoever teaches the course: what they need is made from `notebooks/` by one command each."""
