/** A step of the schema (store/schema.ts): discount codes, and how each follows its letter. It has shipped, and is never edited. */

export const codeStep = `
  -- Discount codes: made for a letter, or uploaded in pools and reserved for one. Old rows carry over.
  CREATE TEMP TABLE old_code AS SELECT code, letter, at FROM code;
  DROP TABLE code;
  CREATE TABLE code (
    id          INTEGER PRIMARY KEY,     -- a pool is used in the order it was uploaded
    folded      TEXT NOT NULL UNIQUE,    -- as codes are compared: codes/spelling.ts
    code        TEXT NOT NULL,           -- as the letter shows it
    pool        TEXT,                    -- null: made for its letter
    letter      INTEGER UNIQUE,          -- the decision's id; null: free
    template    TEXT,
    percent     REAL,
    added_at    INTEGER NOT NULL,
    reserved_at INTEGER,
    expires_at  INTEGER,
    left_at     INTEGER,                 -- when its letter first may have left; from then on it is never given back by itself
    redeemed_at INTEGER,
    order_id    TEXT
  ) STRICT;
  CREATE INDEX code_free ON code (pool, id) WHERE letter IS NULL;
  CREATE INDEX code_reserved ON code (pool, reserved_at) WHERE reserved_at IS NOT NULL;
  CREATE INDEX code_redeemed ON code (redeemed_at) WHERE redeemed_at IS NOT NULL;
  INSERT INTO code (folded, code, letter, template, percent, added_at, reserved_at, expires_at, left_at)
    SELECT upper(old.code), old.code, old.letter, l.template, json_extract(c.data, '$.code.percent'), old.at, old.at,
           json_extract(c.data, '$.code.expiresAt'), iif(l.state IN ('flushing', 'sent', 'unknown'), l.changed, NULL)
    FROM old_code AS old LEFT JOIN letter AS l ON l.id = old.letter LEFT JOIN letter_content AS c ON c.id = old.letter AND json_valid(c.data)
    ORDER BY old.letter;
  DROP TABLE old_code;

  -- A code follows its letter in the same transaction, whoever changes the letter.
  CREATE TRIGGER code_leaves AFTER UPDATE OF state ON letter WHEN NEW.state = 'flushing' BEGIN
    UPDATE code SET left_at = NEW.changed WHERE letter = NEW.id AND left_at IS NULL;
  END;
  CREATE TRIGGER code_comes_back AFTER UPDATE OF state ON letter WHEN NEW.state = 'failed' BEGIN
    UPDATE code SET letter = NULL, template = NULL, percent = NULL, reserved_at = NULL, expires_at = NULL
    WHERE letter = NEW.id AND pool IS NOT NULL AND left_at IS NULL AND redeemed_at IS NULL;
  END;
  -- A dead letter that is to go after all takes its code again; where that is another's by now, it stays dead.
  CREATE TRIGGER code_gone BEFORE UPDATE OF state ON letter WHEN OLD.state = 'failed' AND NEW.state <> 'failed' AND EXISTS (
    SELECT 1 FROM letter_content AS c JOIN code ON code.folded = replace(replace(upper(json_extract(c.data, '$.code.code')), '-', ''), ' ', '')
    WHERE c.id = NEW.id AND code.pool IS NOT NULL AND code.letter <> NEW.id
  ) BEGIN
    SELECT RAISE(IGNORE);
  END;
  CREATE TRIGGER code_taken_again AFTER UPDATE OF state ON letter WHEN OLD.state = 'failed' AND NEW.state <> 'failed' BEGIN
    UPDATE code SET letter = NEW.id, template = NEW.template, reserved_at = NEW.at,
      percent = (SELECT json_extract(data, '$.code.percent') FROM letter_content WHERE id = NEW.id),
      expires_at = (SELECT json_extract(data, '$.code.expiresAt') FROM letter_content WHERE id = NEW.id)
    WHERE pool IS NOT NULL AND letter IS NULL AND folded =
      (SELECT replace(replace(upper(json_extract(data, '$.code.code')), '-', ''), ' ', '') FROM letter_content WHERE id = NEW.id);
  END;
  CREATE TRIGGER code_outlives AFTER DELETE ON letter BEGIN
    UPDATE code SET letter = NULL, template = NULL, percent = NULL, reserved_at = NULL, expires_at = NULL
    WHERE letter = OLD.id AND pool IS NOT NULL AND left_at IS NULL AND redeemed_at IS NULL;
    UPDATE code SET order_id = NULL WHERE letter = OLD.id;
  END;
  `
