/* trust: see trust.h. */
#include "cred/trust.h"

#include "cred/scheme.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

enum {
#define ID_TYPE(number, name) ID_##name = number,
#define HASH_ID(number, name) HASH_##name = number,
#include "wire/iana.def"
};

/* ---- the store ------------------------------------------------------------------------------- */

X509_STORE *trust_store_new(const STACK_OF(X509) * anchors, const STACK_OF(X509_CRL) * crls)
{
    X509_STORE *store = X509_STORE_new();
    bool good = store != NULL;
    for (int i = 0; good && i < sk_X509_num(anchors); i++)
        good = X509_STORE_add_cert(store, sk_X509_value(anchors, i)) == 1;
    for (int i = 0; good && i < sk_X509_CRL_num(crls); i++)
        good = X509_STORE_add_crl(store, sk_X509_CRL_value(crls, i)) == 1;
    if (good) { /* they hold for OCSP responders, too */
        X509_VERIFY_PARAM *p = X509_STORE_get0_param(store);
        X509_VERIFY_PARAM_set_auth_level(p, 2); /* 112 bits: no SHA-1, no RSA below 2048 */
        good = X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN) == 1;
    }
    ERR_clear_error();
    if (good)
        return store;
    X509_STORE_free(store);
    return NULL;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* The errors people meet, in words that say what to look at; the others as OpenSSL has them. */
/* clang-format off */
static const struct {
    int error;
    const char *text;
} words[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,   "no trusted CA issued it"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,     "no trusted CA issued it"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,         "it is self-signed and not trusted here"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,           "its root CA is not trusted here"},
    {X509_V_ERR_CERT_HAS_EXPIRED,                    "it has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID,                  "it is not valid yet"},
    {X509_V_ERR_CERT_REVOKED,                        "it is revoked"},
    {X509_V_ERR_UNABLE_TO_GET_CRL,                   "no revocation list says that it is good"},
    {X509_V_ERR_CRL_HAS_EXPIRED,                     "its CA's revocation list has expired"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG,                 "its chain is too long"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE,              "the signature on it is wrong"},
    {X509_V_ERR_EE_KEY_TOO_SMALL,                    "its key is too weak"},
    {X509_V_ERR_CA_KEY_TOO_SMALL,                    "its CA's key is too weak"},
    {X509_V_ERR_CA_MD_TOO_WEAK,                      "it is signed with too weak a hash"},
    {X509_V_ERR_NO_EXPLICIT_POLICY,                  "it is not for a policy that `cert_policy` asks for"},
};
/* clang-format on */

static const char *word_for(int error)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].error == error)
            return words[i].text;
    return X509_verify_cert_error_string(error);
}

/* "the certificate 'C=CH, CN=moon' is refused: it has expired". Hostile octets become `?`. */
static bool refuse(char why[TRUST_REASON_MAX], X509 *cert, const char *reason)
{
    char name[200] = "";
    BIO *out = BIO_new(BIO_s_mem());
    if (out && cert)
        X509_NAME_print_ex(out, X509_get_subject_name(cert), 0,
                           (XN_FLAG_ONELINE & ~(unsigned)ASN1_STRFLGS_ESC_QUOTE &
                            ~(unsigned)XN_FLAG_SPC_EQ) |
                               ASN1_STRFLGS_ESC_MSB);
    int len = out ? BIO_read(out, name, sizeof name - 1) : 0;
    name[len > 0 ? len : 0] = '\0';
    BIO_free(out);
    for (char *c = name; *c; c++)
        *c = *c >= ' ' && *c < 127 && *c != '\'' ? *c : '?';
    snprintf(why, TRUST_REASON_MAX, "the certificate '%s' is refused: %s", name, reason);
    ERR_clear_error();
    return false;
}

