"""Sticker sheets as PDF: gateway.services.stickers.StickerPrinter on WeasyPrint."""

from gateway.adapters.stickers.sheet import StickerSheets

__all__ = ["StickerSheets"]
