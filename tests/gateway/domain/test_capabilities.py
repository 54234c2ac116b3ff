"""The union of what devices can do."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.capabilities import A4, LETTER, Capabilities, Media, union

SMALL = Capabilities(
    formats=("image/urf",),
    media=(Media(name=A4, x=21000, y=29700),),
    color=False,
    duplex=False,
    copies=1,
    resolutions=(300,),
    finishings=(3,),
    output_bins=("face-up",),
    media_types=("stationery",),
    pages_per_minute=10,
    pages_per_minute_color=5,
    make_and_model="Small 1",
)
LARGE = replace(
    SMALL,
    formats=("application/pdf", "image/urf"),
    media=(Media(name=LETTER, x=21590, y=27940), Media(name=A4, x=21000, y=29700)),
    color=True,
    duplex=True,
    copies=99,
    resolutions=(600, 300),
    finishings=(4,),
    pages_per_minute=50,
    make_and_model="Large 2",
)

some = st.lists(st.sampled_from([SMALL, LARGE, Capabilities()]), min_size=1, max_size=4)


def test_of_nothing_is_the_default() -> None:
    assert union(()) == Capabilities()


def test_of_one_is_that_one() -> None:
    assert union((SMALL,)) == SMALL


def test_of_two_is_what_either_can() -> None:
    both = union((SMALL, LARGE))
    assert both.formats == ("image/urf", "application/pdf")
    assert {media.name for media in both.media} == {A4, LETTER}
    assert len(both.media) == 2
    assert (both.color, both.duplex, both.copies) == (True, True, 99)
    assert both.resolutions == (300, 600)
    assert both.finishings == (3, 4)
    assert both.pages_per_minute == 50
    assert both.make_and_model == "Papertap Print Gateway"


def test_of_the_same_sheet_the_first_devices_word_holds() -> None:
    wide = replace(SMALL, media=(replace(SMALL.media[0], margin=0),))
    assert union((SMALL, wide)).find_media(A4) == SMALL.media[0]
    assert union((wide, SMALL)).find_media(A4) == wide.media[0]


def test_find_media_is_by_name() -> None:
    assert LARGE.find_media(LETTER) == LARGE.media[0]
    assert SMALL.find_media(LETTER) is None


@given(some)
def test_the_union_promises_nothing_that_no_device_can(several: list[Capabilities]) -> None:
    all_of = union(tuple(several))
    for name in ("formats", "resolutions", "finishings", "output_bins", "media_types"):
        assert set(getattr(all_of, name)) == {item for each in several for item in getattr(each, name)}
    assert {m.name for m in all_of.media} == {m.name for each in several for m in each.media}
    assert all_of.color == any(each.color for each in several)
