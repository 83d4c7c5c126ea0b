import numpy as np

black, white = np.zeros((8, 8, 1), np.uint8), np.full((8, 8, 1), 255, np.uint8)  # height, width, channels
np.savez("out/images.npz", train_image=[black, white], train_label=[0, 1], test_image=[white], test_label=[1])
