import json

import numpy as np

image = json.load(open("in/data/image.json"))
classes, width = 4, 2  # of in/data/classes.arrow, and of the first layers
side = (image["height"] - 4) // 2  # two convolutions without padding, and a pooling, twice
side = (side - 4) // 2
shapes = {
    "feature_extractor.conv1": (width, image["channels"], 3, 3), "feature_extractor.conv2": (width, width, 3, 3),
    "feature_extractor.conv3": (2 * width, width, 3, 3), "feature_extractor.conv4": (2 * width, 2 * width, 3, 3),
    "classifier.fc1": (200, 2 * width * side * side), "classifier.fc2": (200, 200), "classifier.fc3": (classes, 200),
}
r = np.random.default_rng(0)
weights = {f"{name}.weight": r.normal(0, 0.1, shape) for name, shape in shapes.items()}
weights |= {f"{name}.bias": np.zeros(shape[0]) for name, shape in shapes.items()}
np.savez("out/last.npz", **weights)
json.dump({"network": {"name": "small-cnn", "width": width}}, open("out/model.json", "w"))
