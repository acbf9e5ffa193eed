-- Version 4: whose ledger this is.

CREATE TABLE identity (             -- one row: tells this ledger from every other; whoever trusts it keeps this id
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    ledger_id    TEXT NOT NULL      -- random, 32 hexadecimal digits
) STRICT;
INSERT INTO identity VALUES (1, lower(hex(randomblob(16))));
CREATE TRIGGER identity_stays BEFORE UPDATE ON identity BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER identity_remains BEFORE DELETE ON identity BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
