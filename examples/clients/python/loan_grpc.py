#!/usr/bin/env python3
"""Asks for loan scores over gRPC: loan_grpc.py [HOST:PORT].

Needs grpcio, protobuf and protoc (Debian: python3-grpcio python3-protobuf protobuf-compiler). The
message classes are made from this repository's .proto files into a temporary directory.
"""

import pathlib
import struct
import subprocess
import sys
import tempfile

import grpc

TARGET = sys.argv[1] if len(sys.argv) > 1 else "localhost:8001"
PROTO = pathlib.Path(__file__).resolve().parents[3] / "proto" / "src" / "main" / "proto"

# salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan; a row each.
APPLICANTS = [
    [90000, 0, 40, 2, 5, 3, 400000, 10, 180000],
    [90000, 0, 40, 2, 5, 3, 400000, 10, 220000],
]

with tempfile.TemporaryDirectory() as generated:
    files = [str(path) for path in (PROTO / "inference").glob("*.proto")]
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={generated}", *files], check=True)
    sys.path.insert(0, generated)
    from inference import grpc_service_pb2 as messages

request = messages.ModelInferRequest(model_name="loan")
tensor = request.inputs.add(name="features", datatype="FP32", shape=[2, 9])
request.raw_input_contents.append(
    struct.pack("<18f", *(value for row in APPLICANTS for value in row))
)

with grpc.insecure_channel(TARGET) as channel:
    infer = channel.unary_unary(
        "/inference.GRPCInferenceService/ModelInfer",
        request_serializer=messages.ModelInferRequest.SerializeToString,
        response_deserializer=messages.ModelInferResponse.FromString,
    )
    response = infer(request, timeout=10)

for row, score in enumerate(struct.unpack("<2f", response.raw_output_contents[0])):
    print(f"applicant {row + 1}: approved with probability {score:.4f}")
