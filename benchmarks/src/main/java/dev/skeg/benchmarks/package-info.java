/** Limit servers and measurements. */
@NullMarked
package dev.skeg.benchmarks;

import org.jspecify.annotations.NullMarked;
