/*
 * toy: see toy.h. Everything comes down to one 64-bit mixing function.
 *
 * A mix absorbs words by (state ^ word) * odd, then a shift: for a given state this is a permutation of the words and
 * for a given word one of the states. So two inputs that differ in one word never collide, and any other two hardly
 * ever. How the input is cut into parts makes no difference, as prf(key, a | b) demands.
 */
#include "crypto/toy.h"

#include "crypto/alg.h"

#define ODD UINT64_C(0x9e3779b97f4a7c15)
#define GENERATOR UINT64_C(0xd1342543de82ef95)

/* What a mix is for: keeps equal inputs of different use apart. */
enum domain {
    FOR_PRF = 1,
    FOR_STREAM,
    FOR_ICV,
    FOR_FILL,
    FOR_CHECK,
    FOR_SECRET,
};

struct mix {
    uint64_t state, word;
    size_t len;
};

/* The finaliser of splitmix64: a permutation without visible structure. */
static uint64_t scramble(uint64_t v)
{
    v = (v ^ (v >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ (v >> 27)) * UINT64_C(0x94d049bb133111eb);
    return v ^ (v >> 31);
}

static uint64_t next_random(struct toy_crypto *toy)
{
    toy->random += ODD;
    return scramble(toy->random);
}

/* ---- mixing -------------------------------------------------------------------------------------------------- */

static void mix_word(struct mix *m, uint64_t word)
{
    m->state = (m->state ^ word) * ODD;
    m->state ^= m->state >> 29;
}

static struct mix mix_start(enum domain domain, uint64_t id, uint64_t key)
{
    struct mix m = {.state = (uint64_t)domain};
    mix_word(&m, id);
    mix_word(&m, key);
    return m;
}

static uint64_t load_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static void mix_bytes(struct mix *m, struct bytes b)
{
    size_t i = 0;
    while (i < b.len) {
        size_t held = m->len % 8;
        if (held == 0 && b.len - i >= 8) {
            mix_word(m, load_word(b.at + i));
            i += 8;
            m->len += 8;
            continue;
        }
        m->word |= (uint64_t)b.at[i++] << (8 * held);
        m->len++;
        if (held == 7) {
            mix_word(m, m->word);
            m->word = 0;
        }
    }
}

static uint64_t mix_end(struct mix *m)
{
    mix_word(m, m->word);
    mix_word(m, m->len);
    return scramble(m->state);
}

/* XOR (or, over zeros, write) a stream that begins with `from`. */
static void run_stream(uint64_t from, uint8_t *out, size_t len)
{
    while (len > 0) {
        uint8_t stream[8];
        size_t now = len < 8 ? len : 8;
        uint64_t word = scramble(from);
        memcpy(stream, &word, sizeof stream);
        for (size_t i = 0; i < now; i++)
            out[i] ^= stream[i];
        from += ODD;
        out += now;
        len -= now;
    }
}

static void fill_stream(uint64_t from, uint8_t *out, size_t len)
{
    memset(out, 0, len);
    run_stream(from, out, len);
}

static uint64_t mix_once(enum domain domain, uint64_t id, uint64_t key, struct bytes b)
{
    struct mix m = mix_start(domain, id, key);
    mix_bytes(&m, b);
    return mix_end(&m);
}

/* ---- has, random, prf ---------------------------------------------------------------------------------------- */

static bool has_row(void *self, const struct alg *alg)
{
    (void)self;
    return alg != NULL;
}

static bool fill_random(void *self, uint8_t *out, size_t len)
{
    fill_stream(next_random(self), out, len);
    return true;
}

static enum crypto_result compute_prf(void *self, const struct alg *prf, struct bytes key, const struct bytes *parts,
                                      size_t count, uint8_t *out)
{
    (void)self;
    struct mix m = mix_start(FOR_PRF, prf->id, mix_once(FOR_PRF, prf->id, 0, key));
    for (size_t i = 0; i < count; i++)
        mix_bytes(&m, parts[i]);
    fill_stream(mix_end(&m), out, prf->out_len);
    return CRYPTO_OK;
}

/* ---- sealing and opening ------------------------------------------------------------------------------------- */

struct packet_cipher {
    const struct alg *encr;
    size_t icv_len;
    uint64_t stream_key, icv_key;
};

static bool set_keys(struct packet_cipher *c, const struct cipher_keys *keys)
{
    const struct alg *encr = keys->encr;
    bool is_aead = encr->flags & ALG_AEAD;
    if (keys->encr_key->len != encr->key_len + encr->salt_len)
        return false;
    if (!is_aead && (!keys->integ || keys->integ_key->len != keys->integ->key_len))
        return false;
    const struct secret *integ_key = is_aead ? keys->encr_key : keys->integ_key;
    uint64_t id = (uint64_t)encr->id << 16 | encr->key_bits;
    c->encr = encr;
    c->icv_len = is_aead ? encr->out_len : keys->integ->out_len;
    c->stream_key = mix_once(FOR_STREAM, id, 0, secret_view(keys->encr_key));
    c->icv_key = mix_once(FOR_ICV, is_aead ? id : keys->integ->id, 0, secret_view(integ_key));
    return true;
}

static void run_text(const struct packet_cipher *c, const uint8_t *iv, uint8_t *text, size_t len)
{
    run_stream(mix_once(FOR_STREAM, 0, c->stream_key, bytes_make(iv, c->encr->iv_len)), text, len);
}

static void compute_icv(const struct packet_cipher *c, struct bytes aad, struct bytes tail, const uint8_t *iv,
                        const uint8_t *text, size_t len, uint8_t *icv)
{
    struct mix m = mix_start(FOR_ICV, 0, c->icv_key);
    mix_bytes(&m, aad);
    mix_bytes(&m, bytes_make(iv, c->encr->iv_len));
    mix_bytes(&m, bytes_make(text, len));
    if (!(c->encr->flags & ALG_AEAD))
        mix_bytes(&m, tail);
    fill_stream(mix_end(&m), icv, c->icv_len);
}

static enum crypto_result seal_packet(void *self, struct packet_cipher *c, struct bytes aad, struct bytes tail,
                                      const uint8_t *iv, uint8_t *text, size_t len, uint8_t *icv)
{
    (void)self;
    if (len % c->encr->block_len != 0)
        return CRYPTO_FAULT;
    run_text(c, iv, text, len);
    compute_icv(c, aad, tail, iv, text, len, icv);
    return CRYPTO_OK;
}

static enum crypto_result open_packet(void *self, struct packet_cipher *c, struct bytes aad, struct bytes tail,
                                      const uint8_t *iv, uint8_t *text, size_t len, const uint8_t *icv)
{
    (void)self;
    uint8_t wanted[ICV_LEN_MAX];
    compute_icv(c, aad, tail, iv, text, len, wanted);
    if (!bytes_equal(bytes_make(wanted, c->icv_len), bytes_make(icv, c->icv_len)) || len % c->encr->block_len != 0)
        return CRYPTO_BAD;
    run_text(c, iv, text, len);
    return CRYPTO_OK;
}

static enum crypto_result seal_message(void *self, const struct cipher_keys *keys, struct bytes aad, const uint8_t *iv,
                                       uint8_t *text, size_t len, uint8_t *icv)
{
    struct packet_cipher c;
    return set_keys(&c, keys) ? seal_packet(self, &c, aad, BYTES_NONE, iv, text, len, icv) : CRYPTO_FAULT;
}

static enum crypto_result open_message(void *self, const struct cipher_keys *keys, struct bytes aad, const uint8_t *iv,
                                       uint8_t *text, size_t len, const uint8_t *icv)
{
    struct packet_cipher c;
    return set_keys(&c, keys) ? open_packet(self, &c, aad, BYTES_NONE, iv, text, len, icv) : CRYPTO_FAULT;
}

static struct packet_cipher *new_packet(void *self, const struct cipher_keys *keys, bool sealing)
{
    (void)sealing;
    const struct toy_crypto *toy = self;
    struct packet_cipher set;
    struct packet_cipher *c = set_keys(&set, keys) ? alloc_take(toy->alloc, sizeof *c) : NULL;
    if (c)
        *c = set;
    return c;
}

static void free_packet(void *self, struct packet_cipher *c)
{
    const struct toy_crypto *toy = self;
    alloc_give(toy->alloc, c, sizeof *c);
}

/* ---- key exchange --------------------------------------------------------------------------------------------
 *
 * Private x, odd; public value G * x modulo 2^64, blown up to the length of the row; secret x * y * G. That commutes,
 * and since x is odd a public value that was changed gives another product.
 */

struct kex {
    const struct alg *alg;
    uint64_t x;
};

static uint64_t new_private(struct toy_crypto *toy)
{
    return next_random(toy) | 1;
}

/* The public word, filler that follows from it, and in an offer of a KEM a checksum at the end. */
static void write_public(const struct alg *alg, uint64_t word, bool is_checked, uint8_t *data, size_t len)
{
    fill_stream(mix_once(FOR_FILL, alg->id, word, BYTES_NONE), data, len);
    memcpy(data, &word, sizeof word);
    if (is_checked) {
        uint64_t check = mix_once(FOR_CHECK, alg->id, 0, bytes_make(data, len - sizeof check));
        memcpy(data + len - sizeof check, &check, sizeof check);
    }
}

/* A KEM's offer can be told to be no key (as FIPS 203 7.2 does), and a Diffie-Hellman value of zeros is none either. */
static bool is_offer(const struct alg *alg, struct bytes data)
{
    if (data.len != alg->offer_len)
        return false;
    size_t end = data.len - sizeof(uint64_t);
    if (alg->flags & ALG_KEM)
        return mix_once(FOR_CHECK, alg->id, 0, bytes_make(data.at, end)) == load_word(data.at + end);
    uint8_t any = 0;
    for (size_t i = 0; i < data.len; i++)
        any |= data.at[i];
    return any != 0;
}

/* From our private value and what the peer sent. Filler that does not belong to its word spoils the secret. */
static void make_secret(const struct alg *alg, uint64_t x, struct bytes peer, bool is_checked,
                        struct shared_secret *secret)
{
    uint8_t expected[KEX_DATA_MAX];
    uint64_t word = load_word(peer.at);
    write_public(alg, word, is_checked, expected, peer.len);
    uint64_t damage = mix_once(FOR_CHECK, 0, 0, peer) ^ mix_once(FOR_CHECK, 0, 0, bytes_make(expected, peer.len));
    secret->len = alg->key_len;
    fill_stream(mix_once(FOR_SECRET, alg->id, (x * word) ^ damage, BYTES_NONE), secret->data, secret->len);
}

static enum crypto_result offer_kex(void *self, const struct alg *alg, struct kex **state, uint8_t *data)
{
    struct toy_crypto *toy = self;
    struct kex *kex = alloc_take(toy->alloc, sizeof *kex);
    if (!kex)
        return CRYPTO_FAULT;
    *kex = (struct kex){.alg = alg, .x = new_private(toy)};
    write_public(alg, kex->x * GENERATOR, alg->flags & ALG_KEM, data, alg->offer_len);
    *state = kex;
    return CRYPTO_OK;
}

static enum crypto_result answer_kex(void *self, const struct alg *alg, struct bytes offer, uint8_t *data,
                                     struct shared_secret *secret)
{
    if (!is_offer(alg, offer))
        return CRYPTO_BAD;
    uint64_t x = new_private(self);
    write_public(alg, x * GENERATOR, false, data, alg->answer_len);
    make_secret(alg, x, offer, alg->flags & ALG_KEM, secret);
    return CRYPTO_OK;
}

static enum crypto_result finish_kex(void *self, struct kex *state, struct bytes answer, struct shared_secret *secret)
{
    (void)self;
    const struct alg *alg = state->alg;
    bool is_kem = alg->flags & ALG_KEM;
    if (answer.len != alg->answer_len || (!is_kem && !is_offer(alg, answer)))
        return CRYPTO_BAD;
    make_secret(alg, state->x, answer, false, secret);
    return CRYPTO_OK;
}

static void free_kex(void *self, struct kex *state)
{
    const struct toy_crypto *toy = self;
    alloc_give(toy->alloc, state, sizeof *state);
}

void toy_crypto_init(struct toy_crypto *toy, const struct alloc *alloc, uint64_t seed)
{
    *toy = (struct toy_crypto){.alloc = alloc, .random = scramble(seed)};
    toy->crypto = (struct crypto){
        .self = toy,
        .has = has_row,
        .random = fill_random,
        .prf = compute_prf,
        .seal = seal_message,
        .open = open_message,
        .kex_offer = offer_kex,
        .kex_answer = answer_kex,
        .kex_finish = finish_kex,
        .kex_free = free_kex,
        .packet_new = new_packet,
        .packet_seal = seal_packet,
        .packet_open = open_packet,
        .packet_free = free_packet,
    };
}
