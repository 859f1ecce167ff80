/*
 * store: pre-shared keys and the answers made with them. See store.h.
 *
 * The keys, their owners and the list itself are copied into one mapping of their own: locked
 * against swapping, left out of core dumps and of forked children, and wiped before it goes.
 * Locking may fail without the right to; the keys are then no worse off than the rest of the
 * process.
 */
#include "cred/store.h"

#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

/* The few IANA numbers that matter here. */
enum {
#define ID_TYPE(number, name) ID_##name = number,
#define AUTH_METHOD(number, name) AUTH_##name = number,
#include "wire/iana.def"
};

/* How well an identity fits an owner. */
enum fit { FIT_NONE,
           FIT_ANY,
           FIT_PATTERN,
           FIT_EXACT };

struct cred_store {
    size_t mapped; /* octets of the mapping this structure begins */
    uint32_t count;
    struct secret_entry *at;
};

/* ---- making and freeing ---------------------------------------------------------------------- */

static size_t align(size_t n)
{
    return (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

/* Passphrases are for the files that are read now. */
static bool is_kept(const struct secret_entry *s)
{
    return s->kind == SECRET_IKE || s->kind == SECRET_PPK;
}

static size_t room_for(const struct secret_list *list)
{
    size_t room = align(sizeof(struct cred_store)) + align(list->count * sizeof *list->at);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct secret_entry *s = &list->at[i];
        if (!is_kept(s))
            continue;
        room += align(s->data.len) + align(s->owner_count * sizeof *s->owner) +
                align(s->file ? strlen(s->file) + 1 : 0);
        for (uint16_t k = 0; k < s->owner_count; k++)
            room += align(s->owner[k].id.data.len);
    }
    return room;
}

static void *map(size_t len)
{
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    mlock(at, len);
    madvise(at, len, MADV_DONTDUMP);
    madvise(at, len, MADV_DONTFORK);
    return at;
}

/* Take the next piece of the mapping. */
static void *carve(uint8_t **next, size_t len)
{
    void *at = *next;
    *next += align(len);
    return at;
}

static struct bytes carve_copy(uint8_t **next, struct bytes from)
{
    void *at = carve(next, from.len);
    if (from.len > 0)
        memcpy(at, from.at, from.len);
    return bytes_make(at, from.len);
}

static void copy_entry(uint8_t **next, const struct secret_entry *from, struct secret_entry *to)
{
    struct conf_identity *owner = carve(next, from->owner_count * sizeof *owner);
    for (uint16_t i = 0; i < from->owner_count; i++) {
        owner[i] = from->owner[i];
        owner[i].id.data = carve_copy(next, from->owner[i].id.data);
    }
    *to = *from;
    to->name = NULL;
    to->owner = owner;
    to->data = carve_copy(next, from->data);
    if (from->file)
        to->file = (const char *)carve_copy(next, bytes_make((const uint8_t *)from->file, strlen(from->file) + 1)).at;
}

struct cred_store *cred_store_new(const struct secret_list *list)
{
    size_t len = room_for(list);
    uint8_t *next = map(len);
    if (!next)
        return NULL;
    struct cred_store *store = carve(&next, sizeof *store);
    store->mapped = len;
    store->at = carve(&next, list->count * sizeof *store->at);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct secret_entry *s = &list->at[i];
        if (is_kept(s))
            copy_entry(&next, s, &store->at[store->count++]);
    }
    return store;
}

void cred_store_free(struct cred_store *store)
{
    if (!store)
        return;
    size_t len = store->mapped;
    wipe(store, len);
    munmap(store, len);
}

size_t cred_store_count(const struct cred_store *store)
{
    return store->count;
}

/* ---- which key ------------------------------------------------------------------------------- */

static bool is_name(uint8_t type)
{
    return type == ID_FQDN || type == ID_RFC822_ADDR;
}

