/* duo: see duo.h. */
#include "duo.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- configuration --------------------------------------------------------------------------- */

static void say(void *self, bool is_error, const struct place *where, const char *text)
{
    (void)self;
    if (is_error)
        fprintf(stderr, "%s:%u: %s\n", where->file ? where->file : "?", where->line, text);
}

/* What the daemon does with every snapshot. */
static void set_certreq(struct duo_config *c)
{
    const struct wallet *const wallet = c->wallet;
    must(keyring_certreq(&wallet, 1, &c->certreq), "no memory for CERTREQ");
    for (uint32_t i = 0; i < c->loaded->sections.count; i++) {
        struct conf_conn *conn = c->loaded->sections.at[i].conn;
        if (conn->send_certreq && conn->remote[0].keys && keyring_wants_certreq(conn->remote[0].keys))
            conn->certreq = c->certreq;
    }
}

/* `dir` holds the certificates and keys that the sections speak of. */
static struct duo_config finish_config(struct loaded *loaded, const char *dir,
                                       struct problem_list *problems)
{
    const struct cred_sink sink = {.complain = say};
    for (const struct problem *at = problems->first; at && !loaded; at = at->next) {
        char *text = problem_text(at, true);
        fprintf(stderr, "%s\n", text ? text : "out of memory");
        free(text);
    }
    must(loaded != NULL, "the configuration is wrong");
    problem_list_free(problems);
    struct duo_config c = {.loaded = loaded, .secrets = cred_store_new(&loaded->secrets)};
    c.keys = keyring_of_files(dir, &loaded->secrets, &loaded->sections, &loaded->authorities, NULL,
                              &sink, &c.wallet);
    must(c.secrets != NULL, "no memory for secrets");
    must(c.keys != NULL, "the certificates are wrong");
    c.parsed = parsed_new();
    must(c.parsed != NULL, "no memory for certificates");
    set_certreq(&c);
    return c;
}

static struct duo_config make_config(const char *swanctl, const char *braid, const char *dir)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *loaded = config_load_text(bytes_str(swanctl), bytes_str(braid), &problems);
    return finish_config(loaded, dir, &problems);
}

struct duo_config duo_config_make(const char *swanctl, const char *braid)
{
    return make_config(swanctl, braid, ".");
}

struct duo_config duo_config_load(const char *dir)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *loaded = config_load(dir, &problems);
    return finish_config(loaded, dir, &problems);
}

void duo_config_free(struct duo_config *c)
{
    cred_store_free(c->secrets);
    keyring_free(c->keys);
    parsed_free(c->parsed);
    wallet_free(c->wallet);
    free((void *)(uintptr_t)c->certreq.at);
    loaded_free(c->loaded);
}

enum { CLIENT_LEN = 1024 };

static const char secrets[] =
    "secrets {\n ike {\n secret = \"a key of thirty-two characters..\"\n }\n}\n";

static struct duo_config make_with_terms(const char *text, const struct duo_terms *terms)
{
    struct duo_config c = make_config(text, "", terms->certs ? terms->certs : ".");
    if (terms->strangers) {
        parsed_free(c.parsed);
        c.parsed = NULL;
    }
    return c;
}

struct duo_config duo_clients(const struct duo_terms *terms, unsigned count)
{
    size_t room = (size_t)(count + 1) * CLIENT_LEN, len = 0;
    char *text = malloc(room);
    const char *auth = terms->certs ? "pubkey" : "psk";
    must(text != NULL, "out of memory");
    len += (size_t)snprintf(text, room, "%sconnections {\n", secrets);
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, room - len,
                                "client-%u {\n local_addrs = 192.0.2.1\n remote_addrs = "
                                "192.0.2.2\n proposals = %s\n %s\n"
                                " local {\n auth = %s\n id = client-%u.example.org\n }\n"
                                " remote {\n auth = %s\n id = gateway.example.org\n }\n"
                                " children {\n net {\n esp_proposals = %s\n local_ts = "
                                "172.%u.%u.%u/32\n remote_ts = 10.0.0.0/8\n"
                                " %s\n }\n }\n}\n",
                                i, terms->ike, terms->conn, auth, i, auth, terms->esp, 16 + (i >> 16),
                                i >> 8 & 255, i & 255, terms->child);
    snprintf(text + len, room - len, "}\n");
    struct duo_config c = make_with_terms(text, terms);
    free(text);
    return c;
}

