/*
 * cbom: the cryptography of a configuration as a CycloneDX 1.6 bill of materials: a component for
 * each algorithm, for the IKE SA of each connection and for the ESP of each child, with the
 * algorithms they may use.
 */
#include "cli/audit.h"

#include "wire/names.h"
#include <braid/crypto.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REF_LEN = 640 };

struct cbom {
    json_t *components, *dependencies;
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

/* ---- protocols ------------------------------------------------------------------------------- */

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
    snprintf(parent, sizeof parent, "crypto/protocol/ike/%s", c->name);
    add_protocol(b, "ike", c->name, NULL, &c->ike);
    for (uint16_t i = 0; i < c->child_count; i++) {
        snprintf(name, sizeof name, "%.150s/%.150s", c->name, c->child[i].name);
        add_protocol(b, "ipsec", name, parent, &c->child[i].esp);
    }
}

json_t *cbom_make(const struct loaded *l)
{
    struct cbom b = {.components = json_array(), .dependencies = json_array()};
    time_t now = time(NULL);
    struct tm tm;
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    for (uint16_t i = 0; i < l->config->conn_count; i++)
        add_connection(&b, &l->config->conn[i]);
    return json_pack(
        "{s:s, s:s, s:i, s:{s:s, s:{s:[{s:s, s:s, s:s}]}, s:{s:s, s:s, s:s, s:s}}, s:o, s:o}",
        "bomFormat", "CycloneDX", "specVersion", "1.6", "version", 1, "metadata", "timestamp", stamp,
        "tools", "components", "type", "application", "name", "braid", "version", BRAID_VERSION,
        "component", "type", "application", "bom-ref", "braidd", "name", "braidd", "version",
        BRAID_VERSION, "components", b.components, "dependencies", b.dependencies);
}
