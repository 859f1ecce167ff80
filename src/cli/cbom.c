/*
 * cbom: the cryptography of a configuration as a CycloneDX 1.6 bill of materials: a component for
 * each algorithm, for each certificate and its public key, for the IKE SA of each connection and
 * for the ESP of each child, with the algorithms and certificates they may use.
 */
#include "cli/audit.h"

#include "cred/inventory.h"
#include "wire/names.h"
#include <braid/crypto.h>

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { REF_LEN = 640 };

struct cbom {
    json_t *components, *dependencies;
    json_t *uses, *auth; /* certificates and signatures of the connection in the making */
};

/* ---- algorithms ------------------------------------------------------------------------------ */

static bool has_flag(const struct alg *alg, uint32_t flag)
{
    return (alg->flags & flag) != 0;
}

static const char *primitive_of(const struct alg *alg)
{
    if (alg->type == TRANSFORM_KE)
        return has_flag(alg, ALG_KEM) ? "kem" : "key-agree";
    if (alg->type == TRANSFORM_PRF)
        return "kdf";
    if (alg->type == TRANSFORM_INTEG)
        return "mac";
    return has_flag(alg, ALG_AEAD) ? "ae" : "block-cipher";
}

static json_t *functions_of(const struct alg *alg)
{
    if (alg->type == TRANSFORM_KE && has_flag(alg, ALG_KEM))
        return json_pack("[s, s, s]", "keygen", "encapsulate", "decapsulate");
    if (alg->type == TRANSFORM_KE)
        return json_pack("[s, s]", "keygen", "keyderive");
    if (alg->type == TRANSFORM_PRF)
        return json_pack("[s]", "keyderive");
    if (alg->type == TRANSFORM_INTEG)
        return json_pack("[s]", "tag");
    return json_pack("[s, s]", "encrypt", "decrypt");
}

static const char *mode_of(const struct alg *alg)
{
    static const char *const modes[][2] = {
        {"_CBC", "cbc"}, {"_CTR", "ctr"}, {"_GCM", "gcm"}, {"_CCM", "ccm"}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (alg->type == TRANSFORM_ENCR && strstr(alg->name, modes[i][0]))
            return modes[i][1];
    return NULL;
}

/* The category of NIST's call: 1, 3, 5 as hard as a search for a key of 128, 192, 256 bits. */
static int quantum_level(const struct alg *alg)
{
    if (alg->type == TRANSFORM_KE && !has_flag(alg, ALG_POST_QUANTUM))
        return 0;
    return alg->strength >= 256 ? 5 : alg->strength >= 192 ? 3
                                  : alg->strength >= 128   ? 1
                                                           : 0;
}

static void alg_name(const struct alg *alg, char to[96])
{
    if (alg->key_bits != 0)
        snprintf(to, 96, "%s_%u", alg->name, alg->key_bits);
    else
        snprintf(to, 96, "%s", alg->name);
}

static void alg_ref(const struct alg *alg, char to[REF_LEN])
{
    snprintf(to, REF_LEN, "crypto/algorithm/%s", alg->keyword);
}

static bool has_component(const struct cbom *b, const char *ref)
{
    size_t i;
    json_t *component;
    json_array_foreach(b->components, i, component)
    {
        if (strcmp(json_string_value(json_object_get(component, "bom-ref")), ref) == 0)
            return true;
    }
    return false;
}

static void add_algorithm(struct cbom *b, const struct alg *alg, const char *ref)
{
    char name[96], set[16];
    if (has_component(b, ref))
        return;
    alg_name(alg, name);
    json_t *properties =
        json_pack("{s:s, s:s, s:o, s:i, s:i}", "primitive", primitive_of(alg),
                  "executionEnvironment", "software-plain-ram", "cryptoFunctions",
                  functions_of(alg), "classicalSecurityLevel", (int)alg->strength,
                  "nistQuantumSecurityLevel", quantum_level(alg));
    if (alg->key_bits != 0) {
        snprintf(set, sizeof set, "%u", alg->key_bits);
        json_object_set_new(properties, "parameterSetIdentifier", json_string(set));
    }
    if (mode_of(alg))
        json_object_set_new(properties, "mode", json_string(mode_of(alg)));
    json_array_append_new(b->components,
                          json_pack("{s:s, s:s, s:s, s:{s:s, s:o}}", "type", "cryptographic-asset",
                                    "bom-ref", ref, "name", name, "cryptoProperties", "assetType",
                                    "algorithm", "algorithmProperties", properties));
}

static void add_once(json_t *list, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(item), text) == 0)
            return;
    }
    json_array_append_new(list, json_string(text));
}

/* ---- certificates ---------------------------------------------------------------------------- */

