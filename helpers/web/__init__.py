"""The softmax explorer and the page of notebook 09, which run in a browser."""
