#!/usr/bin/env python3
"""Draws the labelled glyph images: one character per image, in a random font, distorted, with clutter and noise.

    make_data.py OUT        writes train.npz, validation.npz, calibration.npz, test.npz, and which
                        rows of validation and test are in fonts that training never saw

Image i of a split depends on (SEED, split, i) only, so the splits never share a random stream and the result does not
depend on how many processes drew it. It does depend on the fonts, whose Debian packages README.md lists.
"""
import argparse
import functools
import multiprocessing
import pathlib
import subprocess

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from glyphs import CLASSES, SIZE

SEED = 20240611
SPLITS = {"train": 1, "validation": 2, "calibration": 3, "test": 4}
COUNTS = {name: rounds * len(CLASSES) for name, rounds in
          {"train": 1400, "validation": 40, "calibration": 6, "test": 44}.items()}

# A family is drawn first and then one of its faces, so that a family with many weights does not dominate.
TRAIN_FAMILIES = {
    "DejaVu Sans": ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansCondensed"],
    "DejaVu Serif": ["DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"],
    "DejaVu Sans Mono": ["DejaVuSansMono", "DejaVuSansMono-Bold", "Hack-Regular", "Hack-BoldItalic"],
    "Liberation Sans": ["LiberationSans-Regular", "LiberationSans-Bold", "LiberationSans-Italic",
                        "LiberationSansNarrow-Regular"],
    "Liberation Serif": ["LiberationSerif-Regular", "LiberationSerif-Bold", "LiberationSerif-Italic"],
    "Liberation Mono": ["LiberationMono-Regular", "LiberationMono-Bold"],
    "FreeSans": ["FreeSans", "FreeSansBold", "FreeSansOblique"],
    "FreeSerif": ["FreeSerif", "FreeSerifBold", "FreeSerifItalic"],
    "Nimbus Mono": ["NimbusMonoPS-Regular", "NimbusMonoPS-Bold"],
    "Palladio (P052)": ["P052-Roman", "P052-Bold", "P052-Italic"],
    "Schoolbook (C059)": ["C059-Roman", "C059-Bold", "C059-Italic"],
    "URW Bookman": ["URWBookman-Light", "URWBookman-Demi", "URWBookman-LightItalic"],
    "URW Gothic": ["URWGothic-Book", "URWGothic-Demi"],
    "Lato": ["Lato-Regular", "Lato-Black", "Lato-Light", "Carlito-Italic"],
    "Roboto": ["Roboto-Regular", "Roboto-Bold", "RobotoCondensed-Regular"],
    "Inter": ["Inter-Regular", "Inter-Bold", "Inter-Italic"],
    "Comic Neue": ["ComicNeue-Regular", "ComicNeue-Bold"],
    "EB Garamond": ["EBGaramond12-Regular", "EBGaramond12-Italic"],
}
VALIDATION_FAMILIES = {
    "Caladea": ["Caladea-Regular", "Caladea-Bold", "Caladea-Italic"],
    "Quicksand": ["Quicksand-Regular", "Quicksand-Bold"],
}
TEST_FAMILIES = {
    "Open Sans": ["OpenSans-Regular", "OpenSans-Bold", "OpenSans-Italic"],
    "Cantarell": ["Cantarell-Regular", "Cantarell-Bold"],
    "Linux Libertine": ["LinLibertine_R", "LinLibertine_RB", "LinLibertine_RI"],
    "Vollkorn": ["Vollkorn-Regular", "Vollkorn-Bold", "Vollkorn-Italic"],
}
# Half of the validation and of the test images are in families that no other split has.
NEW_FAMILIES = {"validation": VALIDATION_FAMILIES, "test": TEST_FAMILIES}

FINE = 2 * SIZE      # drawn at twice the size and averaged down, which gives clean edges
MARGIN = 32          # room around the fine image for what a distortion pulls in
EM = 48              # font size in fine pixels: a capital is about half of the image high


@functools.lru_cache(maxsize=None)
def font_files():
    """Name of a font file without suffix -> its path. TrueType and OpenType only: PIL reads both the same way."""
    listed = subprocess.run(["fc-list", "--format", "%{file}\n"], check=True, capture_output=True, text=True).stdout
    paths = sorted(pathlib.Path(line) for line in listed.splitlines())
    return {p.stem: str(p) for p in paths if p.suffix in (".ttf", ".otf")}