/* The same for an error of OpenSSL's; where a time decides, with the time. */
static bool refuse_for(char why[TRUST_REASON_MAX], X509 *cert, int error)
{
    char reason[200], when[64] = "";
    const ASN1_TIME *time = error == X509_V_ERR_CERT_HAS_EXPIRED     ? X509_get0_notAfter(cert)
                            : error == X509_V_ERR_CERT_NOT_YET_VALID ? X509_get0_notBefore(cert)
                                                                     : NULL;
    struct tm tm;
    if (time && ASN1_TIME_to_tm(time, &tm) == 1)
        strftime(when, sizeof when,
                 error == X509_V_ERR_CERT_HAS_EXPIRED ? ", on %F %T UTC" : ", only from %F %T UTC",
                 &tm);
    snprintf(reason, sizeof reason, "%s%s", word_for(error), when);
    return refuse(why, cert, reason);
}

/* ---- the end entity -------------------------------------------------------------------------- */

/* RFC 4945 5.1.3.12: none at all, any, or one of those for IKE; TLS peers' are widespread. */
static bool has_eku_for_ike(X509 *cert)
{
    /* the last: that of IKE in an expired draft, still issued */
    static const char *const good[] = {"2.5.29.37.0", "1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.7.3.1",
                                       "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.8.2.2"};
    int critical;
    EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
    bool fits = !list && critical == -1;
    for (int i = 0; !fits && i < sk_ASN1_OBJECT_num(list); i++) {
        char oid[80];
        OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(list, i), 1);
        for (size_t k = 0; k < sizeof good / sizeof good[0]; k++)
            fits = fits || strcmp(oid, good[k]) == 0;
    }
    EXTENDED_KEY_USAGE_free(list);
    return fits;
}

static bool check_end_entity(X509 *cert, char why[TRUST_REASON_MAX])
{
    const char *reason = NULL;
    EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key)
        return refuse(why, cert, "its key cannot be read");
    if (!scheme_key_is_good(key, &reason))
        return refuse(why, cert, reason);
    if (!(X509_get_key_usage(cert) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
        return refuse(why, cert, "its key usage does not allow signatures");
    if (!has_eku_for_ike(cert))
        return refuse(why, cert, "its extended key usage does not allow IKE");
    return true;
}

/* ---- rules for the chain --------------------------------------------------------------------- */

/* What no rule can name fits none. */
static uint8_t hash_of_nid(int nid)
{
    enum { HASH_OTHER = 31 };
    switch (nid) {
    case NID_undef: /* the signature brings its own */
        return HASH_IDENTITY;
    case NID_sha1:
        return HASH_SHA1;
    case NID_sha256:
        return HASH_SHA2_256;
    case NID_sha384:
        return HASH_SHA2_384;
    case NID_sha512:
        return HASH_SHA2_512;
    default:
        return HASH_OTHER;
    }
}

/* Of RSASSA-PSS it stands in the parameters, or is SHA-1 (RFC 4055 3.1). */
static int hash_of_pss(const X509_ALGOR *algorithm)
{
    RSA_PSS_PARAMS *p =
        algorithm->parameter
            ? ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter)
            : NULL;
    int digest = p && p->hashAlgorithm ? OBJ_obj2nid(p->hashAlgorithm->algorithm) : NID_sha1;
    RSA_PSS_PARAMS_free(p);
    return digest;
}

bool trust_hash_is_strong(const X509_ALGOR *algorithm)
{
    static const int strong[] = {NID_undef, NID_sha224, NID_sha256, NID_sha384,
                                 NID_sha512, NID_sha3_256, NID_sha3_384, NID_sha3_512};
    int nid = OBJ_obj2nid(algorithm->algorithm), digest = NID_undef, key;
    if (nid == NID_rsassaPss)
        digest = hash_of_pss(algorithm);
    else if (OBJ_find_sigid_algs(nid, &digest, &key) != 1)
        digest = NID_undef; /* of the newer signatures, which bring their own */
    for (size_t i = 0; i < sizeof strong / sizeof strong[0]; i++)
        if (digest == strong[i])
            return true;
    return false;
}

bool trust_key_fits(X509 *cert, const struct cred_rule *rule)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    uint32_t families = key ? scheme_families(key) : 0;
    bool rsa = families & (UINT32_C(1) << FAMILY_RSA_PSS);
    uint32_t least = rsa ? rule->rsa_bits : rule->ecdsa_bits;
    bool sized = rsa || (families & (UINT32_C(1) << FAMILY_ECDSA));
    if (rule->families && !(rule->families & families))
        return false;
    return !sized || (uint32_t)EVP_PKEY_get_bits(key) >= least;
}

