"""What runs in a browser: the softmax explorer and the page of notebook 09."""
