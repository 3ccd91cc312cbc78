CREATE TABLE alert (
  id TEXT NOT NULL PRIMARY KEY,
  model TEXT NOT NULL,
  version TEXT NOT NULL,
  arm TEXT NOT NULL,
  segment TEXT NOT NULL,
  cause TEXT NOT NULL,
  severity TEXT NOT NULL,
  state TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX alert_by_key ON alert (model, version, arm, segment, state);
CREATE INDEX alert_by_time ON alert (raised_at DESC, id);
CREATE TABLE judge_state (
  model TEXT NOT NULL PRIMARY KEY,
  saved_at INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
