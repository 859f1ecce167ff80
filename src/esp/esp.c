/*
 * esp: see esp.h. The steps of esp_seal are those of RFC 4303 3.3, the steps of esp_open those of
 * 3.4.
 *
 * Nothing here changes an SA before the packet is authentic: esp_open asks the replay window first,
 * opens, and only then moves it. The sequence number of esp_seal is counted before the cipher runs,
 * so that a failure can never lead to the same IV twice.
 */
#include "esp/esp.h"

#include "esp/inner.h"

enum {
    TRAILER_LEN = 2, /* pad length, next header */
    ESP_ALIGN = 4,   /* where they end: RFC 4303 2.4 */
    BLOCK_LEN = 16,  /* of every cipher here, for counting what a key bears */
};

/*
 * How many blocks of 16 octets one key may encipher. A block cipher of 128 bits gives itself away
 * as no random function with a probability of s^2 / 2^129 after s blocks
 * (draft-irtf-cfrg-aead-limits 5.1.1, 5.3.1).
 *
 * With CBC a collision shows the difference of two plaintexts at once: 2^32 blocks, 64 GiB, keep
 * that below 2^-65. The counter modes get 2^35, 512 GiB; CCM enciphers each block twice, and so
 * all of them stay within the 2^-57 of RFC 8446 5.5. ChaCha20 would bear more, but 512 GiB is no
 * hardship. A counter mode's IV is the sequence number, which never repeats, so that NIST's limit
 * of 2^32 packets (SP 800-38D 8.3), which is about random IVs, does not concern us.
 */
static const uint64_t blocks_max_cbc = UINT64_C(1) << 32, blocks_max_counter = UINT64_C(1) << 35;

/* ---- lengths --------------------------------------------------------------------------------- */

struct esp_form esp_form(const struct alg *encr, const struct alg *integ, bool esn)
{
    bool aead = encr->flags & ALG_AEAD;
    return (struct esp_form){
        .iv_len = (uint8_t)encr->iv_len,
        .icv_len = (uint8_t)(aead ? encr->out_len : integ->out_len),
        .align = encr->block_len > ESP_ALIGN ? (uint8_t)encr->block_len : ESP_ALIGN,
        .aead = aead,
        .esn = esn,
    };
}

static size_t pad_len(const struct esp_form *f, size_t payload_len)
{
    size_t over = (payload_len + TRAILER_LEN) % f->align;
    return over ? f->align - over : 0;
}

static size_t fixed_len(const struct esp_form *f)
{
    return (size_t)ESP_HEADER_LEN + f->iv_len + f->icv_len;
}

size_t esp_sealed_len(const struct esp_form *f, size_t payload_len)
{
    return fixed_len(f) + payload_len + pad_len(f, payload_len) + TRAILER_LEN;
}

size_t esp_payload_room(const struct esp_form *f, size_t packet_len)
{
    if (packet_len < fixed_len(f) + f->align)
        return 0;
    return (packet_len - fixed_len(f)) / f->align * f->align - TRAILER_LEN;
}

/* ---- initialization vectors ------------------------------------------------------------------ */

struct esp_pool esp_pool_make(const struct crypto *crypto)
{
    return (struct esp_pool){.crypto = crypto};
}

static bool pool_draw(struct esp_pool *p, uint8_t *out, size_t len)
{
    if (p->left < len) {
        if (!p->crypto->random(p->crypto->self, p->octets, sizeof p->octets))
            return false;
        p->left = sizeof p->octets;
    }
    p->left -= len;
    memcpy(out, p->octets + p->left, len);
    wipe(p->octets + p->left, len);
    return true;
}

/*
 * Counter-based ciphers have an IV of 8 octets and need it never to repeat; CBC needs it
 * unpredictable.
 */
static bool make_iv(struct esp_out *sa, uint8_t *iv)
{
    if (sa->form.iv_len != 8)
        return pool_draw(sa->pool, iv, sa->form.iv_len);
    put_u64(iv, sa->seq);
    return true;
}

/* ---- what is authenticated besides the payload ----------------------------------------------- */

struct cover {
    uint8_t octets[12];
    struct bytes aad, tail;
};