static bool same_octets(uint8_t type, struct bytes a, struct bytes b)
{
    if (!is_name(type))
        return bytes_equal(a, b);
    return a.len == b.len && strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0;
}

static enum fit fit_owner(const struct conf_identity *owner, const struct identity *id)
{
    if (owner->any)
        return FIT_ANY;
    if (owner->id.type != id->type)
        return FIT_NONE;
    struct bytes whole = id->data, tail = owner->id.data;
    if (!owner->suffix)
        return same_octets(id->type, tail, whole) ? FIT_EXACT : FIT_NONE;
    bool ends =
        whole.len >= tail.len &&
        same_octets(id->type, tail, bytes_make(whole.at + (whole.len - tail.len), tail.len));
    return ends ? FIT_PATTERN : FIT_NONE;
}

/* The best fit of any owner. */
static enum fit fit_secret(const struct secret_entry *s, const struct identity *id)
{
    enum fit best = s->owner_count == 0 ? FIT_ANY : FIT_NONE;
    for (uint16_t i = 0; i < s->owner_count; i++) {
        enum fit fit = fit_owner(&s->owner[i], id);
        best = fit > best ? fit : best;
    }
    return best;
}

/* Do all owners fit this identity? */
static bool is_of_one(const struct secret_entry *s, const struct identity *id)
{
    for (uint16_t i = 0; i < s->owner_count; i++) {
        if (fit_owner(&s->owner[i], id) == FIT_NONE)
            return false;
    }
    return true;
}

static const struct secret_entry *
find_psk(const struct cred_store *store, const struct identity *ours, const struct identity *theirs)
{
    const struct secret_entry *best = NULL;
    unsigned best_score = 0;
    for (uint32_t i = 0; i < store->count; i++) {
        const struct secret_entry *s = &store->at[i];
        enum fit fit_theirs = fit_secret(s, theirs), fit_ours = fit_secret(s, ours);
        if (s->kind != SECRET_IKE || (fit_theirs == FIT_NONE && !is_of_one(s, ours)))
            continue; /* a secret that names others beside us is for them alone */
        unsigned score =
            1 + (unsigned)fit_theirs * 16 + (unsigned)fit_ours * 2 + is_of_one(s, theirs);
        if (score > best_score) {
            best_score = score;
            best = s;
        }
    }
    return best;
}

/* The name under which a PPK may be used, or NULL. No name asked for: its first. */
static const struct conf_identity *ppk_name(const struct secret_entry *s, struct bytes id)
{
    for (uint16_t i = 0; s->kind == SECRET_PPK && i < s->owner_count; i++) {
        const struct conf_identity *owner = &s->owner[i];
        if (!owner->any && !owner->suffix && (id.len == 0 || bytes_equal(owner->id.data, id)))
            return owner;
    }
    return NULL;
}

/* One of those that stand in the configuration: under the name that is wanted. */
static bool take_fixed(const struct secret_entry *s, struct bytes id, struct ike_answer *out,
                       struct shared_secret *room)
{
    const struct conf_identity *name = ppk_name(s, id);
    if (!name || s->file || s->data.len == 0 || s->data.len > sizeof room->data)
        return false;
    memcpy(room->data, s->data.at, s->data.len);
    room->len = (uint16_t)s->data.len;
    out->ppk_id = out->ppk_source = name->id.data;
    out->quantum_safe = !s->guessable;
    return true;
}

/*
 * One of a file. Ours to choose: the first, of the file that is named. The peer has chosen: that
 * one, of any file.
 */
static bool take_from_file(const struct secret_entry *s, const struct ike_ask *ask,
                           struct ppk_used *used, struct ike_answer *out, struct ppk_taken *room)
{
    enum { STRONG_LEN = 32 }; /* RFC 8784 6 */
    const struct conf_identity *name = ppk_name(s, ask->ppk_named ? BYTES_NONE : ask->ppk_id);
    struct bytes id = ask->ppk_named ? ask->ppk_id : BYTES_NONE;
    if (!name || !s->file || (ask->ppk_named && id.len == 0) ||
        !ppk_file_take(s->file, id, used, room))
        return false;
    out->ppk_id = bytes_make(room->id, room->id_len);
    out->ppk_source = name->id.data;
    out->quantum_safe = room->key.len >= STRONG_LEN;
    return true;
}

