/* owner: see owner.h. */
#include "config/owner.h"

#include "wire/names.h"

#include <strings.h>

/* Names are compared as cred/store.c does. */
static bool same_octets(uint8_t type, struct bytes a, struct bytes b)
{
    if (type != ID_FQDN && type != ID_RFC822_ADDR)
        return bytes_equal(a, b);
    return a.len == b.len && strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0;
}

static bool ends_with(uint8_t type, struct bytes whole, struct bytes tail)
{
    return whole.len >= tail.len &&
           same_octets(type, bytes_make(whole.at + (whole.len - tail.len), tail.len), tail);
}

bool owner_may_fit(const struct conf_identity *a, const struct conf_identity *b)
{
    if (a->any || b->any)
        return true;
    if (a->id.type != b->id.type)
        return false;
    bool a_in_b = b->suffix && ends_with(a->id.type, a->id.data, b->id.data);
    bool b_in_a = a->suffix && ends_with(a->id.type, b->id.data, a->id.data);
    return a_in_b || b_in_a || same_octets(a->id.type, a->id.data, b->id.data);
}

bool owner_secret_may_serve(const struct secret_entry *s, const struct conf_conn *c)
{
    if (s->kind != SECRET_IKE)
        return false;
    for (uint16_t i = 0; i < s->owner_count; i++)
        for (uint8_t k = 0; k < CONF_ROUNDS_MAX; k++) {
            const struct conf_identity *local = &c->local[k].id, *remote = &c->remote[k].id;
            bool ours = k < c->local_rounds && !local->any && owner_may_fit(&s->owner[i], local);
            if (ours || (k < c->remote_rounds && owner_may_fit(&s->owner[i], remote)))
                return true;
        }
    return s->owner_count == 0;
}
