package dev.skeg.runtime.testing;

import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Knows the model {@code echo}, and what was asked of it. <b>Threads.</b> Any. */
public final class RecordedRepository implements ModelRepository {
  private final List<String> calls = new CopyOnWriteArrayList<>();

  /** Returns what was asked, as {@code load echo}, in order. */
  public List<String> calls() {
    return calls;
  }

  @Override
  public void load(String model) {
    call("load", model);
  }

  @Override
  public void unload(String model) {
    call("unload", model);
  }

  private void call(String what, String model) {
    if (Thread.currentThread().isVirtual() && model.equals("echo")) {
      calls.add(what + " " + model);
      return;
    }
    throw new ServingException(
        ErrorCode.NOT_FOUND, "failed to " + what + " '" + model + "': no such model");
  }
}
