"""The messages of proto/schema as Python classes, made by protoc where this runs: the broker's wire and its signed objects."""

import importlib
import subprocess
import sys
import tempfile

from support.place import ROOT

NAMES = ("wire", "directory", "envelope", "evidence")
_folder = tempfile.TemporaryDirectory(prefix="carepost-schema-")
subprocess.run(["protoc", "--python_out", _folder.name, "-I", ROOT, *[f"proto/schema/{name}.proto" for name in NAMES]], cwd=ROOT, check=True)
sys.path.insert(0, _folder.name)
wire, directory, envelope, evidence = (importlib.import_module(f"proto.schema.{name}_pb2") for name in NAMES)


def parsed(kind, data: bytes):
    """A message of this class from its bytes."""
    out = kind()
    out.ParseFromString(data)
    return out


class Edited:
    """`with Edited(holder, field, kind) as inner`: the bytes field of `holder` as a message, written back at the end."""

    def __init__(self, holder, field: str, kind):
        self.holder, self.field, self.inner = holder, field, parsed(kind, getattr(holder, field))

    def __enter__(self):
        return self.inner

    def __exit__(self, kind, error, trace):
        if kind is None:
            setattr(self.holder, self.field, self.inner.SerializeToString())
