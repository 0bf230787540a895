"""What the notebooks share, one module for each idea: import the module that you need.

Importing this package loads nothing else. Only `layers` and `quiet_tensorflow` load TensorFlow,
so that notebooks 00 to 04, which need NumPy alone, start without it.
"""
