/**
 * Models in OCI registries: plain images with {@code /models}, ModelPack in both generations of its
 * media types, KitOps ModelKits, Docker's model types, and any artifact whose layers name their
 * files.
 *
 * <p>Start at {@link dev.skeg.registry.oci.OciProvider}. {@code OciRegistry} speaks the
 * distribution protocol and {@code RegistryLogin} answers its challenges; {@code Manifest} and
 * {@code Layers} say what a manifest means; {@code OciSource} and {@code OciPublisher} put them
 * together. A revision is the digest that a tag points to. <b>Threads.</b> Any; everything blocks.
 * <b>May use:</b> {@code dev.skeg.registry}, {@code transport}.
 */
@NullMarked
package dev.skeg.registry.oci;

import org.jspecify.annotations.NullMarked;
