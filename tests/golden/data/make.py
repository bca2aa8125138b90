#!/usr/bin/env python3
"""Makes deflated.npz and chunks.h5 as NumPy and h5py write them: packed arrays that tests then damage."""
import pathlib

import h5py
import numpy as np

here = pathlib.Path(__file__).parent
random = np.random.default_rng(4)
np.savez_compressed(here / "deflated.npz", images=random.integers(0, 40, (24, 8, 8), dtype=np.uint8), labels=np.arange(24) % 5)
with h5py.File(here / "chunks.h5", "w", libver="earliest", track_order=False) as file:
    images = np.arange(61 * 16, dtype=np.float32).reshape(61, 4, 4) / 4
    file.create_dataset("images", data=images, chunks=(5, 2, 4), compression="gzip", shuffle=True, track_times=False)
    file.create_dataset("labels", data=np.arange(61, dtype=np.int32) % 7, chunks=(16,), compression="gzip", track_times=False)
