/*
 * log: see log.h. A line is built in a buffer of fixed size and written with one call, so that
 * lines of several processes do not mix; fields that do not fit are left out.
 */
#include "run/log.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 4096 };

static const struct {
    const char *name, *colour;
    char priority; /* sd-daemon(3) */
} levels[] = {
    [LEVEL_SILENT] = {"silent", "", '7'},
    [LEVEL_ERROR] = {"error", "\033[1;31m", '3'},
    [LEVEL_WARN] = {"warn", "\033[1;33m", '4'},
    [LEVEL_NOTICE] = {"notice", "\033[1m", '5'},
    [LEVEL_INFO] = {"info", "", '6'},
    [LEVEL_DEBUG] = {"debug", "\033[2m", '7'},
};

static const char *const subsystems[] = {
#define X(name, text) text,
    LOG_SUBSYSTEMS(X)
#undef X
};

struct log log_make(enum log_level level, bool json)
{
    struct log l = {.to = stderr, .json = json};
    for (size_t i = 0; i < LOG_SUBSYSTEM_COUNT; i++)
        l.level[i] = level;
    l.journal = getenv("JOURNAL_STREAM") != NULL && !isatty(STDERR_FILENO);
    l.colour = !json && isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
    return l;
}

bool log_level_parse(const char *text, enum log_level *out)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(text, levels[i].name) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return levels[level].name;
}

const char *log_subsystem_name(enum log_subsystem sub)
{
    return subsystems[sub];
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_plain(struct bytes v)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.at[i] <= ' ' || v.at[i] >= 0x7f || v.at[i] == '"' || v.at[i] == '\\' || v.at[i] == '=')
            return false;
    return v.len > 0;
}

/* Within quotes; the same escapes serve both forms (JSON knows no \x, hence \u00). */
static void add_escaped(struct text *t, struct bytes v)
{
    for (size_t i = 0; i < v.len; i++) {
        uint8_t c = v.at[i];
        if (c == '"' || c == '\\') {
            text_char(t, '\\');
            text_char(t, (char)c);
        } else if (c < ' ' || c >= 0x7f) {
            text_add(t, "\\u00");
            text_hex(t, c, 2);
        } else {
            text_char(t, (char)c);
        }
    }
}

static void add_string(struct text *t, struct bytes v, bool quoted)
{
    if (!quoted && is_plain(v)) {
        text_safe(t, v);
        return;
    }
    text_char(t, '"');
    add_escaped(t, v);
    text_char(t, '"');
}

static void add_key(struct text *t, const char *key, bool json)
{
    text_add(t, json ? ",\"" : " ");
    text_add(t, key);
    text_add(t, json ? "\":" : "=");
}

static void add_value(struct text *t, const struct log_field *f, bool json)
{
    if (f->kind == FIELD_UINT) {
        text_uint(t, f->number);
    } else if (f->kind == FIELD_HEX) {
        text_add(t, json ? "\"" : "");
        text_hex(t, f->number, 16);
        text_add(t, json ? "\"" : "");
    } else {
        add_string(t, f->text, json);
    }
}

/* A field that does not fit is left out as a whole, so that a line stays well-formed. */
static void add_field(struct text *t, const struct log_field *f, bool json)
{
    size_t before = t->len;
    if (f->kind == FIELD_TEXT && f->text.len == 0)
        return;
    add_key(t, f->key, json);
    add_value(t, f, json);
    if (t->cut) {
        t->len = before;
        t->at[before] = '\0';
    }
}

static void add_fields(struct text *t, const char *event, const struct log_field *fields, bool json)
{
    text_add(t, json ? "\"event\":\"" : "event=");
    text_add(t, event);
    text_add(t, json ? "\"" : "");
    for (const struct log_field *f = fields; f->kind != FIELD_END; f++)
        add_field(t, f, json);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void add_time(struct text *t)
{
    struct timespec now;
    struct tm tm;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S.", &tm);
    text_add(t, stamp);
    unsigned ms = (unsigned)(now.tv_nsec / 1000000);
    text_char(t, (char)('0' + ms / 100));
    text_char(t, (char)('0' + ms / 10 % 10));
    text_char(t, (char)('0' + ms % 10));
    text_char(t, 'Z');
}

static void add_head_json(struct text *t, enum log_level level, enum log_subsystem sub)
{
    text_add(t, "{\"time\":\"");
    add_time(t);
    text_add(t, "\",\"level\":\"");
    text_add(t, levels[level].name);
    text_add(t, "\",\"sub\":\"");
    text_add(t, subsystems[sub]);
    text_add(t, "\",");
}

static void add_head(const struct log *l, struct text *t, enum log_level level, enum log_subsystem sub)
{
    if (!l->journal) {
        add_time(t);
        text_char(t, ' ');
    }
    text_add(t, l->colour ? levels[level].colour : "");
    text_add(t, "level=");
    text_add(t, levels[level].name);
    text_add(t, l->colour && levels[level].colour[0] != '\0' ? "\033[0m" : "");
    text_add(t, " sub=");
    text_add(t, subsystems[sub]);
    text_char(t, ' ');
}

void log_event(const struct log *l, enum log_level level, enum log_subsystem sub, const char *event,
               const struct log_field *fields)
{
    char line[LINE_MAX_LEN];
    struct text t = text_make(line, sizeof line - 2); /* room for what ends a line, cut off or not */
    if (!log_wants(l, level, sub))
        return;
    if (l->journal) {
        text_char(&t, '<');
        text_char(&t, levels[level].priority);
        text_char(&t, '>');
    }
    if (l->json)
        add_head_json(&t, level, sub);
    else
        add_head(l, &t, level, sub);
    size_t start = t.len;
    add_fields(&t, event, fields, l->json);
    if (!l->json && l->tap.line)
        l->tap.line(l->tap.self, level, sub, line + start);
    if (l->json)
        line[t.len++] = '}';
    line[t.len++] = '\n';
    fwrite(line, 1, t.len, l->to);
    fflush(l->to);
}
