package dev.skeg.runtime.state;

import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Profiles of closed windows and what was said of them, as files: {@code
 * profiles/MODEL/VERSION~ARM~SEGMENT/START-END.profile} and {@code .verdict}, times in milliseconds
 * since the epoch.
 *
 * <p>A file is written beside and moved into its place, so none is half; after a power cut the last
 * ones may be missing. Of each key the windows that closed last are kept, so many and so many bytes
 * of them, and so are those of each model; a window's verdict has the time it closed as its own.
 *
 * <p><b>Threads.</b> One writer a key; readers any. All may block.
 */
public final class WindowArchive {
  private static final String PROFILE = ".profile";
  private static final String VERDICT = ".verdict";
  private static final Pattern NAME = Pattern.compile("(-?[0-9]{1,18})-(-?[0-9]{1,18})\\.verdict");

  private final Path directory;
  private final int maxWindows;
  private final long maxBytes;
  private final long maxModelBytes;

  /**
   * What each key has, by the start of its windows. A map is locked while it is changed or read.
   */
  private final Map<ProfileKey, NavigableMap<Long, Kept>> kept = new ConcurrentHashMap<>();

  /**
   * A window that is kept.
   *
   * @param closedAtMillis since the epoch, by the wall clock; the window's own time may be anywhere
   */
  public record Kept(ProfileKey key, Window window, long bytes, long closedAtMillis) {}

  /** The first closed first; of those that closed together the earlier one. */
  private static final Comparator<Kept> BY_CLOSING =
      Comparator.comparingLong(Kept::closedAtMillis)
          .thenComparingLong(kept -> kept.window().startMillis());

  /**
   * @param directory is made when it is needed
   * @param maxWindows of each key, 1 or more
   * @param maxBytes of each key; the newest window is kept all the same
   * @param maxModelBytes of all keys of a model together, whenever it is {@link #prune pruned}
   */
  public WindowArchive(Path directory, int maxWindows, long maxBytes, long maxModelBytes) {
    if (maxWindows < 1) {
      throw new IllegalArgumentException("maxWindows: " + maxWindows + " (expected: 1 or more)");
    }
    this.directory = directory;
    this.maxWindows = maxWindows;
    this.maxBytes = maxBytes;
    this.maxModelBytes = maxModelBytes;
  }

  /**
   * Keeps a window, in place of what there is of it, and deletes what is too old.
   *
   * @param nowMillis when it closed, since the epoch
   * @throws ServingException if the disk fails
   */
  public void keep(ProfileKey key, Window window, byte[] profile, byte[] verdict, long nowMillis) {
    Path own = directory(key);
    NavigableMap<Long, Kept> windows = windows(key);
    try {
      Files.createDirectories(own);
      write(own, name(window) + PROFILE, profile, nowMillis);
      // Last: a window counts once it has one.
      write(own, name(window) + VERDICT, verdict, nowMillis);
      List<Kept> old = new ArrayList<>();
      synchronized (windows) {
        Kept kept = new Kept(key, window, (long) profile.length + verdict.length, nowMillis);
        Kept before = windows.put(window.startMillis(), kept);
        if (before != null && !before.window().equals(window)) {
          old.add(before); // Windows have another length by now.
        }
        long bytes = windows.values().stream().mapToLong(Kept::bytes).sum();
        while (windows.size() > 1 && (windows.size() > maxWindows || bytes > maxBytes)) {
          Kept first = Collections.min(windows.values(), BY_CLOSING);
          windows.remove(first.window().startMillis());
          bytes -= first.bytes();
          old.add(first);
        }
      }
      for (Kept each : old) {
        delete(each);
      }
    } catch (IOException e) {
      throw failure(own, e);
    }
  }

  private void delete(Kept kept) throws IOException {
    Path own = directory(kept.key());
    Files.deleteIfExists(own.resolve(name(kept.window()) + VERDICT));
    Files.deleteIfExists(own.resolve(name(kept.window()) + PROFILE));
  }

  /**
   * Deletes the windows of a model that closed first, of versions that are gone too, until the
   * others are few enough.
   *
   * @throws ServingException if the disk fails
   */
  public void prune(String model) {
    List<Kept> all = new ArrayList<>();
    for (ProfileKey key : keysOnDisk(model)) {
      NavigableMap<Long, Kept> known = kept.get(key);
      all.addAll(known == null ? list(key).values() : copy(known));
    }
    all.sort(BY_CLOSING);
    long bytes = all.stream().mapToLong(Kept::bytes).sum();
    try {
      for (Kept each : all) {
        if (bytes <= maxModelBytes) {
          return;
        }
        bytes -= each.bytes();
        NavigableMap<Long, Kept> windows = kept.get(each.key());
        if (windows != null) {
          synchronized (windows) {
            windows.remove(each.window().startMillis(), each);
          }
        }
        delete(each);
        deleteIfEmpty(directory(each.key()));
      }
    } catch (IOException e) {
      throw failure(directory.resolve(name(model)), e);
    }
  }

  private static void deleteIfEmpty(Path own) throws IOException {
    try {
      Files.deleteIfExists(own);
    } catch (DirectoryNotEmptyException e) {
      // There is more of the key.
    }
  }

  /** Lets go of what is known of a version; it is read again when it is asked for. */
  public void release(String model, long version) {
    kept.keySet().removeIf(key -> key.model().equals(model) && key.version() == version);
  }

