package dev.skeg.registry.hf;

import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceProvider;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import java.util.List;
import java.util.Optional;

/**
 * Opens {@code hf://org/repository}.
 *
 * <p>Options: {@code endpoint}, the Hub's or another server's URL; {@code path}, the directory in
 * the repository that is the version; {@code include}, patterns of files with {@code *} and {@code
 * ?}, separated by commas. Credential: {@code token}. There is no publishing: the Hub's upload is
 * Git's, and has clients of its own.
 */
public final class HfProvider implements SourceProvider {
  @Override
  public List<String> schemes() {
    return List.of("hf");
  }

  @Override
  public Source open(SourceUri uri, SourceSettings settings) {
    return new HfSource(uri, settings);
  }

  @Override
  public Optional<Publisher> publisher(SourceUri uri, SourceSettings settings) {
    return Optional.empty();
  }
}