/* What is known of signature algorithms by the beginning of their names. */
static const struct {
    const char *name;
    int classical, quantum;
} signatures[] = {
    {"ML-DSA-44", 128, 2},
    {"ML-DSA-65", 192, 3},
    {"ML-DSA-87", 256, 5},
    {"SLH-DSA-SHA2-128", 128, 1},
    {"SLH-DSA-SHA2-192", 192, 3},
    {"SLH-DSA-SHA2-256", 256, 5},
    {"SLH-DSA-SHAKE-128", 128, 1},
    {"SLH-DSA-SHAKE-192", 192, 3},
    {"SLH-DSA-SHAKE-256", 256, 5},
    {"RSA-2048", 112, 0},
    {"RSA-3072", 128, 0},
    {"RSA-4096", 128, 0},
    {"EC-prime256v1", 128, 0},
    {"EC-secp384r1", 192, 0},
    {"EC-secp521r1", 256, 0},
    {"ED25519", 128, 0},
    {"ED448", 224, 0},
};

static void add_signature(struct cbom *b, const char *name, char ref[REF_LEN])
{
    snprintf(ref, REF_LEN, "crypto/algorithm/signature/%s", name);
    if (has_component(b, ref))
        return;
    json_t *properties = json_pack("{s:s, s:s, s:[s, s]}", "primitive", "signature",
                                   "executionEnvironment", "software-plain-ram",
                                   "cryptoFunctions", "sign", "verify");
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        if (strncmp(name, signatures[i].name, strlen(signatures[i].name)) == 0) {
            json_object_set_new(properties, "classicalSecurityLevel",
                                json_integer(signatures[i].classical));
            json_object_set_new(properties, "nistQuantumSecurityLevel",
                                json_integer(signatures[i].quantum));
            break;
        }
    json_array_append_new(b->components,
                          json_pack("{s:s, s:s, s:s, s:{s:s, s:o}}", "type", "cryptographic-asset",
                                    "bom-ref", ref, "name", name, "cryptoProperties", "assetType",
                                    "algorithm", "algorithmProperties", properties));
}

static void add_public_key(struct cbom *b, const struct inventory_item *item, const char *ref,
                           const char *algorithm)
{
    if (!has_component(b, ref))
        json_array_append_new(
            b->components,
            json_pack("{s:s, s:s, s:s, s:{s:s, s:{s:s, s:s}}}", "type", "cryptographic-asset",
                      "bom-ref", ref, "name", item->subject[0] ? item->subject : item->fingerprint,
                      "cryptoProperties", "assetType", "related-crypto-material",
                      "relatedCryptoMaterialProperties", "type", "public-key", "algorithmRef",
                      algorithm));
}

static void add_certificate(struct cbom *b, const struct inventory_item *item, const char *ref,
                            const char *key)
{
    char signature[REF_LEN];
    if (has_component(b, ref))
        return;
    add_signature(b, item->signature, signature);
    json_array_append_new(
        b->components,
        json_pack("{s:s, s:s, s:s, s:{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}}}", "type",
                  "cryptographic-asset", "bom-ref", ref, "name",
                  item->subject[0] ? item->subject : item->fingerprint, "cryptoProperties",
                  "assetType", "certificate", "certificateProperties", "subjectName", item->subject,
                  "issuerName", item->issuer, "notValidBefore", item->from, "notValidAfter",
                  item->until, "signatureAlgorithmRef", signature, "subjectPublicKeyRef", key,
                  "certificateFormat", "X.509"));
    json_array_append_new(b->dependencies,
                          json_pack("{s:s, s:[s, s]}", "ref", ref, "dependsOn", signature, key));
}

static void take_item(void *self, const struct inventory_item *item)
{
    struct cbom *b = self;
    char ref[REF_LEN], key[REF_LEN], algorithm[REF_LEN];
    bool is_raw = item->kind == INVENTORY_KEY;
    snprintf(key, sizeof key, "crypto/key/%s", item->fingerprint);
    snprintf(ref, sizeof ref, "crypto/certificate/%s", item->fingerprint);
    add_signature(b, item->key, algorithm);
    add_public_key(b, item, key, algorithm);
    if (!is_raw)
        add_certificate(b, item, ref, key);
    if (b->uses)
        add_once(b->uses, is_raw ? key : ref);
    if (b->auth)
        add_once(b->auth, algorithm);
}

/* ---- protocols ------------------------------------------------------------------------------- */

