/*
 * log: one line for one event, as key=value fields that a program can read as well as a person.
 *
 *     2026-11-22T09:30:01.123Z level=info sub=ike event=ike-up conn=gw id=1 quantum-safe=yes
 *
 * Every line names a level, a subsystem and an event; the fields of an event keep their names and
 * their order. Values with blanks, quotes or control characters are quoted and escaped, so hostile
 * text cannot forge a line. With `json` each line is one JSON object instead. Lines go to standard
 * error; under systemd's journal they carry a priority prefix and no time.
 *
 * No secret is ever logged: there is no field kind for one.
 */
#ifndef BRAID_RUN_LOG_H
#define BRAID_RUN_LOG_H

#include "base/text.h"
#include <stdio.h>

enum log_level {
    LEVEL_SILENT,
    LEVEL_ERROR,
    LEVEL_WARN,
    LEVEL_NOTICE,
    LEVEL_INFO,
    LEVEL_DEBUG,
};

/* clang-format off */
#define LOG_SUBSYSTEMS(X) \
    X(DAEMON, "daemon") \
    X(IKE,    "ike") \
    X(NET,    "net") \
    X(PLANE,  "plane") \
    X(CONFIG, "config") \
    X(VICI,   "vici")
/* clang-format on */

enum log_subsystem {
#define X(name, text) SUB_##name,
    LOG_SUBSYSTEMS(X)
#undef X
        LOG_SUBSYSTEM_COUNT,
};

enum log_field_kind {
    FIELD_END,
    FIELD_TEXT,
    FIELD_BYTES,
    FIELD_UINT,
    FIELD_HEX,
};

struct log_field {
    enum log_field_kind kind;
    const char *key;
    struct bytes text;
    uint64_t number;
};

/* clang-format off */
#define F_TEXT(key, value)  log_field_text(key, value) /* NULL or "": the field is left out */
#define F_ID(key, value)    log_field_id(key, value)   /* a number; 0: the field is left out */
#define F_BYTES(key, value) ((struct log_field){FIELD_BYTES, key, value, 0})
#define F_UINT(key, value)  ((struct log_field){FIELD_UINT, key, BYTES_NONE, value})
#define F_HEX(key, value)   ((struct log_field){FIELD_HEX, key, BYTES_NONE, value}) /* 16 digits */
/* clang-format on */

static inline struct log_field log_field_text(const char *key, const char *value)
{
    return (struct log_field){FIELD_TEXT, key, value ? bytes_str(value) : BYTES_NONE, 0};
}

static inline struct log_field log_field_id(const char *key, uint64_t value)
{
    return (struct log_field){value != 0 ? FIELD_UINT : FIELD_TEXT, key, BYTES_NONE, value};
}

/* Whoever else wants the lines: called with the fields as text, without time and colour. */
struct log_tap {
    void *self;
    void (*line)(void *self, enum log_level level, enum log_subsystem sub, const char *text);
};

struct log {
    FILE *to;
    enum log_level level[LOG_SUBSYSTEM_COUNT];
    bool json, colour, journal;
    struct log_tap tap; /* line may be NULL */
};

/* To standard error, `level` for every subsystem, colour on a terminal, journal style under systemd. */
struct log log_make(enum log_level level, bool json);
bool log_level_parse(const char *text, enum log_level *out); /* "error" ... "debug" */
const char *log_level_name(enum log_level level);
const char *log_subsystem_name(enum log_subsystem sub);

static inline bool log_wants(const struct log *l, enum log_level level, enum log_subsystem sub)
{
    return level <= l->level[sub];
}

/* `fields` ends with a FIELD_END. */
void log_event(const struct log *l, enum log_level level, enum log_subsystem sub, const char *event,
               const struct log_field *fields);

/* LOG(log, NOTICE, IKE, "ike-up", F_TEXT("conn", name), F_UINT("id", id)); at least one field. */
#define LOG(log, level, sub, event, ...) \
    do { \
        if (log_wants((log), LEVEL_##level, SUB_##sub)) \
            log_event((log), LEVEL_##level, SUB_##sub, (event), \
                      (const struct log_field[]){__VA_ARGS__, {.kind = FIELD_END}}); \
    } while (0)

#endif
