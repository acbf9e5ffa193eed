"""A multipart/form-data body, taken apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser


@dataclass(frozen=True, slots=True)
class FormPart:
    """One field of a form; `filename` is empty where it is no file."""

    name: str
    filename: str
    content: bytes


def form_parts(content_type: str, body: bytes) -> list[FormPart]:
    """The fields of a form in order.

    Source: RFC 7578, RFC 2046 section 5.1.1.

    Raises:
        ValueError: it is no multipart form, or it has no end.
    """
    delimiter = b"\r\n--" + _boundary(content_type)
    _, *sections = (b"\r\n" + body).split(delimiter)
    if not sections or not sections[-1].startswith(b"--"):
        raise ValueError("the form has no end")
    return list(_parts(sections[:-1]))


def _boundary(content_type: str) -> bytes:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        raise ValueError("the content type is not multipart/form-data with a boundary")
    return boundary.encode("latin-1", "replace")


def _parts(sections: list[bytes]) -> Iterator[FormPart]:
    for section in sections:
        head, _, content = section.partition(b"\r\n\r\n")
        header = BytesHeaderParser().parsebytes(head.strip() + b"\r\n\r\n")
        name = header.get_param("name", header="content-disposition")
        yield FormPart(name if isinstance(name, str) else "", header.get_filename() or "", content)