struct duo_config duo_gateway(const struct duo_terms *terms)
{
    char text[2 * CLIENT_LEN];
    const char *auth = terms->certs ? "pubkey" : "psk";
    snprintf(text, sizeof text,
             "%sconnections {\ngateway {\n local_addrs = 192.0.2.2\n proposals = %s\n %s\n"
             " local {\n auth = %s\n id = gateway.example.org\n }\n remote {\n auth = %s\n }\n"
             " children {\n net {\n esp_proposals = %s\n local_ts = 10.0.0.0/8\n remote_ts = "
             "172.16.0.0/12\n %s\n }\n }\n}\n}\n",
             secrets, terms->ike, terms->conn, auth, auth, terms->esp, terms->child);
    return make_with_terms(text, terms);
}

/* ---- memory ---------------------------------------------------------------------------------- */

enum { MALLOC_HEADER = sizeof(size_t) };

static void *take(void *self, size_t len)
{
    struct side *s = self;
    void *at = malloc(len);
    must(at != NULL, "out of memory");
    s->blocks++;
    s->takes++;
    s->octets += len;
    s->usable += malloc_usable_size(at) + MALLOC_HEADER;
    return at;
}

static void give(void *self, void *at, size_t len)
{
    struct side *s = self;
    s->blocks--;
    s->octets -= len;
    s->usable -= malloc_usable_size(at) + MALLOC_HEADER;
    free(at);
}

static void *take_plain(void *self, size_t len)
{
    (void)self;
    return malloc(len);
}

static void give_plain(void *self, void *at, size_t len)
{
    (void)self, (void)len;
    free(at);
}

const struct alloc *duo_libc(void)
{
    static const struct alloc libc = {.take = take_plain, .give = give_plain};
    return &libc;
}

/* ---- cryptography: times and notes ----------------------------------------------------------- */

static double begin(const struct side *s)
{
    return s->timed ? door_now() : 0;
}

static void end(const struct side *s, double began, double *sum)
{
    if (s->timed)
        *sum += door_now() - began - door_now_cost();
}

/* Within a verb: what looking at the clock costs is not the engine's. */
static void end_inner(struct side *s, double began, double *sum)
{
    end(s, began, sum);
    if (s->timed)
        s->all_ns -= 2 * door_now_cost();
}

static void note(struct side *s, struct crypto_note n)
{
    if (s->notes && s->notes->count < NOTES_MAX)
        s->notes->at[s->notes->count++] = n;
}

static bool watch_has(void *self, const struct alg *alg)
{
    const struct side *s = self;
    return s->inner->has(s->inner->self, alg);
}

static bool watch_random(void *self, uint8_t *out, size_t len)
{
    struct side *s = self;
    note(s, (struct crypto_note){.call = CALL_RANDOM, .len = len});
    double began = begin(s);
    bool ok = s->inner->random(s->inner->self, out, len);
    end_inner(s, began, &s->symmetric_ns);
    return ok;
}

static enum crypto_result watch_prf(void *self, const struct alg *prf, struct bytes key,
                                    const struct bytes *parts, size_t count, uint8_t *out)
{
    struct side *s = self;
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    note(s, (struct crypto_note){.call = CALL_PRF, .alg = prf, .len = len, .other_len = key.len});
    double began = begin(s);
    enum crypto_result result = s->inner->prf(s->inner->self, prf, key, parts, count, out);
    end_inner(s, began, &s->symmetric_ns);
    return result;
}

static enum crypto_result watch_seal(void *self, const struct cipher_keys *keys, struct bytes aad,
                                     const uint8_t *iv, uint8_t *text, size_t len, uint8_t *icv)
{
    struct side *s = self;
    note(s, (struct crypto_note){.call = CALL_SEAL,
                                 .alg = keys->encr,
                                 .integ = keys->integ,
                                 .len = len,
                                 .other_len = aad.len});
    double began = begin(s);
    enum crypto_result result = s->inner->seal(s->inner->self, keys, aad, iv, text, len, icv);
    end_inner(s, began, &s->symmetric_ns);
    return result;
}

static enum crypto_result watch_open(void *self, const struct cipher_keys *keys, struct bytes aad,
                                     const uint8_t *iv, uint8_t *text, size_t len,
                                     const uint8_t *icv)
{
    struct side *s = self;
    note(s, (struct crypto_note){.call = CALL_OPEN,
                                 .alg = keys->encr,
                                 .integ = keys->integ,
                                 .len = len,
                                 .other_len = aad.len});
    double began = begin(s);
    enum crypto_result result = s->inner->open(s->inner->self, keys, aad, iv, text, len, icv);
    end_inner(s, began, &s->symmetric_ns);
    return result;
}

