"""What printer drivers send: LPR (RFC 1179) and RAW. Bytes in, values out, and two thin servers over it."""

from ipp.driver.lpd import LpdServer
from ipp.driver.raw import RawServer

__all__ = ["LpdServer", "RawServer"]
