from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.integrity.merkle import leaf_hash, node_hash, path_to, root_by, root_of

# The leaves and roots by which Certificate Transparency's own implementations are tested (transparency-dev/merkle, testonly/constants.go).
LEAVES = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1: split at the largest power of two smaller than their number."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70), st.data())
def test_every_leaf_is_proved_and_nothing_else_is(contents: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(content) for content in contents]
    root = root_of(leaves)
    assert root == by_definition(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = path_to(leaves, index)
    assert root_by(leaves[index], index, len(leaves), path) == root
    assert root_by(leaf_hash(b"never there"), index, len(leaves), path) != root
    assert root_by(leaves[index], index, len(leaves), [*path, leaves[0]]) is None
    if path:
        assert root_by(leaves[index], index, len(leaves), path[:-1]) is None
        place = data.draw(st.integers(0, len(path) - 1))
        changed = [*path[:place], bytes(32), *path[place + 1 :]]
        assert root_by(leaves[index], index, len(leaves), changed) != root


def test_a_place_outside_the_tree_has_no_proof() -> None:
    leaves = [leaf_hash(leaf) for leaf in LEAVES[:3]]
    assert root_by(leaves[0], 3, 3, []) is None
    with pytest.raises(IndexError):
        path_to(leaves, 3)
