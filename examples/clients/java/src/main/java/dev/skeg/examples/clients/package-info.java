/**
 * Java clients to copy from: {@link dev.skeg.examples.clients.LoanOverGrpc} and {@link
 * dev.skeg.examples.clients.LoanOverRest}.
 */
@NullMarked
package dev.skeg.examples.clients;

import org.jspecify.annotations.NullMarked;
