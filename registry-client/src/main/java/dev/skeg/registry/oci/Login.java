package dev.skeg.registry.oci;

/** What a registry, or its token service, knows us by; never printed. */
sealed interface Login {
  /** A user and password, sent as Basic to the registry or to its token service. */
  record Password(String username, String password) implements Login {
    @Override
    public String toString() {
      return "password of " + username;
    }
  }

  /** A long-lived token that the token service changes into short-lived ones. */
  record Identity(String token) implements Login {
    @Override
    public String toString() {
      return "identity token";
    }
  }

  /** A token that the registry takes as it is. */
  record Token(String token) implements Login {
    @Override
    public String toString() {
      return "token";
    }
  }
}