static enum crypto_result watch_offer(void *self, const struct alg *kex, struct kex **state,
                                      uint8_t *data)
{
    struct side *s = self;
    note(s, (struct crypto_note){.call = CALL_OFFER, .alg = kex});
    double began = begin(s);
    enum crypto_result result = s->inner->kex_offer(s->inner->self, kex, state, data);
    end_inner(s, began, &s->public_ns);
    return result;
}

static enum crypto_result watch_answer(void *self, const struct alg *kex, struct bytes offer,
                                       uint8_t *data, struct shared_secret *secret)
{
    struct side *s = self;
    note(s, (struct crypto_note){.call = CALL_ANSWER, .alg = kex});
    double began = begin(s);
    enum crypto_result result = s->inner->kex_answer(s->inner->self, kex, offer, data, secret);
    end_inner(s, began, &s->public_ns);
    return result;
}

static enum crypto_result watch_finish(void *self, struct kex *state, struct bytes answer,
                                       struct shared_secret *secret)
{
    struct side *s = self;
    note(s, (struct crypto_note){.call = CALL_FINISH});
    double began = begin(s);
    enum crypto_result result = s->inner->kex_finish(s->inner->self, state, answer, secret);
    end_inner(s, began, &s->public_ns);
    return result;
}

static void watch_free(void *self, struct kex *state)
{
    struct side *s = self;
    double began = begin(s);
    s->inner->kex_free(s->inner->self, state);
    end_inner(s, began, &s->public_ns);
}

static const struct crypto watch = {
    .has = watch_has,
    .random = watch_random,
    .prf = watch_prf,
    .seal = watch_seal,
    .open = watch_open,
    .kex_offer = watch_offer,
    .kex_answer = watch_answer,
    .kex_finish = watch_finish,
    .kex_free = watch_free,
};

/* ---- the same work without an engine --------------------------------------------------------- */

enum { REPEAT_LEN_MAX = 70000 };

static void repeat_cipher(const struct crypto_note *n, const struct crypto *c, uint8_t *room)
{
    struct secret key = {.len = (uint8_t)(n->alg->key_len + n->alg->salt_len)},
                  mac = {.len = n->integ ? (uint8_t)n->integ->key_len : 0};
    struct cipher_keys keys = {
        .encr = n->alg, .integ = n->integ, .encr_key = &key, .integ_key = &mac};
    uint8_t iv[IV_LEN_MAX] = {0}, icv[ICV_LEN_MAX] = {0};
    struct bytes aad = bytes_make(room, n->other_len);
    if (n->call == CALL_SEAL)
        must(c->seal(c->self, &keys, aad, iv, room + n->other_len, n->len, icv) == CRYPTO_OK,
             "seal failed");
    else
        (void)c->open(c->self, &keys, aad, iv, room + n->other_len, n->len,
                      icv); /* the ICV is wrong, which is known in the end only */
}

static void repeat_exchange(const struct alg *alg, const struct crypto *c)
{
    struct kex *state;
    struct shared_secret secret;
    uint8_t offer[KEX_DATA_MAX], answer[KEX_DATA_MAX];
    must(c->kex_offer(c->self, alg, &state, offer) == CRYPTO_OK, "offer failed");
    must(c->kex_answer(c->self, alg, bytes_make(offer, alg->offer_len), answer, &secret) ==
             CRYPTO_OK,
         "answer failed");
    must(c->kex_finish(c->self, state, bytes_make(answer, alg->answer_len), &secret) == CRYPTO_OK,
         "finish failed");
    c->kex_free(c->self, state);
}

static void repeat_note(const struct crypto_note *n, const struct crypto *c)
{
    static uint8_t room[REPEAT_LEN_MAX];
    uint8_t out[PRF_LEN_MAX];
    struct bytes part = bytes_make(room, n->len);
    switch (n->call) {
    case CALL_PRF:
        must(c->prf(c->self, n->alg, bytes_make(room, n->other_len), &part, 1, out) == CRYPTO_OK,
             "prf failed");
        break;
    case CALL_SEAL:
    case CALL_OPEN:
        repeat_cipher(n, c, room);
        break;
    case CALL_OFFER:
        repeat_exchange(n->alg, c);
        break;
    case CALL_RANDOM:
        must(c->random(c->self, room, n->len), "random failed");
        break;
    case CALL_ANSWER:
    case CALL_FINISH:
        break;
    }
}

void crypto_notes_repeat(const struct crypto_notes *notes, const struct crypto *crypto)
{
    for (size_t i = 0; i < notes->count; i++)
        repeat_note(&notes->at[i], crypto);
}