@functools.lru_cache(maxsize=None)
def glyph(face, character):
    """The character's ink cut to its box, 0..1."""
    # The basic layout has no ligatures or contextual shapes, and is the same in every build of PIL.
    font = ImageFont.truetype(font_files()[face], EM, layout_engine=ImageFont.Layout.BASIC)
    left, top, right, bottom = font.getbbox(character)
    image = Image.new("L", (right - left + 2, bottom - top + 2), 0)
    ImageDraw.Draw(image).text((1 - left, 1 - top), character, fill=255, font=font)
    return np.asarray(image.crop(image.getbbox()), dtype=np.float32) / 255.0


def paste(canvas, ink, centre_x, centre_y):
    """Adds the ink, keeping the heavier of the two; what falls outside of the canvas is lost."""
    h, w = ink.shape
    top, left = int(round(centre_y - h / 2)), int(round(centre_x - w / 2))
    t, l = max(top, 0), max(left, 0)
    b, r = min(top + h, canvas.shape[0]), min(left + w, canvas.shape[1])
    if t < b and l < r:
        np.maximum(canvas[t:b, l:r], ink[t - top:b - top, l - left:r - left], out=canvas[t:b, l:r])


def warp(canvas, rng):
    """Rotates, shears, scales, shifts and bends the canvas; returns the FINE x FINE middle of it."""
    angle = np.clip(rng.normal(0.0, 0.18), -0.45, 0.45)
    shear = rng.uniform(-0.2, 0.2)
    scale = rng.uniform(0.8, 1.3)
    stretch = np.exp(rng.uniform(-0.18, 0.18))
    tilt = rng.uniform(-0.12, 0.12, size=2)          # perspective
    shift = rng.uniform(-5.0, 5.0, size=2)
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    forward = rotate @ np.array([[1.0, shear], [0.0, 1.0]]) @ np.diag([scale * stretch, scale / stretch])
    back = np.linalg.inv(forward)                     # we ask where each pixel comes from

    axis = np.arange(FINE, dtype=np.float32) - (FINE - 1) / 2
    x, y = np.meshgrid(axis - shift[0], axis - shift[1])
    depth = 1.0 + (tilt[0] * x + tilt[1] * y) / (FINE / 2)
    x, y = x / depth, y / depth
    amplitude = rng.uniform(0.0, 2.2, size=2)
    period = rng.uniform(24.0, 60.0, size=2)
    phase = rng.uniform(0.0, 2 * np.pi, size=2)
    x, y = (x + amplitude[0] * np.sin(2 * np.pi * y / period[0] + phase[0]),
            y + amplitude[1] * np.sin(2 * np.pi * x / period[1] + phase[1]))
    middle = (canvas.shape[0] - 1) / 2
    u = np.clip(back[0, 0] * x + back[0, 1] * y + middle, 0, canvas.shape[1] - 1.001)
    v = np.clip(back[1, 0] * x + back[1, 1] * y + middle, 0, canvas.shape[0] - 1.001)
    i, j = v.astype(np.int32), u.astype(np.int32)
    a, b = v - i, u - j
    return (canvas[i, j] * (1 - a) * (1 - b) + canvas[i, j + 1] * (1 - a) * b
            + canvas[i + 1, j] * a * (1 - b) + canvas[i + 1, j + 1] * a * b)


def strokes(rng):
    """A few thin lines and arcs, as scratches and rules cross real print: (ink 0..1, grey of the ink)."""
    image = Image.new("L", (FINE, FINE), 0)
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(0, 4)):
        a = rng.uniform(-8, FINE + 8, size=4)
        width = int(rng.integers(1, 4))
        if rng.random() < 0.6:
            draw.line([tuple(a[:2]), tuple(a[2:])], fill=255, width=width)
        else:
            box = [min(a[0], a[2]), min(a[1], a[3]), max(a[0], a[2]) + 8, max(a[1], a[3]) + 8]
            begin = rng.uniform(0, 360)
            draw.arc(box, begin, begin + rng.uniform(40, 200), fill=255, width=width)
    return np.asarray(image, dtype=np.float32) / 255.0


