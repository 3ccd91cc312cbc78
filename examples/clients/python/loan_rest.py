#!/usr/bin/env python3
"""Asks for loan scores over REST, with nothing but the standard library: loan_rest.py [URL]."""

import json
import struct
import sys
import urllib.request

URL = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"

# salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan; a row each.
APPLICANTS = [
    [90000, 0, 40, 2, 5, 3, 400000, 10, 180000],
    [90000, 0, 40, 2, 5, 3, 400000, 10, 220000],
]


def post(body, headers):
    request = urllib.request.Request(URL + "/v2/models/loan/infer", body, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.headers, response.read()


def with_json():
    tensor = {"name": "features", "datatype": "FP32", "shape": [2, 9], "data": APPLICANTS}
    _, answer = post(json.dumps({"inputs": [tensor]}).encode(), {})
    return json.loads(answer)["outputs"][0]["data"]


def with_binary_tensors():
    data = struct.pack("<18f", *(value for row in APPLICANTS for value in row))
    tensor = {
        "name": "features",
        "datatype": "FP32",
        "shape": [2, 9],
        "parameters": {"binary_data_size": len(data)},
    }
    header = json.dumps(
        {"inputs": [tensor], "outputs": [{"name": "score", "parameters": {"binary_data": True}}]}
    ).encode()
    headers, answer = post(header + data, {"Inference-Header-Content-Length": str(len(header))})
    start = int(headers["Inference-Header-Content-Length"])
    return struct.unpack("<2f", answer[start:])


scores = with_json()
for row, score in enumerate(scores):
    print(f"applicant {row + 1}: approved with probability {score:.4f}")
for score, same in zip(scores, with_binary_tensors()):
    assert abs(score - same) < 1e-6, "JSON and binary tensors disagree"
