"""Explain the error that ended an answer: the common ones in a sentence, each with its line."""

import dis
import linecache
import re
import traceback
from pathlib import Path

import numpy as np

# Whose lines of code are not the learner's.
HELPERS = str(Path(__file__).resolve().parent.parent)
PACKAGES = str(Path(np.__file__).resolve().parent.parent)
STANDARD_LIBRARY = str(Path(dis.__file__).resolve().parent)

# What an error says and, below it, the learner's line in which it happened ("in: …"), with what it
# means: for errors of people who are new to Python, or come from another language or library.
MEANINGS = {
    r"has no attribute '(zero_grad|backward|step|parameters|train|eval|no_grad|detach)'": (
        "`{0}` belongs to PyTorch. In Keras, compute the loss inside `with tf.GradientTape()`, ask "
        "`tape.gradient` for the gradients, and give them to `optimizer.apply_gradients`."
    ),
    r"unexpected keyword argument '(dim|dims|keepdim)'": (
        "`{0}` is PyTorch's word. NumPy and Keras say `axis` and `keepdims`."
    ),
    r"has no attribute '(minimize|get_updates)'": (
        "`{0}` is of an older Keras. Use `tape.gradient`, then `optimizer.apply_gradients`."
    ),
    r"'(?:list|tuple|int|float|range|map|generator|zip|dict)' object has no attribute "
    r"'(max|min|sum|mean|std|argmax|argmin|argsort|shape|size|ndim|T|reshape|ravel|flatten|astype|"
    r"dot|all|any|item|tolist|transpose|clip|cumsum|round|numpy)'": (
        "`.{0}` belongs to arrays, and this is none: make it one with `np.array(…)` first."
    ),
    r"numpy.*has no attribute '(_id|shape_as_list|watch)'|to a TensorFlow DType": (
        "`.numpy()` and `float(…)` end what the tape can follow. Keep the loss a tensor inside the "
        "`with` block."
    ),
    r"has no attribute '_unique_id'|not enough values to unpack.*\nin: .*apply_gradients|"
    r"cannot unpack non-iterable Eager": (
        "`apply_gradients` takes pairs: `zip(gradients, model.trainable_variables)`."
    ),
    r"list of allowed values: bfloat16|expected to be a int\d+ tensor but is a float": (
        "TensorFlow got integers where it needs floats. Are labels and logits in the right order? "
        "Else turn the integers into floats with `keras.ops.cast`."
    ),
    r"target.shape=.*output.shape=": (
        "A Keras loss takes the labels first, then the scores: `loss(labels, scores)`. The labels "
        "have one number for each row."
    ),
    r"does not support item assignment": (
        "A tensor cannot be written into, and neither can a text or a tuple. Compute a new one."
    ),
    r"'\w+' object has no attribute '(kernel|bias|w|b|weights|units)'": (
        "`self.{0}` was never set. Keep it with `self.{0} = …`, in `__init__` or `build`."
    ),
    r"unhashable type": (
        "An array or a list cannot be in a set, nor be the key of a dictionary. Take what can be "
        "made from it, such as `array.tobytes()`."
    ),
    r"name '(kernel|bias|w|b|weights|units)' is not defined": (
        "`{0}` lives in another method. Keep it as `self.{0}` there, and use it under that name."
    ),
    r"name '(\w+)' is not defined": (
        "`{0}` has no value here. Is it spelt as where you define it, and has that cell been run?"
    ),
    r"cannot access local variable '(\w+)'|local variable '(\w+)' referenced before": (
        "`{0}` is used before it has a value. Give it one before the loop or the `if`."
    ),
    # (?s): Keras appends what it has passed, on lines of its own.
    r"(?s)(?:missing \d+ required positional argument|takes .*positional arguments? but)"
    r".*\nin: $": (
        "Your function takes other arguments than the exercise gives it. Keep the first line of "
        "the starter."
    ),
    r"missing \d+ required positional argument|takes .*positional arguments? but": (
        "What this line calls takes more arguments, or fewer."
    ),
    r"index (\d+) is out of bounds for axis \d+ with size (\d+)": (
        "There is no place {0}: {1} places are counted from 0. Are rows and columns exchanged, "
        "or one of their sizes taken for both, or do you count from 1?"
    ),
    r"list index out of range|tuple index out of range": (
        "An index goes beyond the end. Places are counted from 0."
    ),
    r"list indices must be integers or slices, not tuple\nin: .*\[[^][]+,[^][]+\]": (
        "A list of lists has no columns. Write `[row][column]`, or make an array of it with "
        "`np.array(…)`."
    ),
    r"only integers, slices|must be of integer \(or boolean\) type|indices must be integers": (
        "Places are whole numbers, and yours are not. Are the arguments in the right order?"
    ),
    r"broadcast together with shapes? (\(.*?\)) (\(.*?\))|"
    r"Incompatible shapes: (\[.*?\]) vs\. (\[.*?\])": (
        "The shapes {0} and {1} do not fit, entry by entry. Is `keepdims=True` or an axis "
        "missing, a row taken for a column, or a size fixed in your code?"
    ),
    r"matmul: .*size (\d+) is different from (\d+)|shapes .* not aligned": (
        "For `@`, the columns on the left must be as many as the rows on the right. Look at both "
        "shapes: is one transposed, or are the two in the wrong order?"
    ),
    r"cannot reshape array of size (\d+) into shape \(([\d,]+)\)": (
        "{0} numbers do not fill the shape ({1}). Have you taken too many, or too few?"
    ),
    r"could not broadcast input array from shape (\(.*?\)) into shape (\(.*?\))": (
        "What you write has the shape {0}, and the place for it has {1}. For 0, `[:-0]` is empty."
    ),
    r"truth value of an array|truth value of a Series": (
        "`if`, `and`, `or`, `not` and Python's own `max` want one True or False, and this is an "
        "array of them. Entry by entry there are `np.where`, `&`, `|`, `~` and `np.maximum`, for "
        "all of it `.max()`, `.any()` and `.all()`."
    ),
    r"ufunc 'bitwise_xor'|operand type\(s\) for \^": "`^` is no power in Python. Write `**2`.",
    r"object of too small depth for desired array": (
        "The second argument of `np.bincount` is not the number of places. Name it: `minlength=10`."
    ),
    r"return arrays must be of ArrayType": (
        "NumPy's functions write into their second argument, so it is no base: the logarithm of x "
        "to base b is `np.log(x) / np.log(b)`."
    ),
    r"only (?:length-1|size-1|0-dimensional) arrays can be converted|only integer scalar arrays": (
        "One number is wanted here, and you gave an array. `np.exp` and `np.log` take arrays; "
        "those of `math`, `int` and an index of a list do not."
    ),
    r"same_kind": (
        "`+=`, `-=` and the like keep the type of the array, and integers cannot hold fractions. "
        "Begin with `.astype(float)`, or make a new array."
    ),
    r"unsupported operand type\(s\) for .*'list'|can't multiply sequence|"
    r"can only concatenate list": (
        "Python does not calculate with lists. Make an array of it with `np.array(…)`."
    ),
    r"unsupported operand type\(s\) for .*'(?:NoneType|ellipsis)'": (
        "One of the two is nothing yet. Does every function return its result?"
    ),
    r"(?:unsupported operand|not supported between).*"
    r"'(?:numpy.ufunc|function|method|type|builtin_function_or_method)'": (
        "A function stands here where a number is needed. Call it: round brackets with what it is "
        "to work on, such as `np.exp(1)`."
    ),
    r"'(?:numpy.ndarray|list|tuple)' object is not callable": (
        "Round brackets call a function. To pick from an array or a list use `[…]`."
    ),
    r"'(?:int|float|numpy.float64)' object is not (?:iterable|subscriptable)": (
        "This is one number, not several. A tuple with one entry needs its comma: `(3,)`."
    ),
    r"'NoneType' object is not (?:iterable|subscriptable)": (
        "This is `None`. Does the function before it return something, and are its arguments in "
        "the right order?"
    ),
    r"buffer is smaller than requested|buffer size must be a multiple": (
        "There are fewer bytes than you ask for. A float32 takes four, and `np.frombuffer` reads "
        "float64 unless you name the type."
    ),
    r"Labels must lie between": "Labels are counted from 0: with three classes, 0, 1 and 2.",
    r"too many values to unpack": (
        "More things come back than you have names for. Look at what the function returns."
    ),
    r"not enough values to unpack": (
        "Fewer things come back than you have names for. Print what is on the right."
    ),
    r"inhomogeneous shape": "The rows have different lengths, so they make no array.",
    r"maximum recursion depth": "The function calls itself without end.",
    r"math domain error": (
        "The root or the logarithm of a negative number, or the logarithm of 0, does not exist. "
        "Print what you give to it."
    ),
    r"division by zero": "Something is divided by 0. Which example makes it 0?",
}


def meaning(error: BaseException) -> str:
    """A sentence for a common error, or ""."""
    place = line_of(error)
    said = f"{_said(error)}\nin: {f'line {place[0]}, {place[1]}' if place else ''}"
    for pattern, sentence in MEANINGS.items():
        if found := re.search(pattern, said):
            return sentence.format(*(group for group in found.groups() if group))
    return ""


def name_and_text(error: BaseException) -> str:
    """For instance "ValueError: no such class", the first line only."""
    first = next(iter(_said(error).splitlines()), "")
    first = first if len(first) <= 160 else first[:157] + "..."
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def line_of(error: BaseException) -> tuple[int, str] | None:
    """Number and text of the line of the learner's code in which it happened, if there is one."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((HELPERS, PACKAGES, STANDARD_LIBRARY))
    ]
    if own:
        number = own[-1].lineno or 0
        return number, linecache.getline(own[-1].filename, number).strip()
    # A stop may be raised once more on the way out of the learner's code.
    return line_of(error.__context__) if error.__context__ else None


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""
