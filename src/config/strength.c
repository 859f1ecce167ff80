/* strength: see strength.h. */
#include "config/strength.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORD_BITS = 8 };

/* What is tried first; the secrets of examples are among it. */
/* clang-format off */
static const char *const words[] = {
    "put 32 random octets here", "openssl rand -base64 32", "correct horse battery staple",
    "password", "passwort", "passw0rd", "p@ssword", "p@ssw0rd", "passphrase", "pass", "geheim", "secret",
    "s3cret", "preshared", "pre-shared", "shared", "key", "psk", "ipsec", "ike", "vpn", "tunnel", "strongswan",
    "libreswan", "openswan", "braid", "wireguard", "cisco", "juniper", "fortinet", "mikrotik", "admin",
    "administrator", "root", "user", "guest", "login", "welcome", "letmein", "changeme", "change", "default",
    "example", "test", "testing", "demo", "temp", "sample", "qwertyuiop", "qwerty", "qwertz", "asdfgh", "asdf",
    "zxcvbn", "yxcvbn", "1q2w3e4r", "dragon", "monkey", "master", "shadow", "sunshine", "princess", "football",
    "baseball", "superman", "batman", "iloveyou", "love", "trustno1", "hello", "hallo", "freedom", "whatever",
    "network", "netzwerk", "office", "home", "branch", "gateway", "remote", "server", "client", "router",
    "firewall", "site", "moon", "carol", "dave", "alice", "north", "south", "east", "west", "left", "right",
    "summer", "winter", "spring", "autumn", "sommer", "january", "february", "march", "april", "june", "july",
    "august", "september", "october", "november", "december", "monday", "friday", "company", "firma", "internet",
    "one", "two", "three", "four", "the", "and", "for", "this", "that", "with", "very", "strong", "secure",
    "security", "random", "octets", "simple", "short", "long", "word", "wort", "abc123", "123456", "2024",
    "2025", "2026", "2027", "is ", "a ", "of ", "my ", "our ", "an ", "to ",
};
/* clang-format on */

/* The length of the longest common word that stands here, with what parts it from the next; or 0. */
static size_t word_at(struct bytes rest)
{
    size_t longest = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i][0] != tolower(rest.at[0]))
            continue;
        size_t len = strlen(words[i]);
        if (len > longest && len <= rest.len &&
            strncasecmp((const char *)rest.at, words[i], len) == 0)
            longest = len;
    }
    bool parted = longest > 0 && longest < rest.len && memchr(" -_.", rest.at[longest], 4);
    return longest + parted;
}

/* The shortest beginning of which the whole consists, again and again. */
static size_t period_of(struct bytes s)
{
    for (size_t period = 1; period <= s.len / 2; period++)
        if (memcmp(s.at, s.at + period, s.len - period) == 0)
            return period;
    return s.len;
}

/* Hundredths of a bit for a character that nothing foretells. */
static unsigned bits_of_character(struct bytes s)
{
    bool lower = false, upper = false, digit = false, hex = true, sign = false, octet = false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        lower |= islower(c) != 0;
        upper |= isupper(c) != 0;
        digit |= isdigit(c) != 0;
        hex &= isxdigit(c) != 0;
        sign |= isprint(c) && !isalnum(c);
        octet |= !isprint(c);
    }
    if (octet)
        return 800;
    if (hex)
        return lower || upper ? 400 : 332;
    unsigned many = (lower ? 26 : 0) + (upper ? 26 : 0) + (digit ? 10 : 0) + (sign ? 4 : 0);
    return many > 52 ? 600 : many > 36 ? 570
                         : many > 26   ? 500
                                       : 470;
}

unsigned strength_bits(struct bytes secret)
{
    unsigned each = bits_of_character(secret);
    struct bytes s = bytes_make(secret.at, period_of(secret));
    uint64_t sum = 0;
    for (size_t i = 0; i < s.len;) {
        size_t word = word_at(bytes_make(s.at + i, s.len - i));
        int step = i > 0 ? s.at[i] - s.at[i - 1] : INT8_MAX;
        if (word > 0)
            sum += WORD_BITS * 100;
        else if (step < -1 || step > 1)
            sum += each;
        i += word > 0 ? word : 1;
    }
    return sum / 100 < UINT16_MAX ? (unsigned)(sum / 100) : UINT16_MAX;
}

bool strength_is_enough(struct bytes secret, bool is_ppk)
{
    return strength_bits(secret) >= STRENGTH_ENOUGH &&
           (!is_ppk || secret.len >= STRENGTH_PPK_OCTETS);
}