static void make_cover(struct cover *c, const struct esp_form *f, uint32_t spi, uint64_t seq)
{
    uint8_t *at = c->octets;
    put_u32(at, spi);
    c->tail = BYTES_NONE;
    if (f->esn && f->aead) {
        put_u64(at + 4, seq);
        c->aad = bytes_make(at, 12);
        return;
    }
    put_u32(at + 4, (uint32_t)seq);
    c->aad = bytes_make(at, 8);
    if (f->esn) {
        put_u32(at + 8, (uint32_t)(seq >> 32));
        c->tail = bytes_make(at + 8, 4);
    }
}

static struct cipher_keys keys_of(const struct esp_params *p)
{
    return (struct cipher_keys){
        .encr = p->encr, .integ = p->integ, .encr_key = p->encr_key, .integ_key = p->integ_key};
}

/* ---- outbound -------------------------------------------------------------------------------- */

bool esp_out_make(struct esp_out *sa, const struct esp_params *p, struct esp_pool *pool)
{
    struct cipher_keys keys = keys_of(p);
    *sa = (struct esp_out){.crypto = p->crypto,
                           .pool = pool,
                           .spi = p->spi,
                           .form = esp_form(p->encr, p->integ, p->esn)};
    sa->seq_max = p->esn ? UINT64_MAX : UINT32_MAX;
    sa->blocks_max = p->encr->iv_len == BLOCK_LEN ? blocks_max_cbc : blocks_max_counter;
    sa->cipher = p->crypto->packet_new(p->crypto->self, &keys, true);
    return sa->cipher != NULL;
}

void esp_out_free(struct esp_out *sa)
{
    if (sa->cipher)
        sa->crypto->packet_free(sa->crypto->self, sa->cipher);
    *sa = (struct esp_out){0};
}

enum esp_wear esp_out_wear(const struct esp_out *sa)
{
    if (sa->seq >= sa->seq_max || sa->blocks >= sa->blocks_max)
        return ESP_SPENT;
    bool is_worn = sa->seq >= sa->seq_max / 4 * 3 || sa->blocks >= sa->blocks_max / 4 * 3;
    return is_worn ? ESP_WORN : ESP_FRESH;
}

/* A sequence number never comes back: RFC 4303 3.3.3. */
static bool next_seq(struct esp_out *sa)
{
    if (esp_out_wear(sa) == ESP_SPENT)
        return false;
    sa->seq++;
    return true;
}

/* Returns the octets added: padding 1, 2, 3, ..., its length and the next header. */
static size_t put_trailer(const struct esp_form *f, uint8_t *payload, size_t len,
                          uint8_t next_header)
{
    size_t pad = pad_len(f, len);
    for (size_t i = 0; i < pad; i++)
        payload[len + i] = (uint8_t)(i + 1);
    payload[len + pad] = (uint8_t)pad;
    payload[len + pad + 1] = next_header;
    return pad + TRAILER_LEN;
}

enum esp_result esp_seal(struct esp_out *sa, uint8_t *payload, size_t len, uint8_t next_header,
                         struct bytes *packet)
{
    const struct esp_form *f = &sa->form;
    *packet = BYTES_NONE;
    if (!next_seq(sa))
        return ESP_EXHAUSTED;
    uint8_t *iv = payload - f->iv_len, *start = iv - ESP_HEADER_LEN;
    struct cover cover;
    make_cover(&cover, f, sa->spi, sa->seq);
    put_u32(start, sa->spi);
    put_u32(start + 4, (uint32_t)sa->seq);
    if (!make_iv(sa, iv))
        return ESP_FAULT;
    size_t text_len = len + put_trailer(f, payload, len, next_header);
    sa->blocks += text_len / BLOCK_LEN + 1;
    if (sa->crypto->packet_seal(sa->crypto->self, sa->cipher, cover.aad, cover.tail, iv, payload,
                                text_len, payload + text_len) != CRYPTO_OK)
        return ESP_FAULT;
    *packet = bytes_make(start, fixed_len(f) + text_len);
    return ESP_OK;
}

/* ---- inbound --------------------------------------------------------------------------------- */

