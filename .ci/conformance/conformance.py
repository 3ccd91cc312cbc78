#!/usr/bin/python3
"""Sends every qualifying ONNX operator case through a running server and compares the answers.

Over gRPC with raw contents, REST with binary tensors and REST with JSON. Integers, booleans and
bytes must agree bit for bit, floats within the case's tolerance. FP16 and BF16 do not travel in
JSON: there the refusal is checked. Where ONNX Runtime itself, run directly, misses what a case
expects, the answer must agree with ONNX Runtime's; those cases are listed. A model that the server
could not load counts as unsupported by the engine only if the engine, run directly, says the same.

usage: conformance.py ROOT, ROOT being a built checkout; see the script `run` beside this file.
"""

import collections
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import grpc
import numpy

import cases

ROOT = pathlib.Path(sys.argv[1]).resolve()
TRANSPORTS = ("gRPC raw", "REST binary", "REST JSON")
NUMPY = {
    "FP32": "<f4", "FP64": "<f8", "FP16": "<f2", "BOOL": "?", "BF16": "<u2",
    "INT8": "i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
    "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
}
FLOATS = {"FP16", "FP32", "FP64"}


class Answer:
    """One output: its datatype, shape and wire bytes."""

    def __init__(self, datatype, shape, raw):
        self.datatype = datatype
        self.shape = [int(dim) for dim in shape]
        self.raw = raw


class Refused(Exception):
    pass


def difference(expected, answer, rtol, atol):
    """Returns how an answer differs from what is expected; empty if it does not."""
    if answer.datatype != expected.datatype:
        return f"datatype {answer.datatype}, expected {expected.datatype}"
    if answer.shape != expected.shape:
        return f"shape {answer.shape}, expected {expected.shape}"
    if expected.datatype not in FLOATS:
        return "" if answer.raw == expected.raw else "the bytes differ"
    left = numpy.frombuffer(answer.raw, NUMPY[answer.datatype]).astype("f8")
    right = numpy.frombuffer(expected.raw, NUMPY[answer.datatype]).astype("f8")
    if left.shape != right.shape:
        return f"{left.size} elements, expected {right.size}"
    close = numpy.isclose(left, right, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return ""
    worst = numpy.nanmax(numpy.abs(left - right)) if left.size else 0
    return f"{(~close).sum()} of {close.size} elements differ, by up to {worst:g}"


# The three transports.


class Grpc:
    def __init__(self, address, generated):
        sys.path.insert(0, str(generated))
        from inference import grpc_service_pb2 as messages

        self.messages = messages
        limit = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(address, limit)
        self.infer = self.channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )

    def send(self, model, case):
        request = self.messages.ModelInferRequest(model_name=model)
        for tensor in case.inputs:
            request.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
            request.raw_input_contents.append(tensor.raw())
        try:
            response = self.infer(request, timeout=60)
        except grpc.RpcError as error:
            raise Refused(f"{error.code().name}: {error.details()}") from error
        return {
            output.name: Answer(output.datatype, output.shape, raw)
            for output, raw in zip(response.outputs, response.raw_output_contents)
        }


