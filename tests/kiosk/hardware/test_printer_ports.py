from __future__ import annotations

import errno
import os
import threading
import tty
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import usb.core
from usb.backend import IBackend

from kiosk.config_devices import Printer
from kiosk.errors import Fault
from kiosk.hardware.paper.ports import SerialPort, UsbPort, answer_in, open_port
from kiosk.hardware.printer import QueuedPrinter
from tests import escpos
from tests.kiosk.hardware.paper import Told, at
from tests.kiosk.support import FakeClock, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class SerialLine:
    """A printer on a pseudo-terminal behind a name, as udev gives one; unplugging it takes both away."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.taken = bytearray()
        self.status = 0x12
        self._master = -1
        self.plug()

    def plug(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.link.symlink_to(os.ttyname(slave))
        threading.Thread(target=self._listen, args=(self._master, slave), daemon=True).start()

    def unplug(self) -> None:
        self.link.unlink()
        os.close(self._master)

    def _listen(self, master: int, slave: int) -> None:
        with suppress(OSError):
            while octets := os.read(master, 4096):
                self.taken += octets
                if b"\x10\x04" in octets:
                    os.write(master, bytes([0x14, 0x00, self.status]))  # beside the answer, what printers say unasked
        os.close(slave)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SerialLine]:
    opened = SerialLine(tmp_path / "printer")
    yield opened
    with suppress(OSError):
        opened.unplug()


def test_a_serial_printer_prints_answers_and_comes_back(line: SerialLine, clock: FakeClock) -> None:
    told = Told()
    config = Printer(kind="serial", port=str(line.link), text="CP1251", page=46)
    printer = QueuedPrinter(lambda: open_port(config), config, clock, told, look_s=0.01)
    try:
        for cuts in range(1, 4):
            one = at(clock.moment())
            printer.print(one)
            wait_until(lambda done=cuts: escpos.read(bytes(line.taken), {46: "cp1251"}).cuts == done)
            line.status = 0x72
            wait_until(lambda: told.now is Fault.PAPER_END)
            line.status = 0x12
            wait_until(lambda: told.now is None)
            line.unplug()
            wait_until(lambda: told.now is Fault.PRINTER_MISSING)
            line.plug()
            wait_until(lambda: told.now is None)
    finally:
        printer.close()
    assert escpos.read(bytes(line.taken), {46: "cp1251"}).unknown == b""
    assert told.faults == [Fault.PAPER_END, None, Fault.PRINTER_MISSING, None] * 3


def test_a_serial_line_belongs_to_one(line: SerialLine) -> None:
    first = SerialPort(str(line.link), 9600)
    with pytest.raises(OSError, match="exclusively lock"):
        SerialPort(str(line.link), 9600)
    first.close()
    first.close()
    SerialPort(str(line.link), 9600).close()


def test_a_serial_line_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        SerialPort(str(tmp_path / "none"), 9600)


@pytest.mark.parametrize(
    ("octets", "answer"), [(b"", None), (b"\x12", 0x12), (b"\x14\0\0\x0f", None), (b"\x12\x72", 0x72), (b"\x36\xff", 0x36), (b"\x92", None)]
)
def test_an_answer_is_told_from_what_printers_say_unasked(octets: bytes, answer: int | None) -> None:
    assert answer_in(octets) == answer


class FakeBus(IBackend):  # type: ignore[misc] - pyusb has no types
    """A USB bus, behind pyusb's own seam: devices with one interface and two bulk endpoints, and what they were sent."""

    def __init__(self, *devices: SimpleNamespace) -> None:
        self.devices = list(devices)
        self.released = 0

    def enumerate_devices(self) -> Iterator[SimpleNamespace]:
        return iter(self.devices)

    def get_parent(self, dev: Any) -> None:
        return None

    def get_device_descriptor(self, dev: Any) -> SimpleNamespace:
        values = {"bLength": 18, "bDescriptorType": 1, "bcdUSB": 0x200, "bDeviceClass": 0, "bDeviceSubClass": 0, "bDeviceProtocol": 0}
        values |= {"bMaxPacketSize0": 64, "idVendor": dev.vendor, "idProduct": dev.product, "bcdDevice": 0x100, "iManufacturer": 0}
        values |= {"iProduct": 0, "iSerialNumber": 0, "bNumConfigurations": 1, "address": 1, "bus": 1, "port_number": 1}
        return SimpleNamespace(**values, port_numbers=None, speed=3)

    def get_configuration_descriptor(self, dev: Any, config: int) -> SimpleNamespace:
        if config:
            raise IndexError
        values = {"bLength": 9, "bDescriptorType": 2, "wTotalLength": 32, "bNumInterfaces": 1, "bConfigurationValue": 1}
        return SimpleNamespace(**values, iConfiguration=0, bmAttributes=0xC0, bMaxPower=50, extra_descriptors=b"")

    def get_interface_descriptor(self, dev: Any, intf: int, alt: int, config: int) -> SimpleNamespace:
        if intf or alt:
            raise IndexError
        values = {"bLength": 9, "bDescriptorType": 4, "bInterfaceNumber": 0, "bAlternateSetting": 0, "bNumEndpoints": len(dev.endpoints)}
        values |= {"bInterfaceClass": dev.kind, "bInterfaceSubClass": 1, "bInterfaceProtocol": 2, "iInterface": 0}
        return SimpleNamespace(**values, extra_descriptors=b"")

    def get_endpoint_descriptor(self, dev: Any, ep: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        values = {"bLength": 7, "bDescriptorType": 5, "bEndpointAddress": dev.endpoints[ep], "bmAttributes": 2, "wMaxPacketSize": 64}
        return SimpleNamespace(**values, bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=b"")

    def open_device(self, dev: Any) -> Any:
        self._see(dev)
        if dev.refuses:
            raise usb.core.USBError("Access denied (insufficient permissions)", -3, errno.EACCES)
        return dev

    def close_device(self, dev_handle: Any) -> None:
        self.released += 1

    def get_configuration(self, dev_handle: Any) -> int:
        return 1

    def is_kernel_driver_active(self, dev_handle: Any, intf: int) -> bool:
        return bool(dev_handle.has_driver)

    def detach_kernel_driver(self, dev_handle: Any, intf: int) -> None:
        dev_handle.has_driver = False

    def claim_interface(self, dev_handle: Any, intf: int) -> None:
        assert not dev_handle.has_driver

    def release_interface(self, dev_handle: Any, intf: int) -> None:
        pass

    def ctrl_transfer(self, dev_handle: Any, *arguments: Any) -> int:
        self._see(dev_handle)
        return 2

    def bulk_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        self._see(dev_handle)
        assert ep == dev_handle.endpoints[0]
        assert timeout > 0, "never waits for ever"
        octets = bytes(data)
        dev_handle.taken += octets
        if octets[:2] == b"\x10\x04" and dev_handle.answers:
            dev_handle.said += b"\x12"
        return len(octets)

    def bulk_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        self._see(dev_handle)
        if not dev_handle.said:
            raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        count = len(dev_handle.said)
        for place, octet in enumerate(dev_handle.said):
            buff[place] = octet
        dev_handle.said.clear()
        return count

    def _see(self, dev: Any) -> None:
        if dev not in self.devices:
            raise usb.core.USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)


