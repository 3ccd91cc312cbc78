/**
 * Who may hint: the signatures and bodies of the notifications that registries and stores send.
 *
 * <p>Start at {@link dev.skeg.registry.hook.HookCheck}. <b>Threads.</b> Pure functions; any. <b>May
 * use:</b> nothing of ours.
 */
@NullMarked
package dev.skeg.registry.hook;

import org.jspecify.annotations.NullMarked;