static bool fits_rule(X509 *cert, bool is_anchor, const struct cred_rule *rule)
{
    int digest = NID_undef;
    if (!trust_key_fits(cert, rule))
        return false;
    if (is_anchor || !rule->hashes)
        return true;
    X509_get_signature_info(cert, &digest, NULL, NULL, NULL);
    return rule->hashes & (UINT32_C(1) << hash_of_nid(digest));
}

/* Key of each certificate, and signature of each but the anchor's: the one that does not fit. */
static X509 *find_misfit(const STACK_OF(X509) * chain, const struct cred_rule *rule)
{
    int count = sk_X509_num(chain);
    for (int i = 0; i < count; i++)
        if (!fits_rule(sk_X509_value(chain, i), i + 1 == count, rule))
            return sk_X509_value(chain, i);
    return NULL;
}

static bool is_quantum(const STACK_OF(X509) * chain)
{
    static const struct cred_rule quantum = {.families = QUANTUM_FAMILIES};
    return !find_misfit(chain, &quantum);
}

/* ---- revocation ------------------------------------------------------------------------------ */

/* What is collected while OpenSSL walks up a chain, and what it looks into. */
struct walk {
    uint32_t unsettled; /* bit n = nothing fresh is known of the nth */
    STACK_OF(X509_CRL) * lists;
};

/*
 * What was fetched and what is in the store, borrowed, in one place: OpenSSL would look into the
 * store only if the other had none, and the newest is to decide. NULL: out of memory.
 */
static STACK_OF(X509_CRL) * all_lists(const struct trust_demand *demand)
{
    const struct known *known = demand->evidence ? demand->evidence->known : NULL;
    STACK_OF(X509_CRL) *all = known ? sk_X509_CRL_dup(known_lists(known)) : sk_X509_CRL_new_null();
    const STACK_OF(X509_OBJECT) *held = X509_STORE_get0_objects(demand->store);
    for (int i = 0; all && i < sk_X509_OBJECT_num(held); i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(held, i));
        if (list && sk_X509_CRL_push(all, list) <= 0) {
            sk_X509_CRL_free(all);
            all = NULL;
        }
    }
    return all;
}

/* That no list says anything is for the policy to judge, later: it is noted and passes. */
static int note(int ok, X509_STORE_CTX *ctx)
{
    struct walk *walk = X509_STORE_CTX_get_app_data(ctx); /* NULL: the path of a list's signer */
    X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
    int error = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
    bool unknown = error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED ||
                   error == X509_V_ERR_CRL_NOT_YET_VALID;
    if (ok || !unknown || !cert || !walk || depth > TRUST_DEPTH_MAX + 1)
        return ok;
    if (!(X509_get_extension_flags(cert) & EXFLAG_SS)) /* an anchor is trusted: it was put there */
        walk->unsettled |= UINT32_C(1) << depth;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

static bool is_forgiven(X509 *cert, const struct trust_demand *demand)
{
    return demand->revocation == REVOCATION_RELAXED ||
           (demand->revocation == REVOCATION_IFURI &&
            !revocation_has_sources(cert, demand->evidence));
}

/* Answers of OCSP responders that are at hand settle what lists do not, and revoke all the same. */
static bool settle(STACK_OF(X509) * chain, struct walk *walk, const struct trust_demand *demand,
                   char why[TRUST_REASON_MAX])
{
    struct ocsp_case c = {.store = demand->store, .chain = chain, .rule = demand->chain};
    for (int i = 0; demand->evidence && i + 1 < sk_X509_num(chain); i++) {
        c.cert = sk_X509_value(chain, i);
        c.issuer = sk_X509_value(chain, i + 1);
        switch (revocation_look(demand->evidence, &c)) {
        case STANDING_REVOKED:
            return refuse(why, c.cert, "it is revoked, as OCSP says");
        case STANDING_GOOD:
            walk->unsettled &= ~(UINT32_C(1) << i);
            break;
        case STANDING_UNKNOWN:
            break;
        }
    }
    return true;
}

static bool judge_revocation(STACK_OF(X509) * chain, struct walk *walk,
                             const struct trust_demand *demand, struct trust_open *open,
                             char why[TRUST_REASON_MAX])
{
    bool good = true;
    if (!settle(chain, walk, demand, why))
        return false;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        if (!(walk->unsettled >> i & 1))
            continue;
        X509 *cert = sk_X509_value(chain, i), *issuer = sk_X509_value(chain, i + 1);
        if (open && issuer && X509_up_ref(cert) == 1 && X509_up_ref(issuer) == 1)
            open->at[open->count++] = (struct trust_pair){cert, issuer};
        if (good && !is_forgiven(cert, demand))
            good = refuse(why, cert,
                          "no revocation list says that it is good, nor does an OCSP response");
    }
    return good;
}