  private static void write(Path own, String name, byte[] content, long timeMillis)
      throws IOException {
    Path part = own.resolve(name + ".part");
    Files.write(part, content);
    Files.setLastModifiedTime(part, FileTime.fromMillis(timeMillis));
    Files.move(part, own.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Returns the keys of a model of which there are windows. */
  public List<ProfileKey> keys(String model) {
    return keysOnDisk(model).stream().filter(key -> !windows(key).isEmpty()).toList();
  }

  private List<ProfileKey> keysOnDisk(String model) {
    Path own = directory.resolve(name(model));
    List<ProfileKey> keys = new ArrayList<>();
    try (DirectoryStream<Path> each = Files.newDirectoryStream(own)) {
      for (Path path : each) {
        key(model, String.valueOf(path.getFileName())).ifPresent(keys::add);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw failure(own, e);
    }
    return keys;
  }

  /** Returns the windows of a key that are kept, the oldest first. */
  public List<Window> windowsOf(ProfileKey key) {
    return copy(windows(key)).stream().map(Kept::window).toList();
  }

  private static List<Kept> copy(NavigableMap<Long, Kept> windows) {
    synchronized (windows) {
      return List.copyOf(windows.values());
    }
  }

  /** Returns what is kept of a key, what closed last first. */
  public List<Kept> lastClosed(ProfileKey key) {
    return copy(windows(key)).stream().sorted(BY_CLOSING.reversed()).toList();
  }

  /** Returns how a window is kept, if it is. */
  public Optional<Kept> kept(ProfileKey key, Window window) {
    NavigableMap<Long, Kept> windows = windows(key);
    synchronized (windows) {
      return Optional.ofNullable(windows.get(window.startMillis()))
          .filter(each -> each.window().equals(window));
    }
  }

  /** Returns the window of a key in which a time lies. */
  public Optional<Window> at(ProfileKey key, long timeMillis) {
    NavigableMap<Long, Kept> windows = windows(key);
    synchronized (windows) {
      return Optional.ofNullable(windows.floorEntry(timeMillis))
          .map(entry -> entry.getValue().window())
          .filter(window -> window.contains(timeMillis));
    }
  }

  /** Returns a window's profile; empty if it is not kept, or any more. */
  public Optional<byte[]> profile(ProfileKey key, Window window) {
    return read(key, name(window) + PROFILE);
  }

  /** Returns what was said of a window; empty if it is not kept, or any more. */
  public Optional<byte[]> verdict(ProfileKey key, Window window) {
    return read(key, name(window) + VERDICT);
  }

  private Optional<byte[]> read(ProfileKey key, String name) {
    Path file = directory(key).resolve(name);
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private NavigableMap<Long, Kept> windows(ProfileKey key) {
    return kept.computeIfAbsent(key, this::list);
  }

  private NavigableMap<Long, Kept> list(ProfileKey key) {
    NavigableMap<Long, Kept> windows = new TreeMap<>();
    Path own = directory(key);
    try (DirectoryStream<Path> each = Files.newDirectoryStream(own, "*" + VERDICT)) {
      for (Path path : each) {
        Matcher name = NAME.matcher(String.valueOf(path.getFileName()));
        if (name.matches()) {
          Window window = new Window(Long.parseLong(name.group(1)), Long.parseLong(name.group(2)));
          Path profile = own.resolve(name(window) + PROFILE);
          long bytes = Files.size(path) + (Files.exists(profile) ? Files.size(profile) : 0);
          long closed = Files.getLastModifiedTime(path).toMillis();
          windows.put(window.startMillis(), new Kept(key, window, bytes, closed));
        }
      }
    } catch (NoSuchFileException e) {
      return windows;
    } catch (IOException e) {
      throw failure(own, e);
    }
    return windows;
  }

  private Path directory(ProfileKey key) {
    return directory
        .resolve(name(key.model()))
        .resolve(
            key.version()
                + "~"
                + URLEncoder.encode(key.arm(), StandardCharsets.UTF_8)
                + "~"
                + URLEncoder.encode(key.segment(), StandardCharsets.UTF_8));
  }

  private static Optional<ProfileKey> key(String model, String name) {
    String[] parts = name.split("~", -1);
    if (parts.length != 3 || !parts[0].matches("[0-9]{1,18}")) {
      return Optional.empty();
    }
    return Optional.of(
        new ProfileKey(
            model,
            Long.parseLong(parts[0]),
            URLDecoder.decode(parts[1], StandardCharsets.UTF_8),
            URLDecoder.decode(parts[2], StandardCharsets.UTF_8)));
  }

  /** Returns a name for a file: letters, digits and a few signs stay what they are. */
  private static String name(String text) {
    String name = URLEncoder.encode(text, StandardCharsets.UTF_8);
    // The encoder leaves dots, and a name of dots alone is another directory.
    return name.startsWith(".") ? "%2E" + name.substring(1) : name;
  }

  private static String name(Window window) {
    return window.startMillis() + "-" + window.endMillis();
  }

  private static ServingException failure(Path path, IOException e) {
    return new ServingException(
        ErrorCode.UNAVAILABLE,
        path + ": " + e + " (expected: a data directory that can be written, with room)",
        e);
  }
}
