/**
 * ONNX Runtime as a backend, bound through its C API with the Foreign Function and Memory API.
 *
 * <p>Start at {@link dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend}. The official Java API
 * cannot feed unsigned integers, mangles bytes that are not UTF-8 and copies what need not be
 * copied; the C API in the same artifact has none of these limits. {@link
 * dev.skeg.runtime.backend.onnx.OrtTable} calls it, {@link dev.skeg.runtime.backend.onnx.OrtApi},
 * {@link dev.skeg.runtime.backend.onnx.OrtTypeInfo} and {@link
 * dev.skeg.runtime.backend.onnx.OrtMetadata} name what is called, and nothing else knows it. <b>May
 * use:</b> {@code backend}, {@code model}; ONNX's file format, of which {@link
 * dev.skeg.runtime.backend.onnx.GraphFile} reads what the C API does not tell.
 */
@NullMarked
package dev.skeg.runtime.backend.onnx;

import org.jspecify.annotations.NullMarked;
