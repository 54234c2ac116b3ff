"""`python -m mobile_api.reader` is `papertap reader`."""

from mobile_api.reader.cli import reader

if __name__ == "__main__":
    reader()
