import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data.layout import arrange
from saddlepoint.errors import UserError


def test_flat_files_have_no_labels():
    layout = arrange(["a.png", "b.png"], "set")
    assert layout.labels is None
    assert layout.classes == ()
    assert set(layout.splits) == {"train"}


def test_class_folders_are_sorted_labels_whatever_lies_below():
    layout = arrange(["cat/1.png", "cat/more/2.png", "dog/1.png"], "set")
    assert layout.classes == ("cat", "dog")
    assert layout.labels is not None
    assert layout.labels.tolist() == [0, 0, 1]


def test_folders_that_hold_everything_are_looked_through():
    layout = arrange(["set/images/cat/1.png", "set/images/dog/1.png"], "set")
    assert layout.classes == ("cat", "dog")
    assert layout.names == ("cat/1.png", "dog/1.png")


def test_one_class_is_none():
    assert arrange(["cat/1.png", "cat/2.png"], "set").labels is None


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "testing"), ("TRAIN", "Test")])
def test_split_folders(train, test):
    layout = arrange(sorted([f"{test}/cat/1.png", f"{train}/cat/1.png", f"{train}/dog/1.png"]), "set")
    assert sorted(layout.splits) == ["test", "train", "train"]
    assert layout.classes == ("cat", "dog")


def test_validation_folders_and_flat_splits():
    layout = arrange(["test/1.png", "train/1.png", "val/1.png"], "set")
    assert layout.splits == ("test", "train", "validation")
    assert layout.labels is None


def test_test_without_train_is_a_class():
    assert arrange(["exam/1.png", "test/1.png"], "set").classes == ("exam", "test")


@pytest.mark.parametrize(("stray", "said"), [("extra/1.png", "extra/"), ("1.png", "images outside them")])
def test_split_folders_with_others_beside_them_are_refused(stray, said):
    with pytest.raises(UserError, match=said):
        arrange(sorted([stray, "test/1.png", "train/1.png"]), "set")


def test_images_beside_class_folders_lose_the_labels_and_say_so():
    layout = arrange(["a/1.png", "b/1.png", "z.png"], "set")
    assert layout.labels is None
    assert "1 images lie outside the 2 class folders" in layout.notes[0]


@given(st.sets(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1))
def test_labels_are_the_folders(files):
    names = sorted(f"{folder}/{number}.png" for folder, number in files)
    layout = arrange(names, "set")
    if layout.labels is None:
        assert len({folder for folder, _ in files}) == 1
    else:
        assert [layout.classes[label] for label in layout.labels] == [name[0] for name in names]
