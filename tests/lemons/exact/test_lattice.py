"""Families of sets as bits, and answers over supersets and subsets, against Python's sets of numbers."""

import numpy as np
import pytest

from lemons.exact.lattice import BLOCK_BITS, Family, maximum_over_subsets, minimum_over_supersets

SIZES = [0, 1, 2, 5, 6, 7, 9]  # components: less than a word's six, as many, more


def numbers_of(family):
    return {number for number in range(2**family.n_components) if number in family}


def family_of(numbers, n):
    values = np.zeros(2**n)
    values[list(numbers)] = 1
    return Family.reaching(values, np.float64(1))


@pytest.fixture
def some(rng):
    """A function of K: numbers of every third set or so."""
    return lambda n: set(np.flatnonzero(rng.random(2**n) < 0.3).tolist())


@pytest.mark.parametrize("n", [0, 1, 2, 5, 8])
def test_answers_over_supersets_and_subsets_are_those_of_the_definition(rng, n):
    values = rng.integers(-9, 9, 2**n)
    every = range(2**n)
    lowest = [min(values[t] for t in every if t & s == s) for s in every]
    highest = [max(values[t] for t in every if t & s == t) for s in every]
    assert minimum_over_supersets(values.copy()).tolist() == lowest
    assert maximum_over_subsets(values.copy()).tolist() == highest


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_change_nothing(rng, dtype):
    """Numbers of more bits than a block's: steps within blocks, turned and not, and steps between blocks."""
    n = BLOCK_BITS + 2
    values = rng.normal(size=2**n).astype(dtype)
    plain = values.reshape((2,) * n)
    for axis in range(n):
        plain = np.minimum(plain, np.stack([plain.take(1, axis), plain.take(1, axis)], axis))
    found = minimum_over_supersets(values)
    assert found is values
    np.testing.assert_array_equal(found, plain.ravel())
    np.testing.assert_array_equal(maximum_over_subsets(-found[::-1]), -found[::-1])  # it is its own closure


@pytest.mark.parametrize("n", SIZES)
def test_a_family_holds_its_sets(some, n):
    numbers = some(n)
    family = family_of(numbers, n)
    assert numbers_of(family) == numbers
    assert len(family) == len(numbers)
    assert numbers_of(~family) == set(range(2**n)) - numbers
    assert len(~family) == 2**n - len(numbers)
    other = some(n)
    assert numbers_of(family & family_of(other, n)) == numbers & other


@pytest.mark.parametrize("n", SIZES)
def test_complements_are_what_sets_lack(some, n):
    numbers = some(n)
    assert numbers_of(family_of(numbers, n).complements()) == {2**n - 1 - number for number in numbers}


@pytest.mark.parametrize("n", SIZES)
def test_minimal_sets_have_no_part_in_the_family(some, n):
    seeds = some(n) if n < 7 else set(list(some(n))[::20])
    upper = {t for t in range(2**n) if any(t & s == s for s in seeds)}
    minimal = {t for t in upper if not any(s != t and t & s == s for s in upper)}
    assert numbers_of(family_of(upper, n).minimal()) == minimal


@pytest.mark.parametrize("n", SIZES[1:])
def test_component_0_is_the_most_significant_bit(some, n):
    numbers = some(n)
    family = family_of(numbers, n)
    for component in range(n):
        bit = 2 ** (n - 1 - component)
        assert numbers_of(family.having(component)) == {number for number in numbers if number & bit}
        assert numbers_of(family.without(component)) == {number - bit for number in numbers if number & bit}


@pytest.mark.parametrize("n", SIZES)
def test_sets_are_counted_by_size_and_listed_in_the_order_of_their_components(some, n):
    numbers = some(n)
    family = family_of(numbers, n)
    assert family.sizes().tolist() == [sum(number.bit_count() == size for number in numbers) for size in range(n + 1)]
    for size in range(n + 1):
        sets = sorted(
            [i for i in range(n) if number >> (n - 1 - i) & 1] for number in numbers if number.bit_count() == size
        )
        for limit in (1, 3, 2**n):
            found = [[i for i in range(n) if x >> (n - 1 - i) & 1] for x in family.of_size(size, limit).tolist()]
            assert found == sets[:limit]
