"""Photographs as data: folders of pictures of every kind, faces from a file of scikit-learn's format, and patches."""

from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from oracles import same_bits
from PIL import Image

from tinygan import data
from tinygan.data import pictures
from tinygan.plots import sheets
from tinygan.zoo import DCGAN

RNG = np.random.default_rng


def gradient(height=20, width=30):
    """Bright on the left, dark on the right, (height, width) of 0 to 255."""
    return np.tile(np.linspace(255, 0, width), (height, 1)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two pictures of different sizes."""
    Image.fromarray(gradient()).save(tmp_path / "b.png")
    Image.fromarray(gradient(40, 24)).save(tmp_path / "a.jpg", quality=95)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


# ---------------------------------------------------------------- a folder


def test_pictures_of_all_sizes_become_rows_of_their_middle_square(folder):
    points = data.images(folder, 8)
    assert points.x.shape == (2, 64) and points.image == (8, 8) and points.labels is None and points.name == folder.name
    wide = points.x[1].reshape(8, 8)  # the middle 20 of 30 columns of b.png; a.jpg comes first
    columns = (1 - 2 * gradient()[0, 5:25].astype(float) / 255).reshape(4, 5).mean(axis=1)
    assert np.abs(wide.reshape(8, 4, 2).mean(axis=(0, 2)) - columns).max() < .03 and np.all(np.diff(wide, axis=1) > 0)
    assert -1 <= points.x.min() and points.x.max() <= 1


def test_colour_is_kept_channels_last(tmp_path):
    red = np.zeros((10, 10, 3), np.uint8)
    red[..., 0] = 255
    for name in ("one", "two"):
        Image.fromarray(red).save(tmp_path / f"{name}.png")
    points = data.images(tmp_path, 4, colour=True)
    assert points.x.shape == (2, 48) and points.image == (4, 4)
    assert np.allclose(data.brightness(points.x).reshape(2, 16, 3), [1, 0, 0])
    assert np.allclose(data.brightness(data.images(tmp_path, 4).x), .299, atol=.01)  # red is dark in grey


def saved(path, how):
    """A white picture with a black lower half, in one of the ways in which people's pictures are saved."""
    pixels = np.full((16, 16), 255, np.uint8)
    pixels[8:] = 0
    picture = Image.fromarray(pixels)
    if how == "turned":  # held sideways: the file is turned, and says so
        exif = Image.Exif()
        exif[0x0112] = 6
        picture.rotate(90).save(path.with_suffix(".jpg"), exif=exif, quality=95)
    elif how == "transparent":
        alpha = np.zeros((16, 16, 4), np.uint8)
        alpha[8:, :, 3] = 255
        Image.fromarray(alpha).save(path)
    elif how == "16 bits":
        Image.fromarray(pixels.astype(np.uint16) * 257).save(path)
    elif how == "palette":
        picture.convert("P").save(path)
    elif how == "animated":
        picture.save(path, save_all=True, append_images=[Image.fromarray(255 - pixels)])
    else:
        picture.convert(how).save(path)


@pytest.mark.parametrize("how", [
    "turned", "transparent", "16 bits", "palette", "animated", "1", "L", "RGB", "LA", "RGBA", "CMYK"])
def test_every_kind_of_picture_looks_as_it_should(tmp_path, how):
    for name in ("one.png", "two.png"):
        saved(tmp_path / name if how != "CMYK" else tmp_path / name.replace("png", "jpg"), how)
    x = data.images(tmp_path, 8).x.reshape(2, 8, 8)
    assert np.all(x[:, :3] < -.9) and np.all(x[:, 5:] > .9), "white above, black below"


def test_subfolders_are_classes_in_the_order_of_their_names(tmp_path):
    for k, name in enumerate(("cats", "dogs", "empty")):
        (tmp_path / name).mkdir()
        for i in range(3 * (name != "empty")):
            Image.fromarray(np.full((9, 9), 100 * k + 10 * i, np.uint8)).save(tmp_path / name / f"{i}.png")
    points = data.images(tmp_path, 3)
    assert points.classes == 2 and points.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.allclose(255 * data.brightness(points.x[:, 0]), [0, 10, 20, 100, 110, 120])


@pytest.mark.parametrize(("break_it", "message"), [
    (lambda folder: (folder / "a.jpg").write_bytes(b"not a picture"), r"cannot be read: a\.jpg \(.*\)\. Repair or remove them"),
    (lambda folder: (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:60]), r"cannot be read: b\.png \("),
    (lambda folder: (folder / "a.jpg").unlink(), r"has 1 pictures that end in \.png, \.jpg, \.jpeg; at least 2 are needed"),
    (lambda folder: [path.unlink() for path in folder.iterdir()], "has 0 pictures that end in"),
])
def test_what_cannot_be_used_is_named(folder, break_it, message):
    break_it(folder)
    with pytest.raises(ValueError, match=message):
        data.images(folder)


