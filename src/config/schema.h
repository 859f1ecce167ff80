/*
 * schema: schema.def as data, and the one function that brings a section of a file into a
 * structure by it.
 *
 * Whoever wants to know something about keys (loader, manual pages, `braid keys`, tests, later
 * VICI's load-conn) reads the rows from here.
 */
#ifndef BRAID_CONFIG_SCHEMA_H
#define BRAID_CONFIG_SCHEMA_H

#include "base/arena.h"
#include "config/load.h"
#include "config/settings.h"
#include "config/value.h"

enum schema_section {
    SCHEMA_SWANCTL,
    SCHEMA_CONN,
    SCHEMA_AUTH,
    SCHEMA_CERT,
    SCHEMA_CHILD,
    SCHEMA_SECRETS,
    SCHEMA_SECRET,
    SCHEMA_FILE,
    SCHEMA_TOKEN,
    SCHEMA_POOL,
    SCHEMA_AUTHORITY,
    SCHEMA_BRAID,
    SCHEMA_ENGINE,
    SCHEMA_NETWORK,
    SCHEMA_PLANE,
    SCHEMA_CONTROL,
    SCHEMA_LOG,
};
enum schema_kind { KIND_VALUE,
                   KIND_LIST,
                   KIND_PREFIX };
enum schema_status { STATUS_NOW,
                     STATUS_LATER,
                     STATUS_NOT_YET };
enum schema_match { MATCH_EXACT,
                    MATCH_PREFIX };

enum schema_type {
    TYPE_TEXT,
    TYPE_BOOL,
    TYPE_UINT,
    TYPE_PORT,
    TYPE_FRAGMENT,
    TYPE_TIME,
    TYPE_FINE_TIME,
    TYPE_PERMILLE,
    TYPE_SIZE,
    TYPE_PACKETS,
    TYPE_WORD,
    TYPE_VERSION,
    TYPE_DSCP,
    TYPE_IF_ID,
    TYPE_MARK,
    TYPE_SET_MARK,
    TYPE_PADDING,
    TYPE_HOSTS,
    TYPE_ACTIONS,
    TYPE_START,
    TYPE_LOCAL_ADDRS,
    TYPE_REMOTE_ADDRS,
    TYPE_IKE_PROPOSALS,
    TYPE_ESP_PROPOSALS,
    TYPE_LOCAL_TS,
    TYPE_REMOTE_TS,
    TYPE_AUTH,
    TYPE_IDENTITY,
    TYPE_SECRET,
    TYPE_OWNER,
    TYPE_DEVICE,
    TYPE_GROUP,
    TYPE_FILE,
    TYPE_FOLDER,
    TYPE_FILES,
    TYPE_PATH,
    TYPE_URIS,
    TYPE_PPK_ID,
    TYPE_CA_ID,
    TYPE_POLICIES,
    TYPE_SECRET_FILE,
    TYPE_COMMAND,
    TYPES,
};

struct schema_range {
    uint64_t min, max;
};

struct schema_key {
    enum schema_section section;
    const char *name;
    enum schema_kind kind;
    enum schema_type type;
    const void *of; /* WORD: struct value_word[]; UINT, FRAGMENT: struct schema_range */
    enum schema_status status;
    const char *today;    /* see schema.def */
    size_t target;        /* offset in the section's structure, or SCHEMA_NOWHERE */
    const char *fallback; /* the default */
    const char *help;
};
#define SCHEMA_NOWHERE SIZE_MAX

struct schema_part {
    enum schema_section section;
    const char *name;
    enum schema_match match;
    enum schema_section of;
    enum schema_status status;
    const char *help;
};

enum {
    SCHEMA_KEYS = 0
#define KEY(...) +1
#include "config/schema.def"
};

/* Rows in table order; NULL past the end. */
const struct schema_key *schema_key_at(size_t i);
const struct schema_part *schema_part_at(size_t i);
const struct schema_part *schema_find_part(enum schema_section section, const char *name);
const char *
schema_type_text(const struct schema_key *key); /* "yes or no", "a time such as 90s, ..." */

/* What a `local` or `remote` section is read into. */
struct schema_auth {
    struct conf_auth auth;
    struct cred_spec spec;
    uint32_t round;
};

/* What a section of `secrets` is read into; owners beyond the limit are an error. */
enum { SCHEMA_OWNERS_MAX = 64 };
struct schema_secret {
    struct secret_entry entry;
    struct conf_identity owner[SCHEMA_OWNERS_MAX];
};

/* One load. */
struct schema_run {
    struct settings *settings;
    struct problem_list *problems;
    struct arena *arena;          /* of the snapshot */
    struct arena *secrets;        /* of the secrets */
    struct conf_blame blame;      /* the first mistake */
    bool seen[SCHEMA_KEYS];       /* keys the section applied last holds */
    struct proposals standard[2]; /* `default` for IKE and for ESP, read once */
};

/*
 * Read every key of a section into `object`, then the defaults of those that are absent. `path`
 * names the section in messages ("connections.home"), `place` is where it stands. All problems
 * are reported; false if one was an error.
 */
bool schema_apply(struct schema_run *run, enum schema_section section, const struct view *v,
                  const char *path, const struct place *place, void *object);
/* Note what is to blame, unless something is already. */
void schema_blame(struct schema_run *run, enum conf_blame_kind kind, const char *name);
/* Did the section applied last hold this key? */
bool schema_saw(const struct schema_run *run, enum schema_section section, const char *name);

/* Sub-sections that the table does not allow, or not yet, are reported; false if there was one. */
bool schema_check_parts(struct schema_run *run, enum schema_section section, const struct view *v,
                        const char *path);

/* The words a section may hold, for a guess. */
const char *schema_guess_key(enum schema_section section, const char *written);
const char *schema_guess_part(enum schema_section section, const char *written);

#endif