bool esp_in_make(struct esp_in *sa, const struct esp_params *p, const struct alloc *alloc)
{
    struct cipher_keys keys = keys_of(p);
    *sa = (struct esp_in){
        .crypto = p->crypto, .alloc = alloc, .spi = p->spi, .transport = p->transport};
    sa->form = esp_form(p->encr, p->integ, p->esn);
    uint64_t *ring = alloc_take(alloc, replay_words(p->replay_window) * sizeof *ring);
    if (!ring)
        return false;
    sa->replay = replay_make(p->replay_window, p->esn, ring);
    sa->cipher = p->crypto->packet_new(p->crypto->self, &keys, false);
    if (!sa->cipher)
        esp_in_free(sa);
    return sa->cipher != NULL;
}

void esp_in_free(struct esp_in *sa)
{
    if (sa->cipher)
        sa->crypto->packet_free(sa->crypto->self, sa->cipher);
    if (sa->replay.ring)
        alloc_give(sa->alloc, sa->replay.ring, sa->replay.words * sizeof *sa->replay.ring);
    *sa = (struct esp_in){0};
}

bool esp_spi(struct bytes packet, uint32_t *spi)
{
    if (packet.len < ESP_HEADER_LEN)
        return false;
    *spi = get_u32(packet.at);
    return true;
}

/*
 * Take the trailer off authentic plaintext: RFC 4303 2.4 to 2.6, 3.4.4.1 step 3. False when it
 * cannot be.
 */
static bool strip_trailer(struct esp_payload *p)
{
    uint8_t pad = p->at[p->len - 2];
    p->next_header = p->at[p->len - 1];
    p->len -= TRAILER_LEN;
    if (pad > p->len)
        return false;
    p->len -= pad;
    for (size_t i = 0; i < pad; i++) {
        if (p->at[p->len + i] != i + 1)
            return false;
    }
    return true;
}

/*
 * In tunnel mode the inner header must be there, of the announced version, and its length governs:
 * what follows is RFC 4303 2.7 padding.
 */
static bool cut_to_inner(struct esp_payload *p)
{
    if (p->next_header != NEXT_IPV4 && p->next_header != NEXT_IPV6)
        return false;
    size_t inner = inner_len(bytes_make(p->at, p->len));
    if (inner == 0 || (p->at[0] >> 4 == 4) != (p->next_header == NEXT_IPV4))
        return false;
    p->len = inner;
    return true;
}

static enum esp_result unwrap(const struct esp_in *sa, struct esp_payload *p)
{
    if (!strip_trailer(p))
        return ESP_MALFORMED;
    if (p->next_header == NEXT_DUMMY)
        return ESP_DUMMY;
    return sa->transport || cut_to_inner(p) ? ESP_OK : ESP_MALFORMED;
}

static bool is_possible_len(const struct esp_form *f, size_t len)
{
    size_t fixed = fixed_len(f);
    return len >= fixed + f->align && (len - fixed) % f->align == 0;
}

enum esp_result esp_open(struct esp_in *sa, uint8_t *packet, size_t len, struct esp_payload *out,
                         bool *authentic)
{
    const struct esp_form *f = &sa->form;
    *out = (struct esp_payload){0};
    *authentic = false;
    if (!is_possible_len(f, len))
        return ESP_MALFORMED;
    struct esp_payload p = {.at = packet + ESP_HEADER_LEN + f->iv_len, .len = len - fixed_len(f)};
    if (replay_check(&sa->replay, get_u32(packet + 4), &p.seq) != REPLAY_FRESH)
        return ESP_REPLAY;
    struct cover cover;
    make_cover(&cover, f, sa->spi, p.seq);
    enum crypto_result opened =
        sa->crypto->packet_open(sa->crypto->self, sa->cipher, cover.aad, cover.tail,
                                packet + ESP_HEADER_LEN, p.at, p.len, p.at + p.len);
    if (opened != CRYPTO_OK)
        return opened == CRYPTO_BAD ? ESP_AUTH : ESP_FAULT;
    *authentic = true;
    replay_accept(&sa->replay, p.seq);
    enum esp_result result = unwrap(sa, &p);
    if (result == ESP_OK)
        *out = p;
    return result;
}
