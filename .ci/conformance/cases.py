"""The ONNX operator cases that a tensor server can answer, as models and tensors.

They come with the onnx package (Debian: python3-onnx), which still uses names that newer numpy
releases have dropped.
"""

import warnings

import numpy

for name, builtin in (("float", float), ("bool", bool), ("object", object), ("int", int)):
    setattr(numpy, name, builtin)
warnings.filterwarnings("ignore")

import onnx  # noqa: E402
import onnx.backend.test.case.node as node_cases  # noqa: E402
from onnx import TensorProto  # noqa: E402

# What onnx 1.12 has in all, and what is left of it.
ALL = 924
QUALIFYING = 883

# Their answers are random.
RANDOM = {
    "test_training_dropout",
    "test_training_dropout_default",
    "test_training_dropout_mask",
    "test_training_dropout_default_mask",
}

DATATYPES = {
    TensorProto.FLOAT: "FP32",
    TensorProto.UINT8: "UINT8",
    TensorProto.INT8: "INT8",
    TensorProto.UINT16: "UINT16",
    TensorProto.INT16: "INT16",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64",
    TensorProto.STRING: "BYTES",
    TensorProto.BOOL: "BOOL",
    TensorProto.FLOAT16: "FP16",
    TensorProto.DOUBLE: "FP64",
    TensorProto.UINT32: "UINT32",
    TensorProto.UINT64: "UINT64",
    TensorProto.BFLOAT16: "BF16",
}


def is_tensor(value_info):
    return value_info.type.WhichOneof("value") == "tensor_type"


def qualifies(case):
    if case.name in RANDOM or case.name.startswith("test_bernoulli"):
        return False
    graph = case.model.graph
    if not all(is_tensor(value) for value in [*graph.input, *graph.output]):
        return False
    return not any("preview" in opset.domain for opset in case.model.opset_import)


class Tensor:
    """A tensor in the protocol's terms. A bfloat16 array holds the 16 bits as unsigned integers."""

    def __init__(self, value_info, array):
        self.name = value_info.name
        self.datatype = DATATYPES[value_info.type.tensor_type.elem_type]
        self.array = numpy.asarray(array)
        self.shape = list(self.array.shape)

    def raw(self):
        """Returns the bytes as the wire has them."""
        if self.datatype == "BYTES":
            parts = []
            for element in self.array.reshape(-1):
                data = element if isinstance(element, bytes) else str(element).encode()
                parts.append(len(data).to_bytes(4, "little") + data)
            return b"".join(parts)
        array = numpy.ascontiguousarray(self.array)
        return array.astype(array.dtype.newbyteorder("<")).tobytes()


class Case:
    def __init__(self, case):
        self.name = case.name
        self.model = case.model
        self.rtol = case.rtol
        self.atol = case.atol
        graph = case.model.graph
        inputs, outputs = case.data_sets[0]
        self.inputs = [Tensor(info, array) for info, array in zip(graph.input, inputs)]
        self.outputs = [Tensor(info, array) for info, array in zip(graph.output, outputs)]

    def datatypes(self):
        return {tensor.datatype for tensor in [*self.inputs, *self.outputs]}


def qualifying():
    found = node_cases.collect_testcases(None)
    if len(found) != ALL:
        raise SystemExit(f"onnx has {len(found)} operator cases (expected: {ALL} of onnx 1.12)")
    cases = [Case(case) for case in found if qualifies(case)]
    if len(cases) != QUALIFYING:
        raise SystemExit(f"{len(cases)} cases qualify (expected: {QUALIFYING})")
    seen = {}
    for case in cases:  # One name stands for two cases.
        seen[case.name] = seen.get(case.name, 0) + 1
        if seen[case.name] > 1:
            case.name += f"_{seen[case.name]}"
    return cases
