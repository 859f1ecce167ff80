/*
 * alg: the table of algorithms, compiled from alg.def, and the three ways to look something up in it.
 *
 * Part of libbraid: constant data and linear searches over some fifty rows, no memory, no library. It knows
 * names and lengths; whether a backend can compute an algorithm is the backend's to say.
 */
#include "crypto/alg.h"

/* clang-format off */
static const struct alg rows[] = {
#define ALG_ENCR(number, bits, word, print, key, salt, iv, block, icv, str, flag) \
    {.type = ALG_TYPE_ENCR, .id = number, .key_bits = bits, .keyword = word, .name = print, \
     .key_len = key, .salt_len = salt, .iv_len = iv, .block_len = block, .out_len = icv, \
     .strength = str, .flags = flag},
#define ALG_PRF(number, word, print, key, out, str, flag) \
    {.type = ALG_TYPE_PRF, .id = number, .keyword = word, .name = print, \
     .key_len = key, .out_len = out, .strength = str, .flags = flag},
#define ALG_INTEG(number, word, print, key, icv, str, flag) \
    {.type = ALG_TYPE_INTEG, .id = number, .keyword = word, .name = print, \
     .key_len = key, .out_len = icv, .strength = str, .flags = flag},
#define ALG_KE(number, word, print, secret, offer, answer, str, flag) \
    {.type = ALG_TYPE_KE, .id = number, .keyword = word, .name = print, \
     .key_len = secret, .offer_len = offer, .answer_len = answer, .strength = str, .flags = flag},
#include "crypto/alg.def"
};
/* clang-format on */

/* Lengths are taken here, so that no search has to measure its own table. */
static const struct {
    const char *alias;
    struct bytes keyword;
} aliases[] = {
#define ALG_ALIAS(word, keyword) {word, {(const uint8_t *)(keyword), sizeof(keyword) - 1}},
#include "crypto/alg.def"
};

_Static_assert(sizeof rows / sizeof rows[0] == ALG_COUNT, "alg.h counts the rows of alg.def");

const struct alg *alg_at(size_t i)
{
    return i < ALG_COUNT ? &rows[i] : NULL;
}

const struct alg *alg_find(uint8_t type, uint16_t id, uint16_t key_bits)
{
    for (size_t i = 0; i < ALG_COUNT; i++) {
        if (rows[i].type == type && rows[i].id == id && rows[i].key_bits == key_bits)
            return &rows[i];
    }
    return NULL;
}

/* Is `word`, NUL-terminated, exactly `text`? Written out, for libbraid has no strlen. */
static bool is_word(const char *word, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (word[i] == '\0' || (uint8_t)word[i] != text.at[i])
            return false;
    }
    return word[text.len] == '\0';
}

static const struct alg *find_keyword(struct bytes keyword)
{
    for (size_t i = 0; i < ALG_COUNT; i++) {
        if (is_word(rows[i].keyword, keyword))
            return &rows[i];
    }
    return NULL;
}

const struct alg *alg_by_keyword(struct bytes keyword)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (is_word(aliases[i].alias, keyword))
            return find_keyword(aliases[i].keyword);
    }
    return find_keyword(keyword);
}