def background(rng):
    """A slope and a soft texture around a middle grey."""
    axis = np.linspace(-1.0, 1.0, FINE, dtype=np.float32)
    slope = rng.normal(0.0, 0.06, size=2)
    texture = Image.fromarray(rng.normal(0.0, 1.0, size=(6, 6)).astype(np.float32), mode="F")
    texture = np.asarray(texture.resize((FINE, FINE), Image.Resampling.BICUBIC))
    return slope[0] * axis[None, :] + slope[1] * axis[:, None] + rng.uniform(0.0, 0.07) * texture


def draw_sample(split, index):
    """(image uint8 SIZE x SIZE, label, whether training never sees its font)."""
    rng = np.random.default_rng([SEED, SPLITS[split], index])
    label = index % len(CLASSES)
    # Alternate by whole rounds of the classes, so that both halves are balanced.
    new = split in NEW_FAMILIES and (index // len(CLASSES)) % 2 == 1
    families = list((NEW_FAMILIES[split] if new else TRAIN_FAMILIES).values())
    faces = families[rng.integers(len(families))]
    face = faces[rng.integers(len(faces))]

    canvas = np.zeros((FINE + 2 * MARGIN, FINE + 2 * MARGIN), dtype=np.float32)
    centre = canvas.shape[0] / 2
    ink = glyph(face, CLASSES[label])
    paste(canvas, ink, centre, centre)
    for side in (-1, 1):                              # neighbours that the cut-out did not quite exclude
        if rng.random() < 0.55:
            other = glyph(face, CLASSES[rng.integers(len(CLASSES))])
            gap = rng.uniform(2.0, 10.0)
            paste(canvas, other, centre + side * (ink.shape[1] / 2 + gap + other.shape[1] / 2),
                  centre + rng.uniform(-4.0, 4.0))
    ink = warp(canvas, rng)

    paper = rng.uniform(0.1, 0.9)
    contrast = rng.uniform(0.25, 0.75)
    lighter = paper + contrast <= 1.0 and (paper - contrast < 0.0 or rng.random() < 0.5)
    pen = paper + contrast if lighter else paper - contrast
    image = paper + background(rng)
    image += (rng.uniform(0.0, 1.0) - image) * strokes(rng) * rng.uniform(0.3, 0.9)
    image += (pen - image) * ink
    image += (rng.uniform(0.0, 1.0) - image) * strokes(rng) * 0.5 * (rng.random() < 0.4)

    image = Image.fromarray(np.clip(image, 0.0, 1.0).astype(np.float32), mode="F")
    image = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX))
    blur = rng.uniform(0.0, 0.9)
    if blur > 0.3:
        image = np.asarray(Image.fromarray(np.uint8(image * 255 + 0.5)).filter(ImageFilter.GaussianBlur(blur))) / 255.0
    image = image + rng.normal(0.0, rng.uniform(0.01, 0.1), size=image.shape)
    return np.uint8(np.clip(image, 0.0, 1.0) * 255 + 0.5), label, new


def draw_chunk(arguments):
    split, begin, end = arguments
    return [draw_sample(split, i) for i in range(begin, end)]


def draw_split(split, processes):
    count = COUNTS[split]
    chunks = [(split, i, min(i + 470, count)) for i in range(0, count, 470)]
    with multiprocessing.Pool(processes) as pool:
        rows = [row for chunk in pool.map(draw_chunk, chunks) for row in chunk]
    # Shuffled, so that any leading part of a file is a fair sample of it.
    order = np.random.default_rng([SEED, SPLITS[split]]).permutation(count)
    images = np.stack([row[0] for row in rows])[order, None]
    labels = np.array([row[1] for row in rows], dtype=np.int64)[order]
    new = np.array([row[2] for row in rows])[order]
    return images, labels, new


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    missing = [face for families in (TRAIN_FAMILIES, *NEW_FAMILIES.values()) for faces in families.values()
               for face in faces if face not in font_files()]
    if missing:
        raise SystemExit("fonts not installed: " + ", ".join(missing))
    for split in SPLITS:
        images, labels, new = draw_split(split, options.processes)
        np.savez_compressed(options.out / f"{split}.npz", images=images, labels=labels)
        if split in NEW_FAMILIES:
            np.save(options.out / f"{split}_new_fonts.npy", new)
        values = images / 255.0
        print(f"{split}: {images.shape} mean {values.mean():.3f} deviation {values.std():.3f} "
              f"labels {np.bincount(labels).min()}..{np.bincount(labels).max()} per class")


if __name__ == "__main__":
    main()