void cred_ppk(const struct cred_store *store, struct ppk_used *used, const struct ike_ask *ask,
              struct ike_answer *out, struct ppk_taken *room)
{
    *out = (struct ike_answer){.ticket = ask->ticket, .status = ANSWER_NO_SECRET};
    for (uint32_t i = 0; i < store->count && out->status != ANSWER_OK; i++) {
        const struct secret_entry *s = &store->at[i];
        if (s->kind == SECRET_PPK && (take_fixed(s, ask->ppk_id, out, &room->key) ||
                                      take_from_file(s, ask, used, out, room)))
            out->status = ANSWER_OK;
    }
    out->ppk = out->status == ANSWER_OK ? &room->key : NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* prf(prf(Shared Secret, "Key Pad for IKEv2"), octets): RFC 7296 2.15. */
static enum crypto_result make_mac(const struct crypto *crypto, const struct alg *prf,
                                   struct bytes psk, struct bytes octets, uint8_t *out)
{
    const struct bytes pad = BYTES_LIT("Key Pad for IKEv2");
    uint8_t key[PRF_LEN_MAX];
    enum crypto_result result = crypto->prf(crypto->self, prf, psk, &pad, 1, key);
    if (result == CRYPTO_OK)
        result = crypto->prf(crypto->self, prf, bytes_make(key, prf->out_len), &octets, 1, out);
    wipe(key, sizeof key);
    return result;
}

/* May this connection be authenticated with a shared key on the side that is asked about? */
static bool is_allowed(const struct ike_ask *ask)
{
    uint8_t wanted = ask->own_key ? AUTH_NULL : AUTH_PSK;
    enum conf_auth_class class = ask->own_key ? CONF_AUTH_NULL : CONF_AUTH_PSK;
    return ike_ask_auth(ask)->class == class && (ask->kind == ASK_SIGN || ask->method == wanted);
}

static enum answer_status judge(const struct cred_store *store, const struct crypto *crypto,
                                const struct ike_ask *ask, uint8_t *mac, bool *strong)
{
    if (!is_allowed(ask))
        return ANSWER_REFUSED;
    const struct secret_entry *psk =
        ask->own_key ? NULL : find_psk(store, &ask->ours, &ask->theirs);
    if (!psk && !ask->own_key)
        return ANSWER_NO_SECRET;
    *strong = psk && !psk->guessable;
    if (make_mac(crypto, ask->prf, psk ? psk->data : secret_view(ask->own_key), ask->octets, mac) !=
        CRYPTO_OK)
        return ANSWER_FAULT;
    if (ask->kind == ASK_VERIFY && !bytes_equal_ct(bytes_make(mac, ask->prf->out_len), ask->auth))
        return ANSWER_REFUSED;
    return ANSWER_OK;
}

void cred_answer(const struct cred_store *store, const struct crypto *crypto,
                 const struct ike_ask *ask, struct ike_answer *out, uint8_t buffer[PRF_LEN_MAX])
{
    uint8_t mac[PRF_LEN_MAX] = {0};
    *out = (struct ike_answer){.ticket = ask->ticket};
    out->status = judge(store, crypto, ask, mac, &out->quantum_safe);
    out->scheme = ask->own_key ? "NULL" : "PSK";
    if (out->status == ANSWER_OK && ask->kind == ASK_SIGN) {
        memcpy(buffer, mac, ask->prf->out_len);
        out->method = ask->own_key ? AUTH_NULL : AUTH_PSK;
        out->auth = bytes_make(buffer, ask->prf->out_len);
    }
    wipe(mac, sizeof mac);
}
