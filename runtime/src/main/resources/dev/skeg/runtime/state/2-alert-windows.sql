-- When the first window began that an alert tells of, and when the last one ended that it was held
-- against: judging an old window again finds the cleared alerts that matter in the index, and reads no other.
ALTER TABLE alert ADD COLUMN first_window INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN last_window INTEGER NOT NULL DEFAULT 0;
UPDATE alert SET
  first_window = min(
    round(1000 * unixepoch(body ->> '$.raised_in.start', 'subsec')),
    (SELECT min(round(1000 * unixepoch(value ->> '$.since.start', 'subsec')))
      FROM json_each(body, '$.features'))),
  last_window = round(1000 * unixepoch(body ->> '$.last_window.end', 'subsec'));
DROP INDEX alert_by_key;
CREATE INDEX alert_by_key ON alert
  (model, version, arm, segment, state, first_window, last_window, changed_at);
