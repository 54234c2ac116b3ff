"""How much of a page each colorant covers: what a price by coverage is computed from. The formula is model.Coverage's."""

from PIL import Image, ImageChops, ImageStat

from sandbox.model import Coverage

_FULL = 10_000


def coverage(image: Image.Image) -> Coverage:
    """Of a drawn page, RGB or grey."""
    if image.mode == "L":
        return Coverage(cyan=0, magenta=0, yellow=0, black=_share(255 - ImageStat.Stat(image).mean[0]))
    red, green, blue = image.split()
    if red.tobytes() == green.tobytes() == blue.tobytes():
        return coverage(red)
    lightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    means = [ImageStat.Stat(one).mean[0] for one in (lightest, red, green, blue)]
    return Coverage(
        cyan=_share(means[0] - means[1]),
        magenta=_share(means[0] - means[2]),
        yellow=_share(means[0] - means[3]),
        black=_share(255 - means[0]),
    )


def _share(mean: float) -> int:
    return max(0, min(_FULL, round(mean * _FULL / 255)))
