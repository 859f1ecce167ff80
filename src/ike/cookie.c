/*
 * cookie: see cookie.h. The scheme that RFC 7296 2.6 recommends.
 *
 * Time is cut into periods of COOKIE_SECRET_FOR. A secret is made when the first cookie of a period is
 * wanted and checks cookies until the end of the next period: each is good for at least one period and for
 * less than two.
 *
 * The octets under the MAC begin with fields of fixed length and say the address family, so that no two
 * initiators share them: with a nonce in front, the last octets of a nonce and of an IPv6 address could
 * stand for one another.
 */
#include "ike/cookie.h"

#include "wire/names.h"

enum {
    PRF_HMAC_SHA2_256 = 5,
    COOKIE_VERSION_LEN = 4,
    COOKIE_MAC_LEN = COOKIE_LEN - COOKIE_VERSION_LEN,
    COOKIE_KEY_LEN = 32,
    COOKIE_FIXED_LEN = 8 + 4 + 2 + 1, /* SPIi | version | port | family */
};

static enum crypto_result make_mac(const struct crypto *c, const struct secret *key, uint32_t version,
                                   const struct endpoint *from, uint64_t spi_i, struct bytes ni,
                                   uint8_t out[COOKIE_MAC_LEN])
{
    const struct alg *prf = alg_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0);
    uint8_t fixed[COOKIE_FIXED_LEN];
    put_u64(fixed, spi_i);
    put_u32(fixed + 8, version);
    put_u16(fixed + 12, from->port);
    fixed[14] = from->addr.family;
    const struct bytes parts[] = {BYTES_OF(fixed), addr_bytes(&from->addr), ni};

    uint8_t mac[PRF_LEN_MAX];
    enum crypto_result result = c->prf(c->self, prf, secret_view(key), parts, 3, mac);
    if (result == CRYPTO_OK)
        memcpy(out, mac, COOKIE_MAC_LEN);
    wipe(mac, sizeof mac);
    return result;
}

/* Periods begun since the newest secret's period began. */
static uint64_t periods_since(const struct cookie_jar *jar, ike_time now)
{
    return now < jar->renewed_at ? 0 : (now - jar->renewed_at) / COOKIE_SECRET_FOR;
}

/* Make the secret of the period that `now` is in. On failure nothing has changed. */
static bool renew_secret(struct cookie_jar *jar, const struct crypto *c, ike_time now)
{
    struct secret fresh = {.len = COOKIE_KEY_LEN};
    if (!c->random(c->self, fresh.data, fresh.len))
        return false;
    if (jar->version != 0 && periods_since(jar, now) > 1)
        secret_wipe(&jar->secret[jar->version & 1]); /* older than a whole period already */
    /* Never 0, and the parity goes on changing. */
    jar->version = jar->version == UINT32_MAX ? 2 : jar->version + 1;
    jar->secret[jar->version & 1] = fresh;
    jar->renewed_at = now - now % COOKIE_SECRET_FOR;
    secret_wipe(&fresh);
    return true;
}

enum crypto_result cookie_make(struct cookie_jar *jar, const struct crypto *c, ike_time now,
                               const struct endpoint *from, uint64_t spi_i, struct bytes ni, uint8_t *out)
{
    bool is_old = jar->version == 0 || periods_since(jar, now) > 0;
    if (is_old && !renew_secret(jar, c, now))
        return CRYPTO_FAULT;
    uint8_t mac[COOKIE_MAC_LEN];
    enum crypto_result result = make_mac(c, &jar->secret[jar->version & 1], jar->version, from, spi_i, ni, mac);
    if (result != CRYPTO_OK)
        return result;
    put_u32(out, jar->version);
    memcpy(out + COOKIE_VERSION_LEN, mac, COOKIE_MAC_LEN);
    return CRYPTO_OK;
}

/* The secret of that version if it may still be used, else NULL. */
static const struct secret *find_secret(const struct cookie_jar *jar, ike_time now, uint32_t version)
{
    uint64_t age = periods_since(jar, now);
    if (jar->version == 0 || version == 0)
        return NULL;
    bool is_newest = version == jar->version && age <= 1;
    bool is_one_before = version == jar->version - 1 && age == 0;
    const struct secret *found = &jar->secret[version & 1];
    return (is_newest || is_one_before) && found->len > 0 ? found : NULL;
}

bool cookie_check(struct cookie_jar *jar, const struct crypto *c, ike_time now, const struct endpoint *from,
                  uint64_t spi_i, struct bytes ni, struct bytes cookie)
{
    if (cookie.len != COOKIE_LEN)
        return false;
    uint32_t version = get_u32(cookie.at);
    const struct secret *key = find_secret(jar, now, version);
    uint8_t mac[COOKIE_MAC_LEN];
    if (!key || make_mac(c, key, version, from, spi_i, ni, mac) != CRYPTO_OK)
        return false;
    return bytes_equal_ct(bytes_make(cookie.at + COOKIE_VERSION_LEN, COOKIE_MAC_LEN), BYTES_OF(mac));
}