class Rest:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=60)

    def post(self, path, body, headers):
        self.connection.request("POST", path, body, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise Refused(f"{response.status}: {answer.decode(errors='replace')}")
        return response, answer


class RestBinary(Rest):
    def send(self, model, case):
        blobs = [tensor.raw() for tensor in case.inputs]
        inputs = [
            {
                "name": tensor.name,
                "datatype": tensor.datatype,
                "shape": tensor.shape,
                "parameters": {"binary_data_size": len(blob)},
            }
            for tensor, blob in zip(case.inputs, blobs)
        ]
        document = {"inputs": inputs, "parameters": {"binary_data_output": True}}
        header = json.dumps(document).encode()
        response, body = self.post(
            f"/v2/models/{model}/infer",
            header + b"".join(blobs),
            {"Inference-Header-Content-Length": str(len(header))},
        )
        length = response.getheader("Inference-Header-Content-Length")
        start = int(length) if length is not None else len(body)
        answers = {}
        for output in json.loads(body[:start])["outputs"]:
            size = output["parameters"]["binary_data_size"]
            answers[output["name"]] = Answer(
                output["datatype"], output["shape"], body[start : start + size]
            )
            start += size
        return answers


class RestJson(Rest):
    def send(self, model, case):
        inputs = [
            {
                "name": tensor.name,
                "datatype": tensor.datatype,
                "shape": tensor.shape,
                "data": self.values(tensor),
            }
            for tensor in case.inputs
        ]
        document = json.dumps({"inputs": inputs}, allow_nan=False)
        _, body = self.post(f"/v2/models/{model}/infer", document.encode(), {})
        answers = {}
        for output in json.loads(body, parse_constant=self.not_json)["outputs"]:
            answers[output["name"]] = Answer(
                output["datatype"], output["shape"], self.raw(output["datatype"], output["data"])
            )
        return answers

    @staticmethod
    def not_json(constant):
        raise Refused(f"the answer has a bare {constant}, which is not JSON")

    @staticmethod
    def values(tensor):
        if tensor.datatype == "BYTES":
            return [
                element.decode() if isinstance(element, bytes) else str(element)
                for element in tensor.array.reshape(-1)
            ]
        values = tensor.array.reshape(-1).tolist()
        if tensor.datatype in FLOATS:
            names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
            values = [names.get(repr(value), value) for value in values]
        return values

    @staticmethod
    def raw(datatype, data):
        if datatype == "BYTES":
            encoded = [text.encode() for text in data]
            return b"".join(len(each).to_bytes(4, "little") + each for each in encoded)
        if datatype in FLOATS:
            data = [float(value) for value in data]
        return numpy.array(data, dtype=NUMPY[datatype]).tobytes()


# ONNX Runtime without a server.


def run_directly(directory, chosen):
    """Runs cases through ONNX Runtime itself; returns its answers, or its error as a string."""
    for case in chosen:
        place = directory / case.name
        place.mkdir(parents=True)
        (place / "model.onnx").write_bytes(case.model.SerializeToString())
        lines = []
        for index, tensor in enumerate(case.inputs):
            dims = ",".join(str(dim) for dim in tensor.shape)
            lines.append(f"{tensor.name}\t{tensor.datatype}\t{dims}\n")
            (place / f"input_{index}.bin").write_bytes(tensor.raw())
        (place / "inputs.txt").write_text("".join(lines))
    classpath = ":".join(
        [
            str(ROOT / "runtime/target/classes"),
            str(ROOT / "runtime/target/test-classes"),
            *sorted(str(jar) for jar in (ROOT / "runtime/target/lib").glob("*.jar")),
        ]
    )
    subprocess.run(
        [
            os.environ["JAVA_HOME"] + "/bin/java",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classpath,
            "dev.skeg.runtime.backend.onnx.DirectRun",
            str(directory),
        ],
        check=True,
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
    )
    results = {}
    for case in chosen:
        place = directory / case.name
        if (place / "error.txt").exists():
            results[case.name] = (place / "error.txt").read_text().strip()
            continue
        answers = {}
        for index, line in enumerate((place / "outputs.txt").read_text().splitlines()):
            name, datatype, dims = line.split("\t")
            shape = [int(dim) for dim in dims.split(",") if dim]
            answers[name] = Answer(datatype, shape, (place / f"output_{index}.bin").read_bytes())
        results[case.name] = answers
    return results


def start_server(directory, work):
    command = [str(ROOT / "skeg"), "serve", "--models", str(directory)]
    for port in ("http", "grpc", "metrics", "admin"):
        command += [f"--{port}-port", "0"]
    command += ["--data-dir", str(work / "data")]
    log = open(work / "server.log", "w")
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in server.stdout:
        if line.startswith("skeg ready"):
            print(line.strip())
            return server, dict(re.findall(r"(\w+)=(\S+)", line))
    raise SystemExit(f"the server did not start:\n{(work / 'server.log').read_text()[-2000:]}")


def expected_answers(case):
    return {t.name: Answer(t.datatype, t.shape, t.raw()) for t in case.outputs}


def compare(expected, answers, case):
    for name, answer in expected.items():
        if name not in answers:
            return f"output {name} is missing"
        problem = difference(answer, answers[name], case.rtol, case.atol)
        if problem:
            return f"output {name}: {problem}"
    return ""


def main():
    with tempfile.TemporaryDirectory(prefix="skeg-conformance-") as name:
        raise SystemExit(check(pathlib.Path(name)))


def check(work):
    chosen = cases.qualifying()
    models = work / "models"
    for case in chosen:
        version = models / case.name / "1"
        version.mkdir(parents=True)
        (version / "model.onnx").write_bytes(case.model.SerializeToString())
    generated = work / "generated"
    generated.mkdir()
    proto = ROOT / "proto/src/main/proto"
    files = [str(path) for path in (proto / "inference").glob("*.proto")]
    subprocess.run(["protoc", f"-I{proto}", f"--python_out={generated}", *files], check=True)
    direct = run_directly(work / "direct", chosen)
    server, addresses = start_server(models, work)
    try:
        transports = dict(
            zip(
                TRANSPORTS,
                (
                    Grpc(addresses["grpc"], generated),
                    RestBinary(addresses["http"]),
                    RestJson(addresses["http"]),
                ),
            )
        )
        index = Rest(addresses["http"]).post("/v2/repository/index", b"", {})[1]
        unavailable = {
            entry["name"]: entry.get("reason", "")
            for entry in json.loads(index)
            if entry["state"] != "READY"
        }
        return report(*ask(chosen, transports, direct, unavailable))
    finally:
        server.send_signal(signal.SIGTERM)
        if server.wait(timeout=30) != 0:
            raise SystemExit(f"the server ended with {server.returncode}")


def ask(chosen, transports, direct, unavailable):
    counts = collections.Counter()
    failures = []
    unsupported = {}
    engine_misses = {}
    for case in chosen:
        truth = direct[case.name]
        if case.name in unavailable:
            if isinstance(truth, str):
                unsupported[case.name] = unavailable[case.name]
                outcome, problem = "unsupported", ""
            else:
                outcome, problem = "failed", "not loaded: " + unavailable[case.name]
            for transport in TRANSPORTS:
                tally(counts, failures, transport, case, outcome, problem)
            continue
        expected = expected_answers(case)
        if isinstance(truth, str):
            # It loads but fails to run: then the server must fail too, and says nothing else.
            engine_misses[case.name] = "ONNX Runtime fails: " + truth
            expected = None
        else:
            miss = compare(expected, truth, case)
            if miss:
                engine_misses[case.name] = miss
                expected = {name: truth[name] for name in expected}
        for transport, client in transports.items():
            outcome, problem = try_case(case, client, transport, expected)
            tally(counts, failures, transport, case, outcome, problem)
    return counts, failures, unsupported, engine_misses


def try_case(case, client, transport, expected):
    halves = case.datatypes() & {"FP16", "BF16"}
    if transport == "REST JSON" and halves:
        try:
            client.send(case.name, case)
        except (Refused, TypeError, ValueError) as refusal:
            text = str(refusal)
            if any(half in text for half in halves) and "binary" in text:
                return "not in JSON", ""
            return "failed", f"the refusal of {sorted(halves)} is not clear: {text}"
        return "failed", f"{sorted(halves)} went through JSON"
    try:
        answers = client.send(case.name, case)
    except Refused as refusal:
        if expected is None:
            return "passed", ""
        return "failed", str(refusal)
    if expected is None:
        return "failed", "answered, but ONNX Runtime run directly fails"
    problem = compare(expected, answers, case)
    return ("failed", problem) if problem else ("passed", "")


def tally(counts, failures, transport, case, outcome, problem):
    counts[transport, "all", outcome] += 1
    for datatype in case.datatypes():
        counts[transport, datatype, outcome] += 1
    if outcome == "failed":
        failures.append((case.name, transport, problem))


def report(counts, failures, unsupported, engine_misses):
    outcomes = ("passed", "failed", "unsupported", "not in JSON")
    for transport in TRANSPORTS:
        print(f"\n{transport:12}" + "".join(f"{outcome:>13}" for outcome in outcomes))
        rows = sorted({key[1] for key in counts if key[0] == transport and key[1] != "all"})
        for row in [*rows, "all"]:
            print(f"{row:12}" + "".join(f"{counts[transport, row, o]:13}" for o in outcomes))
    print(f"\nUnsupported by ONNX Runtime itself ({len(unsupported)}):")
    for name, reason in sorted(unsupported.items()):
        print(f"  {name}: {reason[:160]}")
    print(f"\nCompared with ONNX Runtime run directly, which misses them ({len(engine_misses)}):")
    for name, miss in sorted(engine_misses.items()):
        print(f"  {name}: {miss[:160]}")
    print(f"\nFailed ({len(failures)}):")
    for name, transport, problem in failures:
        print(f"  {name} over {transport}: {problem[:300]}")
    passed = sum(counts[transport, "all", "passed"] for transport in TRANSPORTS)
    print(f"\n{passed} passed, {len(failures)} failed")
    return 1 if failures or passed == 0 else 0


main()
