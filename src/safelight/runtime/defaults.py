"""What is used unless something else is asked for."""

MODEL = "color"  # the bundled model: weights/color.onnx
VIVID = 0.5  # between the cautious answer, 0, and one as colorful as life, 1
