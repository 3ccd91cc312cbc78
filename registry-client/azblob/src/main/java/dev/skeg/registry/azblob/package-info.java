/**
 * Versions in Azure Blob Storage: {@code azblob:}.
 *
 * <p>Start at {@link dev.skeg.registry.azblob.AzblobProvider}. A module of its own, because its
 * client is heavy. Azure's library for identities would double it for the three requests that
 * {@link dev.skeg.registry.azblob.ManagedIdentity} makes.
 *
 * <p><b>Threads.</b> Any; everything blocks. <b>May use:</b> {@code dev.skeg.registry}, {@code
 * bucket}, {@code published}, {@code transport}, Azure's libraries.
 */
@NullMarked
package dev.skeg.registry.azblob;

import org.jspecify.annotations.NullMarked;
