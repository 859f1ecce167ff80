/*
 * diff_creds: what is different beside the snapshots: secrets, and what sections ask of
 * certificates and keys. See diff.h.
 *
 * Secrets are found by their names in tables, so that 10,000 of them take no quadratic time.
 */
#include "config/diff.h"

#include "wire/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LEN = 4096,
       KEY_LEN = 320 };

/* ---- secrets --------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct secret_entry *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Those with a name, sorted by it. NULL: out of memory. */
static const struct secret_entry **sort(const struct secret_list *list, size_t *count)
{
    const struct secret_entry **all = calloc(list->count + 1, sizeof *all);
    *count = 0;
    for (uint32_t i = 0; all && i < list->count; i++)
        if (list->at[i].name)
            all[(*count)++] = &list->at[i];
    if (all)
        qsort(all, *count, sizeof *all, by_name);
    return all;
}

static void tell_secret(diff_say *say, void *self, enum diff_kind kind,
                        const struct secret_entry *s, const char *member, const char *before,
                        const char *after)
{
    char key[KEY_LEN];
    snprintf(key, sizeof key, "secrets.%.256s%s", s->name, member);
    say(self, &(struct diff_line){
                  .kind = kind, .key = key, .before = before, .after = after, .secret = s});
}

static void print_owners(struct text *t, const struct secret_entry *s)
{
    for (uint16_t i = 0; i < s->owner_count; i++) {
        const struct conf_identity *id = &s->owner[i];
        text_add(t, i > 0 ? ", " : "");
        text_add(t, id->any ? "%any" : id->suffix ? "*"
                                                  : "");
        if (!id->any)
            print_identity(t, &id->id);
    }
}

static void compare_secret(diff_say *say, void *self, const struct secret_entry *was,
                           const struct secret_entry *is)
{
    char before[TEXT_LEN], after[TEXT_LEN];
    struct text a = text_make(before, sizeof before), b = text_make(after, sizeof after);
    print_owners(&a, was);
    print_owners(&b, is);
    if (!bytes_equal(was->data, is->data))
        tell_secret(say, self, DIFF_CHANGED, was, ".secret", NULL, NULL);
    if (strcmp(before, after) != 0)
        tell_secret(say, self, DIFF_CHANGED, was, ".id", before, after);
    if (was->file && is->file && strcmp(was->file, is->file) != 0)
        tell_secret(say, self, DIFF_CHANGED, was, ".file", was->file, is->file);
}

void diff_secrets(const struct secret_list *before, const struct secret_list *after, diff_say *line,
                  void *self)
{
    size_t old_count, new_count, i = 0, j = 0;
    const struct secret_entry **old = sort(before, &old_count), **new = sort(after, &new_count);
    while (old && new && (i < old_count || j < new_count)) {
        int order = i == old_count   ? 1
                    : j == new_count ? -1
                                     : strcmp(old[i]->name, new[j]->name);
        if (order < 0)
            tell_secret(line, self, DIFF_REMOVED, old[i++], "", NULL, NULL);
        else if (order > 0)
            tell_secret(line, self, DIFF_ADDED, new[j++], "", NULL, NULL);
        else
            compare_secret(line, self, old[i++], new[j++]);
    }
    free(old);
    free(new);
}

/* ---- sections -------------------------------------------------------------------------------- */

static void print_refs(struct text *t, const struct cred_refs *list)
{
    for (uint16_t i = 0; i < list->count; i++) {
        text_add(t, i > 0 ? ", " : "");
        if (list->at[i].file) {
            text_add(t, list->at[i].file);
            continue;
        }
        text_uint(t, list->at[i].octets.len);
        text_add(t, " octets");
    }
}

/* "mldsa87/ed25519 rsa>=3072 hashes 0x30": short, and different when the rule is. */
static void print_rule(struct text *t, const struct cred_rule *rule)
{
    static const char *const words[] = {
#define FAMILY(name, word, type, flags) word,
#include <braid/signature.def>
    };
    bool any = false;
    for (size_t i = 0; i < FAMILIES; i++)
        if (rule->families >> i & 1) {
            text_add(t, any ? " " : "");
            text_add(t, words[i]);
            any = true;
        }
    text_add(t, any ? "" : "any signature");
    if (rule->rsa_bits != 0) {
        text_add(t, ", RSA from bits ");
        text_uint(t, rule->rsa_bits);
    }
    if (rule->ecdsa_bits != 0) {
        text_add(t, ", ECDSA from bits ");
        text_uint(t, rule->ecdsa_bits);
    }
    for (unsigned i = 0; i < 32; i++)
        if (rule->hashes >> i & 1) {
            text_add(t, ", hash ");
            text_uint(t, i);
        }
}

/* Each key of a section as text; what is not written is "". */
static void print_key(struct text *t, const struct cred_spec *s, enum cred_key key)
{
    static const char *const revocations[] = {
        [REVOCATION_RELAXED] = "relaxed",
        [REVOCATION_IFURI] = "ifuri",
        [REVOCATION_STRICT] = "strict",
    };
    if (key == CRED_AUTH)
        print_rule(t, &s->ike);
    else if (key == CRED_ID)
        text_add(t, revocations[s->revocation]);
    else
        print_refs(t, key == CRED_CERTS     ? &s->certs
                      : key == CRED_CACERTS ? &s->cacerts
                                            : &s->pubkeys);
}

static void compare_section(diff_say *say, void *self, const struct cred_section *was,
                            const struct cred_section *is)
{
    static const char *const words[CRED_KEYS] = {
        [CRED_AUTH] = "auth",
        [CRED_ID] = "revocation",
        [CRED_CERTS] = "certs",
        [CRED_CACERTS] = "cacerts",
        [CRED_PUBKEYS] = "pubkeys",
    };
    for (enum cred_key i = 0; i < CRED_KEYS; i++) {
        char before[TEXT_LEN], after[TEXT_LEN], key[KEY_LEN];
        struct text a = text_make(before, sizeof before), b = text_make(after, sizeof after);
        print_key(&a, &was->spec, i);
        print_key(&b, &is->spec, i);
        if (strcmp(before, after) == 0)
            continue;
        char number[8] = "";
        if (is->round > 0)
            snprintf(number, sizeof number, "-%u", is->round + 1u);
        snprintf(key, sizeof key, "%s%s.%s", is->is_remote ? "remote" : "local", number, words[i]);
        say(self, &(struct diff_line){.kind = DIFF_CHANGED,
                                      .conn = is->conn->name,
                                      .key = key,
                                      .before = before,
                                      .after = after});
    }
}

static int by_path(const void *a, const void *b)
{
    const struct cred_section *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

void diff_sections(const struct cred_sections *before, const struct cred_sections *after,
                   diff_say *line, void *self)
{
    const struct cred_section **old = calloc(before->count + 1u, sizeof *old);
    for (uint32_t i = 0; old && i < before->count; i++)
        old[i] = &before->at[i];
    if (old)
        qsort(old, before->count, sizeof *old, by_path);
    for (uint32_t i = 0; old && i < after->count; i++) {
        const struct cred_section *is = &after->at[i], **was =
                                                           bsearch(&is, old, before->count,
                                                                   sizeof *old, by_path);
        if (was)
            compare_section(line, self, *was, is);
    }
    free(old);
}
