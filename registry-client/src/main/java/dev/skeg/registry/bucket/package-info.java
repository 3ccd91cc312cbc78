/**
 * The published layout in an object store, for every store that has a client of its own: {@code
 * s3:}, {@code gs:} and {@code azblob:}, which are modules beside this one.
 *
 * <p>Start at {@link dev.skeg.registry.bucket.Bucket}, what a store's client must be able to do;
 * {@link dev.skeg.registry.bucket.BucketTree} and {@link dev.skeg.registry.bucket.BucketProvider}
 * do the rest. <b>Threads.</b> Any; everything blocks. <b>May use:</b> {@code dev.skeg.registry},
 * {@code published}, {@code transport}.
 */
@NullMarked
package dev.skeg.registry.bucket;

import org.jspecify.annotations.NullMarked;