def device(vendor: int = 0x0416, product: int = 0x5011, kind: int = 7, endpoints: tuple[int, ...] = (0x03, 0x81)) -> SimpleNamespace:
    state = {"taken": bytearray(), "said": bytearray(), "answers": True, "refuses": False, "has_driver": True}
    return SimpleNamespace(vendor=vendor, product=product, kind=kind, endpoints=endpoints, **state)


def test_a_usb_printer_prints_answers_and_comes_back(clock: FakeClock) -> None:
    keyboard, plugged = device(0x046D, 0xC31C, kind=3), device()
    bus, told = FakeBus(keyboard, plugged), Told()
    printer = QueuedPrinter(lambda: UsbPort(None, None, bus), Printer(), clock, told, look_s=0.01)
    try:
        one = at(clock.moment())
        printer.print(one)
        wait_until(lambda: escpos.read(bytes(plugged.taken)).cuts == 1)
        assert escpos.read(bytes(plugged.taken)).codes == [one.qr]
        bus.devices.remove(plugged)
        wait_until(lambda: told.now is Fault.PRINTER_MISSING)
        bus.devices.append(plugged)
        wait_until(lambda: told.now is None)
    finally:
        printer.close()
    assert told.faults == [Fault.PRINTER_MISSING, None]
    assert not keyboard.taken


def test_a_usb_printer_is_found_by_its_numbers_whatever_it_calls_itself() -> None:
    other, wanted = device(), device(0x0FE6, 0x811E, kind=255, endpoints=(0x01, 0x82))
    port = UsbPort(0x0FE6, 0x811E, FakeBus(other, wanted))
    port.write(b"hello")
    assert (bytes(wanted.taken), bytes(other.taken)) == (b"hello", b"")
    port.close()


def test_a_usb_printer_that_says_nothing_has_no_status() -> None:
    mute, one_way = device(), device(endpoints=(0x02,))
    mute.answers = False
    assert UsbPort(None, None, FakeBus(mute)).ask(4, 0.05) is None
    assert UsbPort(None, None, FakeBus(one_way)).ask(4, 0.05) is None
    assert not one_way.taken


def test_what_is_no_printer_is_not_taken_for_one() -> None:
    with pytest.raises(OSError, match="no such USB printer"):
        UsbPort(None, None, FakeBus(device(kind=3)))
    with pytest.raises(OSError, match="no such USB printer"):
        UsbPort(1, 2, FakeBus(device()))


def test_a_usb_printer_of_somebody_else_is_a_failure(clock: FakeClock) -> None:
    refusing = device()
    refusing.refuses = True
    told = Told()
    printer = QueuedPrinter(lambda: UsbPort(None, None, FakeBus(refusing)), Printer(), clock, told, look_s=0.01)
    try:
        wait_until(lambda: told.faults == [Fault.PRINTER_FAILED])
    finally:
        printer.close()