void trust_open_drop(struct trust_open *open)
{
    while (open->count > 0) {
        open->count--;
        X509_free(open->at[open->count].cert);
        X509_free(open->at[open->count].issuer);
    }
}

/* ---- what a section asks of the chain -------------------------------------------------------- */

/* OpenSSL refuses chains that are good for none of these policies (RFC 5280 6.1.5). */
static bool ask_for_policies(X509_VERIFY_PARAM *p, const struct name_list *policies)
{
    for (uint16_t i = 0; policies && i < policies->count; i++) {
        ASN1_OBJECT *oid = OBJ_txt2obj(policies->at[i], 1);
        if (!oid || X509_VERIFY_PARAM_add0_policy(p, oid) != 1) {
            ASN1_OBJECT_free(oid);
            return false;
        }
    }
    return !policies || policies->count == 0 ||
           X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_EXPLICIT_POLICY) ==
               1;
}

static bool has_policy(const STACK_OF(X509_POLICY_NODE) * nodes, const char *text)
{
    bool found = false;
    ASN1_OBJECT *oid = OBJ_txt2obj(text, 1);
    for (int i = 0; oid && !found && i < sk_X509_POLICY_NODE_num(nodes); i++)
        found =
            OBJ_cmp(oid, X509_policy_node_get0_policy(sk_X509_POLICY_NODE_value(nodes, i))) == 0;
    ASN1_OBJECT_free(oid);
    return found;
}

static bool has_all_policies(X509_STORE_CTX *ctx, const struct name_list *policies)
{
    const STACK_OF(X509_POLICY_NODE) *nodes =
        X509_policy_tree_get0_user_policies(X509_STORE_CTX_get0_policy_tree(ctx));
    for (uint16_t i = 0; policies && i < policies->count; i++)
        if (!has_policy(nodes, policies->at[i]))
            return false;
    return true;
}

static bool has_ca(const STACK_OF(X509) * chain, const struct conf_identity *ca_id)
{
    if (!ca_id || ca_id->any || ca_id->id.type == 0)
        return true;
    for (int i = 1; i < sk_X509_num(chain); i++)
        if (trust_identity(sk_X509_value(chain, i), &ca_id->id))
            return true;
    return false;
}

static bool check_demands(X509_STORE_CTX *ctx, const struct trust_demand *demand,
                          char why[TRUST_REASON_MAX])
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    X509 *cert = sk_X509_value(chain, 0);
    X509 *misfit = demand->chain ? find_misfit(chain, demand->chain) : NULL;
    if (misfit)
        return refuse(why, misfit, "its key or signature is of a kind that `auth` does not allow");
    if (!has_all_policies(ctx, demand->policies))
        return refuse(why, cert, "it is not for all policies that `cert_policy` asks for");
    if (!has_ca(chain, demand->ca_id))
        return refuse(why, cert, "none of its CAs is the one that `ca_id` names");
    return true;
}

/* ---- the chain ------------------------------------------------------------------------------- */

