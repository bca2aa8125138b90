"""What every script here agrees on: classes, image size and preprocessing."""

# Digits, capitals, and the small letters whose shape differs from their capital. A distorted "c" or "s" alone in an
# image cannot be told from "C" or "S", so a set with all 62 would mostly measure that, not the network. Capital I and O
# are left out for the same reason, as number plates leave them out: many fonts draw them like 1 and 0.
CLASSES = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabdefghnqrt"
SIZE = 32

# x' = (x * scale - mean) / std, applied to the raw 8-bit image. The mean and deviation are those of the training
# images, rounded; make_data.py prints them.
PREPROCESS = {"scale": 1.0 / 255.0, "mean": [0.5], "std": [0.25], "layout": "NCHW"}
