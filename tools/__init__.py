"""What an author, an instructor or CI runs. Tools import helpers, never the other way round."""
