"""Printers and Output Devices on SQLite and PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, select

from gateway.adapters.db.printer_rows import device_of, device_row, printer_of, printer_row
from gateway.adapters.db.saving import save
from gateway.adapters.db.tables import devices, printers
from gateway.adapters.db.transactions import Transactions
from gateway.domain.device import Device
from gateway.domain.printer import Printer

Value = TypeVar("Value", Printer, Device)


class SqlPrinterStore:
    """gateway.services.ports.PrinterStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def printers(self) -> list[Printer]:
        return await self._transactions.read(lambda connection: _all(connection, printers, printer_of))

    async def printer(self, name: str) -> Printer | None:
        return await self._transactions.read(lambda connection: _named(connection, printers, printer_of, name))

    async def save_printer(self, printer: Printer) -> Printer:
        row = printer_row(printer)
        version = await self._transactions.write(lambda connection: save(connection, printers, row))
        return replace(printer, version=version)

    async def delete_printer(self, name: str) -> None:
        await self._transactions.write(lambda connection: _delete(connection, printers, name))

    async def devices(self) -> list[Device]:
        return await self._transactions.read(lambda connection: _all(connection, devices, device_of))

    async def device(self, name: str) -> Device | None:
        return await self._transactions.read(lambda connection: _named(connection, devices, device_of, name))

    async def save_device(self, device: Device) -> Device:
        row = device_row(device)
        version = await self._transactions.write(lambda connection: save(connection, devices, row))
        return replace(device, version=version)

    async def delete_device(self, name: str) -> None:
        await self._transactions.write(lambda connection: _delete(connection, devices, name))


def _all(connection: Connection, table: Table, value_of: Callable[[RowMapping], Value]) -> list[Value]:
    """Sorted here: databases disagree about the order of letters."""
    rows = connection.execute(select(table)).mappings()
    return sorted((value_of(row) for row in rows), key=lambda value: value.name)


def _named(connection: Connection, table: Table, value_of: Callable[[RowMapping], Value], name: str) -> Value | None:
    statement = select(table).where(table.c.name == bindparam("wanted"))
    row = connection.execute(statement, {"wanted": name}).mappings().one_or_none()
    return None if row is None else value_of(row)


def _delete(connection: Connection, table: Table, name: str) -> None:
    connection.execute(delete(table).where(table.c.name == bindparam("wanted")), {"wanted": name})
