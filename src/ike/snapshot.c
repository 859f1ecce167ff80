/*
 * snapshot: defaults of the engine, names, and finding connections by name in a configuration
 * (include/braid/config.h).
 *
 * The same defaults stand in config/schema.def, for people; a test holds the two together.
 */
#include <braid/config.h>

const char *conf_auth_name(enum conf_auth_class class)
{
    static const char *const classes[] = {
        [CONF_AUTH_ANY] = "any",
        [CONF_AUTH_PSK] = "pre-shared key",
        [CONF_AUTH_PUBKEY] = "public key",
        [CONF_AUTH_EAP] = "EAP",
        [CONF_AUTH_NULL] = "null",
    };
    return classes[class];
}

void conf_engine_defaults(struct conf_engine *c)
{
    *c = (struct conf_engine){
        .retransmit_first_for = 500 * IKE_MS,
        .retransmit_base_permille = 1800,
        .retransmit_tries = 7,
        .retransmit_max_for = 30 * IKE_SECOND,
        .half_open_for = 30 * IKE_SECOND,
        .half_open_max = 4096,
        .half_open_per_source = 16,
        .cookie_threshold = 64,
        .series_for = 15 * IKE_SECOND,
        .keepalive_for = 20 * IKE_SECOND,
        .fragment_size = 1280,
        .message_max = 131072,
        .message_max_early = 131072,
        .follow_configured_order = true,
        .make_before_break = true,
    };
}

const struct conf_conn *config_conn(const struct config *c, struct bytes name)
{
    for (uint16_t i = 0; i < c->conn_count; i++) {
        if (bytes_equal(bytes_str(c->conn[i].name), name))
            return &c->conn[i];
    }
    return NULL;
}

const struct conf_child *config_child(const struct conf_conn *c, struct bytes name)
{
    for (uint16_t i = 0; i < c->child_count; i++) {
        if (bytes_equal(bytes_str(c->child[i].name), name))
            return &c->child[i];
    }
    return NULL;
}