/* ---- datagrams and answers under way --------------------------------------------------------- */

enum { QUEUE_LEN = 4096,
       DATAGRAM_LEN_MAX = 4096 };

struct duo_queue {
    size_t head, tail; /* counted without end; the place is the remainder */
    struct {
        struct side *to;
        bool encap;
        uint16_t from_port, to_port;
        size_t len;
    } at[QUEUE_LEN];
    uint8_t octets[QUEUE_LEN][DATAGRAM_LEN_MAX];
};

static bool is_lost(struct duo *p)
{
    p->die = p->die * 6364136223846793005u + 1442695040888963407u;
    bool lost = (p->die >> 33) % 100 < p->loss_percent;
    p->lost += lost;
    return lost;
}

static void queue_datagram(struct duo *p, struct side *from, const struct ike_send *send)
{
    struct duo_queue *q = p->queue;
    if (is_lost(p))
        return;
    size_t at = q->tail++ % QUEUE_LEN;
    must(q->tail - q->head <= QUEUE_LEN && send->datagram.len <= DATAGRAM_LEN_MAX,
         "too much is under way");
    q->at[at].to = from == &p->a ? &p->b : &p->a;
    q->at[at].encap = send->path.encap;
    q->at[at].from_port = send->path.local.port;
    q->at[at].to_port = send->path.remote.port;
    q->at[at].len = send->datagram.len;
    memcpy(q->octets[at], send->datagram.at, send->datagram.len);
    from->sent++;
    from->sent_octets += send->datagram.len;
}

static void note_tell(struct side *s, const struct ike_tell *tell)
{
    uint64_t *const counter[] = {
        [TELL_IKE_UP] = &s->ike_up,
        [TELL_IKE_DOWN] = &s->ike_down,
        [TELL_IKE_REKEYED] = &s->ike_rekeyed,
        [TELL_CHILD_UP] = &s->child_up,
        [TELL_CHILD_DOWN] = &s->child_down,
        [TELL_CHILD_REKEYED] = &s->child_rekeyed,
    };
    if ((size_t)tell->kind < sizeof counter / sizeof counter[0] && counter[tell->kind])
        ++*counter[tell->kind];
    enum { IKE_INTERMEDIATE = 43 };
    s->rounds += tell->kind == TELL_EXCHANGE && tell->exchange.exchange == IKE_INTERMEDIATE;
    if (tell->reason == IKE_REASON_NONE)
        return;
    s->trouble = tell->reason;
    size_t len = strlen(s->detail);
    snprintf(s->detail + len, sizeof s->detail - len, "%s%s: %s", len ? "; " : "",
             ike_reason_text(tell->reason), tell->detail);
}

enum { ANSWERS_MAX = 64 };

/* Effects into the queue; questions are answered when all are seen, as they change the list. */
static void carry_out(struct duo *p, struct side *s)
{
    struct cred_reply reply[ANSWERS_MAX];
    size_t answers = 0;
    for (const struct ike_effect *e = ike_effects_first(s->fx); e; e = e->next) {
        if (e->kind == EFFECT_SEND) {
            queue_datagram(p, s, &e->u.send);
        } else if (e->kind == EFFECT_TELL) {
            note_tell(s, &e->u.tell);
        } else if (e->kind == EFFECT_ASK) {
            must(answers < ANSWERS_MAX, "too many questions");
            double began = begin(s);
            const struct cred_stock stock = {.store = s->config->secrets,
                                             .wallet = s->config->wallet,
                                             .used = s->used,
                                             .parsed = s->config->parsed};
            cred_reply_make(&stock, s->inner, &e->u.ask, &reply[answers]);
            end(s, began, &s->all_ns);
            answers++;
        }
    }
    ike_effects_clear(s->fx);
    for (size_t i = 0; i < answers; i++) {
        double began = begin(s);
        ike_engine_answer(s->engine, p->now, &reply[i].answer, s->fx);
        end(s, began, &s->all_ns);
        cred_reply_wipe(&reply[i]);
        carry_out(p, s);
    }
}

static void deliver(struct duo *p)
{
    struct duo_queue *q = p->queue;
    while (q->head != q->tail) {
        size_t at = q->head++ % QUEUE_LEN;
        struct side *s = q->at[at].to;
        struct ike_path path = s->path;
        path.encap = q->at[at].encap;
        path.local.port = q->at[at].to_port;
        path.remote.port = q->at[at].from_port;
        double began = begin(s);
        ike_engine_input(s->engine, p->now, &path, bytes_make(q->octets[at], q->at[at].len), s->fx);
        end(s, began, &s->all_ns);
        carry_out(p, s);
    }
}

