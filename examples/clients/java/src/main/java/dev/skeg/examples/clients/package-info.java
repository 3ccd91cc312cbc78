/** Clients to copy from. */
@NullMarked
package dev.skeg.examples.clients;

import org.jspecify.annotations.NullMarked;
