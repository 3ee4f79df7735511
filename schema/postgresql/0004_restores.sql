-- Step 4: what a database that came back from a backup does not know.
-- Conventions as in step 1.

-- When a backup was last brought back, unless its challenges were kept. A sealed challenge issued
-- before that and not on record may have been used after the backup was made. The owner writes it.
CREATE TABLE last_restore (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    restored_at BIGINT NOT NULL
);
