/**
 * What the server asks of the operating system and the JDK has no words for: threads that give way,
 * memory that is given back.
 *
 * <p>Start at {@link dev.skeg.runtime.os.Pace}. <b>Threads.</b> Any. <b>May use:</b> nothing of
 * ours.
 */
@NullMarked
package dev.skeg.runtime.os;

import org.jspecify.annotations.NullMarked;