/* ---- verbs ----------------------------------------------------------------------------------- */

enum order_result duo_order(struct duo *p, struct side *s, const struct ike_order *order)
{
    double began = begin(s);
    enum order_result result = ike_engine_order(s->engine, p->now, order, s->fx);
    end(s, began, &s->all_ns);
    carry_out(p, s);
    deliver(p);
    return result;
}

void duo_initiate(struct duo *p, unsigned client)
{
    char name[32];
    snprintf(name, sizeof name, "client-%u", client);
    struct ike_order order = {
        .kind = ORDER_INITIATE, .conn = bytes_str(name), .child = bytes_str("net")};
    must(duo_order(p, &p->a, &order) == ORDER_DONE, "initiate was refused");
}

void duo_expect_up(const struct duo *p, uint64_t count)
{
    bool up = p->a.child_up == count && p->b.child_up == count;
    if (!up)
        fprintf(stderr, "%s\n%s\n", p->a.detail, p->b.detail);
    must(up, "a handshake failed");
}

bool duo_tick(struct duo *p, ike_time until)
{
    ike_time a = ike_engine_deadline(p->a.engine), b = ike_engine_deadline(p->b.engine);
    struct side *s = a <= b ? &p->a : &p->b;
    ike_time at = a <= b ? a : b;
    if (at > until || at == IKE_NEVER)
        return false;
    p->now = at > p->now ? at : p->now;
    double began = begin(s);
    ike_engine_tick(s->engine, p->now, s->fx);
    end(s, began, &s->all_ns);
    carry_out(p, s);
    deliver(p);
    return true;
}

/* ---- making and ending ----------------------------------------------------------------------- */

static void make_side(struct side *s, const struct duo_config *config, const struct crypto *crypto,
                      uint8_t worker, const struct ike_path *path)
{
    *s = (struct side){.used = ppk_used_new(), .config = config, .inner = crypto, .crypto = watch, .path = *path};
    s->crypto.self = s;
    s->alloc = (struct alloc){.take = take, .give = give, .self = s};
    struct ike_setup setup = {
        .alloc = &s->alloc,
        .crypto = &s->crypto,
        .config = config->loaded->config,
        .worker = worker,
    };
    s->engine = ike_engine_new(&setup);
    s->fx = ike_effects_new(&s->alloc);
    must(s->engine && s->fx, "no engine");
}

void duo_make_on(struct duo *p, const struct ike_path *path, const struct duo_config *a,
                 const struct duo_config *b, const struct crypto *crypto)
{
    struct ike_path back = {.local = path->remote, .remote = path->local, .encap = path->encap};
    *p = (struct duo){.now = 1000 * IKE_SECOND, .queue = calloc(1, sizeof *p->queue)};
    must(p->queue != NULL, "out of memory");
    make_side(&p->a, a, crypto, 1, path);
    make_side(&p->b, b, crypto, 2, &back);
}

void duo_make(struct duo *p, const struct duo_config *a, const struct duo_config *b,
              const struct crypto *crypto)
{
    static const struct ike_path path = {
        .local = {.addr = {.family = ADDR_V4, .ip = {192, 0, 2, 1}}, .port = 500},
        .remote = {.addr = {.family = ADDR_V4, .ip = {192, 0, 2, 2}}, .port = 500},
    };
    duo_make_on(p, &path, a, b, crypto);
}

void duo_note_shares(struct duo *p, struct duo_shares *to, double proofs_ns, unsigned looks)
{
    double clock = looks * door_now_cost() / 2; /* both make and check as many signatures */
    double a = p->a.all_ns - clock, all = a + p->b.all_ns - clock;
    must(to->count < SHARES_MAX, "too many shares");
    to->a[to->count] = a / all;
    to->public[to->count] = (p->a.public_ns + p->b.public_ns + proofs_ns) / all;
    to->symmetric[to->count++] = (p->a.symmetric_ns + p->b.symmetric_ns) / all;
    p->a.all_ns = p->a.public_ns = p->a.symmetric_ns = 0;
    p->b.all_ns = p->b.public_ns = p->b.symmetric_ns = 0;
}

static void free_side(struct side *s)
{
    ppk_used_free(s->used);
    ike_engine_free(s->engine);
    ike_effects_free(s->fx);
    must(s->blocks == 0, "an engine left memory behind");
}

void duo_free(struct duo *p)
{
    free_side(&p->a);
    free_side(&p->b);
    free(p->queue);
}
