/**
 * Versions in Amazon S3 and stores that speak its protocol: {@code s3:}.
 *
 * <p>Start at {@link dev.skeg.registry.s3.S3Provider}. A module of its own, because its client is
 * heavy. <b>Threads.</b> Any; everything blocks. <b>May use:</b> {@code dev.skeg.registry}, {@code
 * bucket}, {@code published}, {@code transport}, the AWS SDK.
 */
@NullMarked
package dev.skeg.registry.s3;

import org.jspecify.annotations.NullMarked;
