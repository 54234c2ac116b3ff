"""What a device management takes, in one archive: profile, PowerShell, shell, ChromeOS policies (row 162)."""

import io
import zipfile
from collections.abc import Sequence

from gateway.domain.queue import Queue
from gateway.services.ports import Profiles
from gateway.services.queue_scripts import (
    chromeos_bulk,
    chromeos_policy,
    filled,
    keeper_for_powershell,
    keeper_for_shell,
    powershell_script,
    shell_script,
)

LIST_PATH = "/api/v1/queues"


async def bundle(
    queues: Sequence[Queue], *, profiles: Profiles, base_url: str, authority_pem: bytes, authority_der: bytes, mark: str
) -> bytes:
    """A zip archive. `mark` tells this gateway's queues from others'; `authority_*` are empty where there is none."""
    profile = await profiles.air_print(
        [queue.destination for queue in queues], key="managed", name="Papertap", text="Printers of your organisation."
    )
    address, pem = base_url + LIST_PATH, authority_pem.decode()
    listed = "\n".join(f"{queue.printer.name}  {queue.destination.uri}" for queue in queues)
    content: dict[str, str | bytes] = {
        "README.txt": filled("README.txt", {"ADDRESS": address, "QUEUES": listed}),
        "ios-macos/papertap.mobileconfig": profile,
        "windows/papertap-printers.ps1": powershell_script(queues, authority_der),
        "windows/papertap-queues.ps1": keeper_for_powershell(address, authority=authority_der, mark=mark),
        "linux-macos/papertap-printers.sh": shell_script(queues),
        "linux-macos/papertap-queues.sh": keeper_for_shell(f"{address}.txt", authority=pem, mark=mark),
        "chromeos/Printers.json": chromeos_policy(queues),
        "chromeos/bulk.json": chromeos_bulk(queues),
    }
    if authority_der:
        content["papertap-ca.cer"] = authority_der
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in content.items():
            entry = zipfile.ZipInfo(name)  # with a fixed date: the same printers make the same archive
            entry.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            archive.writestr(entry, octets, zipfile.ZIP_DEFLATED)
    return out.getvalue()
