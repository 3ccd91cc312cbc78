/**
 * Where versions come from: watches directories and registries and says what is to be loaded.
 *
 * <p>Start at {@link dev.skeg.runtime.source.ModelSources}. {@link
 * dev.skeg.runtime.source.RepositoryWatch} follows a directory in Triton's layout, {@link
 * dev.skeg.runtime.source.SourceWatch} one pointer at a registry. Both make plans; what carries
 * them out is {@code control}. Nothing here touches what is served otherwise: a source that is out
 * of reach, a pointer that flaps or a version that is corrupt changes no plan for the better
 * versions.
 *
 * <p><b>Threads.</b> One virtual thread for each watch, which owns its state. <b>May use:</b>
 * {@code control}, {@code endpoint}, {@code servable}, {@code config}, {@code model}, {@code os},
 * the registry client.
 */
@NullMarked
package dev.skeg.runtime.source;

import org.jspecify.annotations.NullMarked;