/* The lists of references by kind of transform, as CycloneDX has them for IKEv2. */
static void add_transforms(struct cbom *b, const struct proposals *list, json_t *types, json_t *all)
{
    static const char *const keys[] = {
        [TRANSFORM_ENCR] = "encr", [TRANSFORM_PRF] = "prf", [TRANSFORM_INTEG] = "integ", [TRANSFORM_KE] = "ke"};
    for (uint16_t i = 0; i < list->count; i++)
        for (uint16_t k = 0; k < list->at[i].count; k++) {
            const struct transform *tr = &list->at[i].transform[k];
            uint8_t type = kex_slot(tr->type) != NOT_A_KEX_SLOT ? TRANSFORM_KE : tr->type;
            const struct alg *alg = alg_find(type, tr->id, tr->key_bits);
            char ref[REF_LEN];
            if (!alg || type > TRANSFORM_KE)
                continue;
            alg_ref(alg, ref);
            add_algorithm(b, alg, ref);
            if (!json_object_get(types, keys[type]))
                json_object_set_new(types, keys[type], json_array());
            add_once(json_object_get(types, keys[type]), ref);
            add_once(all, ref);
        }
}

static bool has_esn(const struct proposals *list)
{
    for (uint16_t i = 0; i < list->count; i++)
        for (uint16_t k = 0; k < list->at[i].count; k++)
            if (list->at[i].transform[k].type == TRANSFORM_SN &&
                list->at[i].transform[k].id == SN_64)
                return true;
    return false;
}

static void add_protocol(struct cbom *b, const char *type, const char *name, const char *parent,
                         const struct proposals *list)
{
    char ref[REF_LEN];
    json_t *types = json_object(), *all = json_array();
    snprintf(ref, sizeof ref, "crypto/protocol/%s/%s", type, name);
    add_transforms(b, list, types, all);
    json_object_set_new(types, "esn", json_boolean(has_esn(list)));
    if (parent)
        add_once(all, parent);
    if (b->uses)
        json_array_extend(all, b->uses);
    if (json_array_size(b->auth) > 0)
        json_object_set(types, "auth", b->auth);
    json_array_append_new(
        b->components,
        json_pack("{s:s, s:s, s:s, s:{s:s, s:{s:s, s:s, s:o}}}", "type", "cryptographic-asset",
                  "bom-ref", ref, "name", name, "cryptoProperties", "assetType", "protocol",
                  "protocolProperties", "type", type, "version", strcmp(type, "ike") == 0 ? "2" : "3",
                  "ikev2TransformTypes", types));
    json_array_append_new(b->dependencies, json_pack("{s:s, s:o}", "ref", ref, "dependsOn", all));
}

static void add_connection(struct cbom *b, const struct conf_conn *c)
{
    char name[REF_LEN / 2], parent[REF_LEN];
    b->uses = json_array();
    b->auth = json_array();
    for (uint8_t i = 0; i < c->local_rounds; i++)
        inventory_section(c->local[i].keys, take_item, b);
    for (uint8_t i = 0; i < c->remote_rounds; i++)
        inventory_section(c->remote[i].keys, take_item, b);
    snprintf(parent, sizeof parent, "crypto/protocol/ike/%s", c->name);
    add_protocol(b, "ike", c->name, NULL, &c->ike);
    json_decref(b->uses);
    json_decref(b->auth);
    b->uses = b->auth = NULL;
    for (uint16_t i = 0; i < c->child_count; i++) {
        snprintf(name, sizeof name, "%.150s/%.150s", c->name, c->child[i].name);
        add_protocol(b, "ipsec", name, parent, &c->child[i].esp);
    }
}

/* "urn:uuid:...", of random octets (RFC 9562 5.4). */
static void make_serial(char to[64])
{
    unsigned char r[16] = {0};
    (void)!getrandom(r, sizeof r, 0);
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    size_t len = (size_t)snprintf(to, 64, "urn:uuid:");
    for (size_t i = 0; i < sizeof r; i++)
        len += (size_t)snprintf(to + len, 64 - len, "%s%02x",
                                i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", r[i]);
}

static json_t *make_metadata(void)
{
    time_t now = time(NULL);
    struct tm tm;
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    return json_pack("{s:s, s:{s:[{s:s, s:s, s:s}]}, s:{s:s, s:s, s:s, s:s}}", "timestamp", stamp,
                     "tools", "components", "type", "application", "name", "braid", "version",
                     BRAID_VERSION, "component", "type", "application", "bom-ref", "braidd", "name",
                     "braidd", "version", BRAID_VERSION);
}

json_t *cbom_make(const struct loaded *l, const struct keyring *keys, const struct wallet *w)
{
    struct cbom b = {.components = json_array(), .dependencies = json_array()};
    char serial[64];
    make_serial(serial);
    for (uint16_t i = 0; i < l->config->conn_count; i++)
        add_connection(&b, &l->config->conn[i]);
    inventory_all(keys, w, take_item, &b);
    return json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "bomFormat", "CycloneDX",
                     "specVersion", "1.6", "serialNumber", serial, "version", 1, "metadata",
                     make_metadata(), "components", b.components, "dependencies", b.dependencies);
}
