/**
 * The tables, forward only: a database of an older version runs the steps it lacks; a newer one is refused.
 * A step that has shipped is never edited.
 */
export const steps: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

  -- The truth. A customer's life is the chain from customer.head through prev (and other, where two lives joined).
  CREATE TABLE log (
    seq       INTEGER PRIMARY KEY,
    customer  INTEGER NOT NULL,          -- who it was when it was written; a merge does not rewrite it
    prev      INTEGER NOT NULL,          -- the row before it in the same life, 0 at birth
    at        INTEGER NOT NULL,          -- the customer's time of it, ms
    received  INTEGER NOT NULL,          -- the wall clock when it was taken, ms
    kind      INTEGER NOT NULL,          -- store/log.ts names them
    source    INTEGER NOT NULL,          -- the key it came by, 0 for our own
    machine   INTEGER NOT NULL,          -- the version that took it
    inert     INTEGER NOT NULL,          -- 0, or why no machine heard it
    body      TEXT NOT NULL
  ) STRICT;

  -- Written behind the log, sorted. Hash of (source, message id); a hit is checked against the row itself.
  CREATE TABLE seen (hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq)) STRICT, WITHOUT ROWID;

  -- A cache of the log, written behind it, but for id, which is given in the commit.
  CREATE TABLE customer (
    id       INTEGER PRIMARY KEY,
    head     INTEGER NOT NULL,           -- the last row of its life that this snapshot has in it
    machine  INTEGER NOT NULL,
    due      INTEGER,                    -- its next timer, ms
    life     TEXT NOT NULL               -- core/life.ts
  ) STRICT;
  CREATE INDEX customer_due ON customer (due) WHERE due IS NOT NULL;

  CREATE TABLE identity (key TEXT PRIMARY KEY, customer INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX identity_customer ON identity (customer);

  CREATE TABLE decision (
    id        INTEGER PRIMARY KEY,
    customer  INTEGER NOT NULL,
    key       TEXT NOT NULL UNIQUE,      -- customer / journey / run / template: at most one letter each
    journey   TEXT NOT NULL,
    template  TEXT NOT NULL,
    priority  TEXT NOT NULL,
    at        INTEGER NOT NULL,
    decision  TEXT NOT NULL,             -- queued | skipped
    reason    TEXT,
    numbers   TEXT NOT NULL              -- JSON: what the policy saw
  ) STRICT;
  CREATE INDEX decision_customer ON decision (customer, at);

  CREATE TABLE letter (
    id         INTEGER PRIMARY KEY,      -- the decision's
    token      TEXT NOT NULL UNIQUE,     -- in its links
    customer   INTEGER NOT NULL,
    template   TEXT NOT NULL,
    recipient  TEXT NOT NULL,            -- one addr-spec
    subject    TEXT NOT NULL,
    message_id TEXT NOT NULL,
    at         INTEGER NOT NULL,         -- when it was decided, ms
    state      TEXT NOT NULL,            -- queued attempting flushing sent deferred failed unknown
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER,                  -- when it is due for an attempt; null when none is
    changed    INTEGER NOT NULL,         -- when its state last changed, ms
    reply      TEXT,                     -- what the other side last said
    resend     INTEGER NOT NULL DEFAULT 0  -- 1: after an unknown outcome it may be sent once more (R4)
  ) STRICT;
  -- Apart, so that a change of state writes none of it again.
  CREATE TABLE letter_content (
    id    INTEGER PRIMARY KEY,           -- the letter's
    data  TEXT NOT NULL,                 -- what it was rendered from, frozen
    links TEXT NOT NULL,                 -- JSON array of destinations
    mime  BLOB NOT NULL                  -- frozen (R3)
  ) STRICT;
  CREATE INDEX letter_due ON letter (next_at) WHERE next_at IS NOT NULL;
  CREATE INDEX letter_state ON letter (state, id) WHERE state IN ('attempting', 'flushing', 'failed', 'unknown');
  CREATE INDEX letter_recipient ON letter (recipient, at);
  CREATE INDEX letter_customer ON letter (customer, id);

  CREATE TABLE suppression (hash TEXT PRIMARY KEY, reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE code (code TEXT PRIMARY KEY, letter INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE quarantine (
    id       INTEGER PRIMARY KEY,
    seq      INTEGER NOT NULL,           -- the log row that no machine could take
    customer INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    code     TEXT NOT NULL,
    reason   TEXT NOT NULL
  ) STRICT;

  CREATE TABLE machine (version INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, files TEXT NOT NULL, at INTEGER NOT NULL) STRICT;

  CREATE TABLE api_key (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  `,
  `
  -- Who may use the studio.
  CREATE TABLE person (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: a late request must not hit somebody else
    name     TEXT NOT NULL,
    folded   TEXT NOT NULL UNIQUE,       -- the name as names are compared
    role     TEXT NOT NULL,              -- owner | reader
    password TEXT NOT NULL,              -- a salted hash with its parameters
    at       INTEGER NOT NULL,
    seen_at  INTEGER                     -- to the hour
  ) STRICT;

  -- Of both only the hash of the secret is kept.
  CREATE TABLE session (hash TEXT PRIMARY KEY, person INTEGER NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX session_person ON session (person);
  CREATE TABLE invitation (
    hash    TEXT PRIMARY KEY,
    role    TEXT NOT NULL,
    inviter INTEGER,                     -- null: the server itself, for the first owner
    until   INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,               -- a name as it was then
    did     TEXT NOT NULL,
    about   TEXT,
    address TEXT
  ) STRICT;
  `,
  `
  -- What the shop sells. Texts, amounts and addresses are null where they are not known.
  CREATE TABLE product (
    id       TEXT PRIMARY KEY,
    name     TEXT,
    brand    TEXT,
    category TEXT,
    price    REAL,
    currency TEXT,
    url      TEXT,
    image    TEXT,
    stock    INTEGER,                    -- null: not known
    updated  INTEGER NOT NULL,
    source   TEXT NOT NULL               -- shop | learnt | gone
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What the daily look over customers, letters and products found. Numbers of customers, letters and products only: names
  -- and addresses are looked up when somebody reads it, so that erasing a customer leaves nothing here.
  CREATE TABLE checkup (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    report   TEXT NOT NULL               -- JSON: checkup/report.ts
  ) STRICT;
  -- How many of each kind it found, by day (days since 1970, UTC).
  CREATE TABLE checkup_count (
    day     INTEGER NOT NULL,
    finding TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (day, finding)
  ) STRICT, WITHOUT ROWID;
  -- What the gateway turned away, by day and code.
  CREATE TABLE refusal_count (
    day   INTEGER NOT NULL,
    code  TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, code)
  ) STRICT, WITHOUT ROWID;
  `,
  `
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
  `,
]