def test_many_broken_pictures_are_counted(tmp_path):
    for i in range(9):
        (tmp_path / f"{i}.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"0\.png .*4\.png .*, and 4 more\. Repair"):
        data.images(tmp_path)


def test_a_picture_with_far_too_many_pixels_is_named(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match=r"a\.jpg \(Image size .* exceeds limit .*\); b\.png \("):
        data.images(folder)


def test_no_folder_and_no_size(folder):
    with pytest.raises(FileNotFoundError, match="there is no folder nowhere"):
        data.images("nowhere")
    with pytest.raises(ValueError, match="size must be at least 2; got 1"):
        data.images(folder, 1)


def test_from_file_takes_a_folder(folder):
    assert same_bits(data.from_file(folder).x, data.images(folder).x) and data.from_file(folder).image == (16, 16)


# ---------------------------------------------------------------- faces


@pytest.fixture
def olivetti(tmp_path):
    """A file like the one that scikit-learn keeps: 400 rows of 64 * 64 numbers from 0 to 1, each person's ten in a row."""
    x = np.repeat(np.arange(400) / 399, 64 * 64).reshape(400, 64, 64).astype(np.float32)
    x[:, :32] /= 2  # the upper half is darker
    columns = x.swapaxes(1, 2).reshape(400, 64 * 64)  # column after column, as the file has them
    joblib.dump(columns, tmp_path / "olivetti_py3.pkz", compress=1)
    return tmp_path


@pytest.mark.parametrize("size", [16, 32, 64])
def test_faces_are_made_smaller_by_means(olivetti, size):
    faces = data.faces(size, olivetti)
    assert faces.x.shape == (400, size * size) and faces.image == (size, size) and faces.name == "faces"
    assert faces.labels.tolist() == [person for person in range(40) for _ in range(10)]
    bright = data.brightness(faces.x).reshape(400, size, size)
    assert np.allclose(bright[:, size // 2:], (np.arange(400) / 399)[:, None, None], atol=1e-6)
    assert np.allclose(bright[:, :size // 2], (np.arange(400) / 798)[:, None, None], atol=1e-6)


def test_faces_of_another_size():
    with pytest.raises(ValueError, match="size must divide 64, the pixels on each side of a face, such as 16 or 32; got 20"):
        data.faces(20)


def test_faces_without_a_network_are_one_clear_sentence(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr("sklearn.datasets.fetch_olivetti_faces", no_network)
    with pytest.raises(OSError, match=r"the Olivetti faces are not in .*, and cannot be downloaded \(no route to h"):
        data.faces(16, tmp_path)


# ---------------------------------------------------------------- patches


def test_a_patch_is_a_piece_of_its_photograph():
    photo = np.arange(30 * 40).reshape(30, 40, 1) / 600 - 1
    source = data.Patches([photo], 8)
    x = source.sample(200, RNG(0)).reshape(200, 8, 8)
    corners = np.round((x[:, 0, 0] + 1) * 600).astype(int)
    rows, columns = corners // 40, corners % 40
    for patch, row, column in zip(x, rows, columns, strict=True):
        assert np.array_equal(patch, photo[row:row + 8, column:column + 8, 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 22, 0, 32)


def test_the_shipped_photographs():
    grey, colour = data.patches(), data.patches(12, colour=True)
    assert grey.dim == 256 and grey.image == (16, 16) and colour.dim == 432 and colour.image == (12, 12)
    x = grey.sample(50, RNG(1))
    assert same_bits(x, grey.sample(50, RNG(1))) and not same_bits(x, grey.sample(50, RNG(2)))
    assert -1 <= x.min() < -.5 < .5 < x.max() <= 1 and x.std() > .2
    assert grey.standardized() is grey and np.array_equal(grey.restore(x), x)
    seen, unseen = (data.patches(16, held_out=held_out).photographs for held_out in (False, True))
    assert [part.shape[1] for part in seen] == [120, 120] and [part.shape[1] for part in unseen] == [40, 40]
    whole = pictures._shipped()[0].mean(axis=-1, keepdims=True)
    assert np.array_equal(np.concatenate([seen[0], unseen[0]], axis=1), whole), "nothing is in both parts"


def test_patches_that_are_too_large():
    with pytest.raises(ValueError, match="size is 50, but a photograph has only 106 x 40 pixels"):
        data.patches(50, held_out=True)


# ---------------------------------------------------------------- what can be done with them


def test_a_dcgan_learns_from_patches_in_grey_and_in_colour():
    for colour in (False, True):
        source = data.patches(8, colour=colour)
        model = DCGAN("digits", hidden=(4, 2), batch=8, latent=3)
        model.train(source, steps=3, progress=False)
        x = model.sample(5)
        assert x.shape == (5, source.dim) and np.abs(x).max() <= 1


def test_the_settings_for_patches_and_for_a_folder(folder):
    assert DCGAN.recipe_for("patches").data == "patches" and DCGAN.recipe_for("patches").steps == 3000
    assert DCGAN.recipe_for(str(folder)).latent == DCGAN.recipe_for("digits").latent


def test_colour_is_drawn_as_colour_and_an_empty_place_is_white():
    red = np.tile([-1, 1, 1], 4)[None].astype(float)  # 1 is no colour
    figure = sheets.sheet(np.concatenate([red, red, red]), (2, 2), columns=2)
    image, = figure.axes[0].get_images()
    pixels = image.get_array()
    assert pixels.shape[-1] == 3 and np.allclose(pixels[0, 0], [1, 0, 0]) and np.allclose(pixels[-1, -1], 1)
    plt.close(figure)
    with pytest.raises(ValueError, match="2 x 2 pixels have 4 numbers a row, or in colour 12; got 8"):
        sheets.sheet(np.zeros((3, 8)), (2, 2))


def test_this_folder_holds_no_faces():
    assert not [*Path(__file__).parent.rglob("*.pkz")], "nothing that belongs to others is kept here"
