/**
 * Verified versions on this machine's disk, by the digest of their content.
 *
 * <p>Start at {@link dev.skeg.registry.store.ArtifactStore}, whose comment tells the layout and
 * what makes it safe. <b>Threads.</b> Any, of any number of processes; everything blocks. <b>May
 * use:</b> {@code dev.skeg.registry}, {@code disk}, {@code signature}.
 */
@NullMarked
package dev.skeg.registry.store;

import org.jspecify.annotations.NullMarked;
