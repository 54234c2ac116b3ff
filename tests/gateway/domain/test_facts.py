"""What is kept of a document's pages in the job's row: all of it, and small."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.document import Coverage, DocumentFacts, Inspection, PageFacts, Sheet
from gateway.domain.facts import MOST_PAGES, JobFacts, kept, read

_ink = st.integers(0, 10_000)
_sizes = st.sampled_from([(21000, 29700), (29700, 21000), (21590, 27940)])
_colored = st.builds(
    lambda size, ink: PageFacts(width=size[0], height=size[1], color=True, coverage=ink),
    _sizes,
    st.none() | st.builds(Coverage, cyan=_ink, magenta=_ink, yellow=_ink, black=_ink),
)
_grey = st.builds(
    lambda size, ink: PageFacts(width=size[0], height=size[1], color=False, coverage=ink),
    _sizes,
    st.none() | st.builds(Coverage, black=_ink),
)
_names = st.lists(st.text(max_size=20), max_size=4, unique=True).map(tuple)
_inspections = st.builds(
    Inspection,
    sheets=st.lists(st.builds(Sheet, name=st.text(max_size=20), hidden=st.booleans()), max_size=4).map(tuple),
    slides=st.integers(0, 99),
    comments=st.integers(0, 99),
    macros=st.booleans(),
)


@given(st.lists(_colored | _grey, max_size=30), _names, _names, _inspections)
def test_what_is_kept_is_read_again(
    pages: list[PageFacts], fonts: tuple[str, ...], missing: tuple[str, ...], found: Inspection
) -> None:
    one = DocumentFacts(format="x", pages=tuple(pages), fonts=fonts, missing_fonts=missing, inspection=found)
    other = DocumentFacts(format="y", pages=())
    assert read(kept(pages, [one, other])) == JobFacts(
        pages=tuple(pages), fonts=fonts, missing_fonts=missing, inspections=(found, Inspection())
    )


def test_what_a_grey_page_has_of_colour_is_noise() -> None:
    noisy = PageFacts(width=1, height=1, color=False, coverage=Coverage(cyan=3, magenta=2, yellow=1, black=500))
    [page] = read(kept([noisy], [])).pages
    assert page.coverage == Coverage(black=500)


def test_a_job_that_was_not_prepared_has_no_facts() -> None:
    assert read("") == JobFacts()


def test_a_row_stays_small() -> None:
    full = Coverage(cyan=10_000, magenta=10_000, yellow=10_000, black=10_000)
    pages = [PageFacts(width=21000, height=29700, color=True, coverage=full)] * 9_000
    sheet = Sheet(name="x" * 300, print_area="A1:B2")
    fonts = tuple(f"{'f' * 300}{number}" for number in range(500))
    one = DocumentFacts(format="x", pages=(), fonts=fonts, inspection=Inspection(sheets=(sheet,) * 9_000))
    text = kept(pages, [one] * 9)
    assert len(read(text).pages) == MOST_PAGES
    assert len(text) < 350_000
    typical = [PageFacts(width=21000, height=29700, color=False, coverage=Coverage(black=512))] * MOST_PAGES
    assert len(kept(typical, [])) < 20_000
