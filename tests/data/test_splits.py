import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data.splits import BAD, deal, encode

TRAIN, VALIDATION, TEST = range(3)


@given(n=st.integers(0, 400))
def test_held_out_parts(n):
    codes, notes = deal(np.zeros(n, np.uint8))
    test = n // 10
    assert (codes == TEST).sum() == test
    assert (codes == VALIDATION).sum() == (n - test) // 20
    assert len(notes) == 2


def test_a_large_set_holds_out_no_more_than_is_useful():
    codes, notes = deal(np.zeros(300_000, np.uint8))
    assert [(codes == c).sum() for c in (TRAIN, VALIDATION, TEST)] == [285_000, 5_000, 10_000]
    assert "10,000 of its 300,000" in notes[0]


def test_what_the_source_sets_aside_stays():
    given_codes = encode(["train"] * 100 + ["test"] * 7 + ["validation"] * 3)
    codes, notes = deal(given_codes)
    assert (codes == given_codes).all()
    assert notes == []


def test_a_given_test_split_stays_and_validation_is_held_out():
    codes, _ = deal(encode(["test"] * 10 + ["train"] * 100))
    assert (codes[:10] == TEST).all()
    assert (codes[10:] == VALIDATION).sum() == 5


def test_bad_ones_are_in_no_split_and_change_nothing_else():
    with_bad = np.zeros(110, np.uint8)
    with_bad[3::11] = BAD
    codes, _ = deal(with_bad)
    assert (codes[3::11] == BAD).all()
    assert (np.delete(codes, np.s_[3::11]) == deal(np.zeros(100, np.uint8))[0]).all()


@given(n=st.integers(0, 200), kinds=st.integers(1, 60), test=st.integers(0, 20), seed=st.integers(0, 99))
def test_copies_go_where_their_original_goes(n, kinds, test, seed):
    rng = np.random.default_rng(seed)
    content = rng.integers(0, kinds, n + test)
    originals = np.array([int(np.flatnonzero(content == c)[0]) for c in content], np.int64)
    before = np.array([TRAIN] * n + [TEST] * test, np.uint8)
    before = before[rng.permutation(n + test)]
    codes, _ = deal(before, originals)
    assert (codes[before == TEST] == TEST).all()
    for c in range(kinds):  # of those that were free to go anywhere and follow one that was
        followed = [
            row for row in np.flatnonzero((content == c) & (before == TRAIN)) if before[originals[row]] == TRAIN
        ]
        assert len(set(codes[followed].tolist())) <= 1


def test_the_held_out_ones_are_the_same_for_ever():
    codes, _ = deal(np.zeros(60, np.uint8))
    assert np.flatnonzero(codes == TEST).tolist() == [9, 10, 12, 22, 49, 58]
    assert np.flatnonzero(codes == VALIDATION).tolist() == [13, 41]
