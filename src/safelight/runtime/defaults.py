"""What is used unless something else is asked for."""

MODEL = "color"  # the bundled model: weights/color.onnx
VIVID = 0.5  # between the cautious answer, 0, and one as colorful as life, 1
REACH = 0.0  # a hint colors what lies near it and looks alike, 0, or says something of the whole picture, 1
