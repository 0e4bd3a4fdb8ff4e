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
  -- What came back of letters that a relay had taken: one row a letter and kind, so that a repeat changes nothing.
  CREATE TABLE bounce (
    id     INTEGER PRIMARY KEY,
    letter INTEGER NOT NULL,
    at     INTEGER NOT NULL,             -- when it was heard, ms
    kind   TEXT NOT NULL,                -- hard | soft | complaint
    reason TEXT NOT NULL,                -- bounces/classify.ts names them
    status TEXT,                         -- an enhanced status code such as 5.1.1
    words  TEXT NOT NULL,                -- what the other side said, without addresses
    mta    TEXT,                         -- who said it
    source TEXT NOT NULL                 -- dsn | arf | webhook:ses ...
  ) STRICT;
  CREATE UNIQUE INDEX bounce_letter ON bounce (letter, kind);
  CREATE INDEX bounce_at ON bounce (at);
  -- A letter that is erased takes with it what came back of it (R9).
  CREATE TRIGGER bounce_erase AFTER DELETE ON letter BEGIN DELETE FROM bounce WHERE letter = old.id; END;
  -- How often each source said what, and when last.
  CREATE TABLE bounce_heard (source TEXT NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (source, what)) STRICT, WITHOUT ROWID;
  `,
  `
  -- What letters earned, in rows that can be counted: all of it can be told again from the log and the decisions.
  CREATE TABLE sale (
    seq      INTEGER PRIMARY KEY,        -- the log row
    customer INTEGER NOT NULL,
    kind     INTEGER NOT NULL,           -- 0 order, 1 refund, 2 cancellation
    order_id TEXT,
    at       INTEGER NOT NULL,           -- when the event says it happened, ms
    amount   INTEGER,                    -- thousandths of the currency's unit; null: not told, of a refund all of it
    currency TEXT,
    trust    INTEGER NOT NULL,           -- as log.kind: only 2, a secret key's, is revenue
    again    INTEGER NOT NULL            -- 1: a secret key had told of this order before
  ) STRICT;
  CREATE INDEX sale_at ON sale (at);
  CREATE INDEX sale_customer ON sale (customer);
  CREATE INDEX sale_order ON sale (order_id) WHERE order_id IS NOT NULL;
  CREATE INDEX sale_back ON sale (kind) WHERE kind > 0;

  CREATE TABLE touch (
    seq      INTEGER PRIMARY KEY,        -- the log row
    letter   INTEGER NOT NULL,
    customer INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    kind     INTEGER NOT NULL,           -- 0 open, 1 click
    machine  INTEGER NOT NULL            -- 1: no person did it
  ) STRICT;
  CREATE INDEX touch_at ON touch (machine, kind, at);
  CREATE INDEX touch_customer ON touch (customer);

  -- Letters in few bytes: the outbox has too many of them to be counted.
  CREATE TABLE mailing (
    at       INTEGER NOT NULL,           -- when it was decided
    letter   INTEGER NOT NULL,
    sort     INTEGER NOT NULL,           -- mailing_sort
    customer INTEGER NOT NULL,           -- as in the decision's key: with the run it names the run of the journey
    run      INTEGER NOT NULL,
    reached  INTEGER NOT NULL,           -- store/mailings.ts names the bits
    PRIMARY KEY (at, letter)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE mailing_sort (
    id       INTEGER PRIMARY KEY,
    template TEXT NOT NULL,
    variant  TEXT NOT NULL,              -- the template in its place; '' for its own
    journey  TEXT NOT NULL,
    priority TEXT NOT NULL,
    UNIQUE (template, variant, journey, priority)
  ) STRICT;

  CREATE TABLE experiment (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,               -- holdout | variant
    about   TEXT NOT NULL,               -- the journey, or * for all of them; the letter
    shares  TEXT NOT NULL,               -- JSON: arm to share
    salt    TEXT NOT NULL,
    started INTEGER,                     -- its first subject's instant
    running INTEGER NOT NULL
  ) STRICT;
  -- Once a customer and arm, from the first time; one who has rows in two arms, by a merge, is nobody's.
  CREATE TABLE subject (
    experiment INTEGER NOT NULL,
    customer   INTEGER NOT NULL,
    arm        TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (experiment, customer, arm)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX subject_customer ON subject (customer);

  ALTER TABLE decision ADD COLUMN variant TEXT;
  ALTER TABLE letter ADD COLUMN variant TEXT;
  `,
]
