from lemons.exact.enumeration import cut


def test_the_cut_leaves_two_small_tables():
    spans = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4)]
    assert cut(spans, [32] * 5) == (2, 3)  # 32^3 rows on either side, one segment shared
    assert cut([(0, 0)], [32]) in {(0, 0), (1, 1)}  # nothing to cut
    assert cut([(0, 1)], [32, 32]) in {(0, 0), (1, 2)}  # everything is shared
