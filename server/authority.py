"""The server's own certificate authority, made at its first start: kiosks that know it know the broker and the pages by it.

Certificates are valid from 1970 to 2100, because a kiosk without a clock battery must find its server before it knows the time.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.errors import ServerError
from server.keys import make_folder, write_once, write_privately

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FROM: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2100, 1, 1, tzinfo=UTC)
_AUTHORITY: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vidhuk server authority")])
_SERVER: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vidhuk server")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The files by which a service shows that it is this server: its certificate and its private key, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority: `pem` is its certificate, which kiosks are given and everybody may see."""

    pem: str
    _key: ec.EllipticCurvePrivateKey

    def certify(self, folder: Path, names: Iterable[str], *, for_group: bool = False) -> Certificate:
        """Give the server's certificate for these host names and addresses, from `folder`; made where there is none, or for others.

        `for_group`: whoever is in the folder's group may read the files too.

        Raises:
            ServerError: one of them can be no host's.
        """
        files = Certificate(certificate=folder / "server.crt", key=folder / "server.key")
        wanted = _alternatives(names)
        if not self._is_for(files, wanted):
            make_folder(folder)
            key = ec.generate_private_key(ec.SECP256R1())
            write_privately(files.key, _private_pem(key), for_group=for_group)
            write_privately(files.certificate, _pem(self._sign(key.public_key(), wanted)), for_group=for_group)
        return files

    def _sign(self, public_key: ec.EllipticCurvePublicKey, names: x509.SubjectAlternativeName) -> x509.Certificate:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = _builder(_SERVER, public_key).add_extension(names, critical=False).add_extension(usage, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        return builder.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())

    def _is_for(self, files: Certificate, names: x509.SubjectAlternativeName) -> bool:
        try:
            key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
            known = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            known.verify_directly_issued_by(x509.load_pem_x509_certificate(self.pem.encode()))
            is_pair = known.public_key() == key.public_key()
            return is_pair and known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == names
        except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one takes its place
            return False


def load_authority(data_dir: Path) -> Authority:
    """Read the authority from `data_dir`, making it where there is none.

    Raises:
        ServerError: its files are damaged; a new one would be a stranger to every kiosk.
    """
    folder = data_dir / "keys"
    make_folder(folder)
    key_path, certificate_path = folder / "authority.key", folder / "authority.crt"
    if not key_path.exists():
        write_once(key_path, _private_pem(ec.generate_private_key(ec.SECP256R1())))
    try:
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - as it was made above
        if not certificate_path.exists():
            write_once(certificate_path, _pem(_sign_itself(key)))
        pem = certificate_path.read_text()
        x509.load_pem_x509_certificate(pem.encode()).verify_directly_issued_by(x509.load_pem_x509_certificate(pem.encode()))
    except Exception as error:
        raise ServerError(f"{folder}/authority.key or authority.crt is damaged: put both back from a backup") from error
    return Authority(pem, key)


def _sign_itself(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    builder = _builder(_AUTHORITY, key.public_key(), serial=1)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.add_extension(_signs_certificates(), critical=True).sign(key, hashes.SHA256())


def _builder(subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *, serial: int | None = None) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(_AUTHORITY).public_key(public_key)
    return builder.serial_number(serial or x509.random_serial_number()).not_valid_before(_FROM).not_valid_after(_UNTIL)


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: Iterable[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative(name) for name in sorted(set(names))])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name.encode("idna").decode())
    except ValueError as error:
        raise ServerError(f"no certificate can be made for {name!r}: it is no host name") from error


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
