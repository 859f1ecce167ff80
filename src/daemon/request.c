/*
 * request: see request.h.
 */
#include "daemon/request.h"

#include "config/schema.h"
#include "daemon/creds.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool request_section(struct vici_in *in, struct vici_refusal *why)
{
    enum vici_element e = vici_next(in);
    if (e == VICI_SECTION_START)
        return true;
    if (e != VICI_END)
        request_refuse(why, "parsing request failed");
    return false;
}

void request_answer(struct session *s, const struct vici_refusal *why)
{
    if (why->text[0] == '\0')
        session_succeed(s);
    else
        session_fail(s, why->text);
}

void request_refuse(struct vici_refusal *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
}

void request_fail_unload(struct session *s, const char *kind, struct bytes name)
{
    struct vici_refusal why;
    request_refuse(&why, "unload: %s '%.*s' not found", kind,
                   name.len < 256 ? (int)name.len : 256, (const char *)name.at);
    session_fail(s, why.text);
}

void request_log_problems(const struct daemon *d, const struct problem_list *problems)
{
    for (const struct problem *p = problems->first; p; p = p->next) {
        char *text = problem_text(p, false);
        LOG(&d->log, WARN, CONFIG, "problem", F_TEXT("text", text ? text : "out of memory"));
        free(text);
    }
}

/* ---- certificates and keys ------------------------------------------------------------------- */

struct judge {
    struct problem_list *problems;
    struct vici_refusal *why;
    const char *discarded;
};

static void complain(void *self, bool is_error, const struct place *where, const char *text)
{
    const struct judge *j = self;
    problem_say(j->problems, is_error, where, text);
    if (is_error && j->why->text[0] == '\0')
        request_refuse(j->why, "%.400s", text);
}

/* A key of the schema holds a certificate, a section refers to one. */
static void blame(void *self, const char *key)
{
    const struct judge *j = self;
    const struct schema_key *k = NULL;
    for (size_t i = 0; (k = schema_key_at(i)) != NULL && strcmp(k->name, key) != 0;)
        i++;
    if (k)
        request_refuse(j->why, "invalid value for: %s, %s discarded", key, j->discarded);
    else
        request_refuse(j->why, "unable to load certificate: %.256s", key);
}

struct keyring *request_keys(struct daemon *d, const struct loaded *l,
                             struct problem_list *problems, struct vici_refusal *why)
{
    struct judge j = {problems, why, l->authorities.count > 0 ? "authority" : "config"};
    const struct cred_sink sink = {.self = &j, .complain = complain, .blame = blame};
    struct wallet *w = creds_of_clients(d);
    struct keyring *keys = NULL;
    if (keyring_add_authorities(w, NULL, &l->authorities, &sink))
        keys = keyring_new(w, NULL, &l->sections, &sink);
    creds_changed(d);
    return keys;
}