static bool prepare(X509_STORE_CTX *ctx, X509 *cert, STACK_OF(X509) * others,
                    const struct trust_demand *demand, struct walk *walk)
{
    if (X509_STORE_CTX_init(ctx, demand->store, cert, others) != 1)
        return false;
    X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_depth(p, TRUST_DEPTH_MAX);
    X509_STORE_CTX_set_verify_cb(ctx, note);
    if (!ask_for_policies(p, demand->policies))
        return false;
    walk->lists = all_lists(demand);
    X509_STORE_CTX_set0_crls(ctx, walk->lists);
    return walk->lists && X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_EXTENDED_CRL_SUPPORT) == 1 &&
           X509_STORE_CTX_set_app_data(ctx, walk) == 1;
}

bool trust_chain(X509 *cert, STACK_OF(X509) * others, const struct trust_demand *demand,
                 struct trust_open *open, char why[TRUST_REASON_MAX])
{
    if (X509_get_extension_flags(cert) & EXFLAG_INVALID)
        return refuse(why, cert, "an extension cannot be read, or is there twice");
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    struct walk walk = {0};
    bool good = false;
    if (open)
        *open = (struct trust_open){.count = 0};
    if (!ctx || !prepare(ctx, cert, others, demand, &walk)) {
        refuse(why, cert, "an internal error");
        goto out;
    }
    if (X509_verify_cert(ctx) != 1) {
        X509 *bad = X509_STORE_CTX_get_current_cert(ctx);
        refuse_for(why, bad ? bad : cert, X509_STORE_CTX_get_error(ctx));
        goto out;
    }
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    if (open)
        open->quantum = is_quantum(chain);
    good = check_demands(ctx, demand, why) && check_end_entity(cert, why) &&
           judge_revocation(chain, &walk, demand, open, why);
out:
    X509_STORE_CTX_free(ctx);
    sk_X509_CRL_free(walk.lists);
    ERR_clear_error();
    return good;
}

/* ---- identities ------------------------------------------------------------------------------ */

static struct bytes asn1_view(const ASN1_STRING *s)
{
    return bytes_make(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static bool same_name(struct bytes a, struct bytes b)
{
    return a.len == b.len && a.len > 0 &&
           strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0 &&
           !memchr(a.at, '\0', a.len);
}

static bool name_fits(const GENERAL_NAME *name, const struct identity *id)
{
    switch (id->type) {
    case ID_FQDN:
        return name->type == GEN_DNS && same_name(asn1_view(name->d.dNSName), id->data);
    case ID_RFC822_ADDR:
        return name->type == GEN_EMAIL && same_name(asn1_view(name->d.rfc822Name), id->data);
    case ID_IPV4_ADDR:
    case ID_IPV6_ADDR:
        return name->type == GEN_IPADD && bytes_equal(asn1_view(name->d.iPAddress), id->data);
    default:
        return false;
    }
}

static bool is_subject(X509 *cert, struct bytes der)
{
    const uint8_t *at = der.at;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der.len);
    bool same = name && at == der.at + der.len && X509_NAME_entry_count(name) > 0 &&
                X509_NAME_cmp(name, X509_get_subject_name(cert)) == 0;
    X509_NAME_free(name);
    ERR_clear_error();
    return same;
}

static bool stands_in_alternatives(X509 *cert, const struct identity *id)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
        found = name_fits(sk_GENERAL_NAME_value(names, i), id);
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    return found;
}

bool trust_identity(X509 *cert, const struct identity *id)
{
    const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(cert);
    if (id->data.len == 0)
        return false;
    if (id->type == ID_DER_ASN1_DN)
        return is_subject(cert, id->data);
    if (id->type == ID_KEY_ID)
        return key_id && bytes_equal(asn1_view(key_id), id->data);
    return stands_in_alternatives(cert, id);
}

/* ---- names of keys --------------------------------------------------------------------------- */

bool trust_key_hash(X509 *cert, uint8_t hash[20])
{
    uint8_t *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    bool good = len > 0 && EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha1(), NULL) == 1;
    OPENSSL_free(der);
    return good;
}

struct bytes trust_subject(X509 *cert)
{
    const uint8_t *der = NULL;
    size_t len = 0;
    X509_NAME_get0_der(X509_get_subject_name(cert), &der, &len);
    return bytes_make(der, len);
}
