/*
 * load: from a folder with swanctl.conf and braid.conf to values, or to a list of everything that
 * is wrong.
 *
 * A load is all or nothing. Any error yields NULL and the complete list of problems; warnings
 * alone do not stop it. Nothing is kept from one load to the next, nothing outside the two files
 * (and what they include) is read, no name is resolved.
 */
#ifndef BRAID_CONFIG_LOAD_H
#define BRAID_CONFIG_LOAD_H

#include "config/pool.h"
#include "config/problem.h"
#include <braid/config.h>
#include <braid/secrets.h>

enum conf_log_level {
    CONF_LOG_SILENT,
    CONF_LOG_ERROR,
    CONF_LOG_WARNING,
    CONF_LOG_NOTICE,
    CONF_LOG_INFO,
    CONF_LOG_DEBUG
};
enum conf_log_group {
    CONF_LOG_DAEMON,
    CONF_LOG_IKE,
    CONF_LOG_NET,
    CONF_LOG_PLANE,
    CONF_LOG_CONFIG,
    CONF_LOG_VICI,
    CONF_LOG_GROUPS
};
enum conf_log_format { CONF_LOG_TEXT,
                       CONF_LOG_JSON };
enum conf_plane { CONF_PLANE_TUN,
                  CONF_PLANE_MOCK };

enum { CONF_GROUP_MAX = 63 }; /* octets of a group's name */

/* Settings of braid.conf that the engine does not need (those are in struct conf_engine). */
struct conf_daemon {
    uint16_t port, port_nat_t;                /* UDP: 500 and 4500 */
    enum conf_plane plane;                    /* plane.type: tun */
    const char *plane_device;                 /* plane.device: "braid0" */
    uint32_t plane_mtu;                       /* plane.mtu: 0 = worked out from the outer path */
    const char *control_group;                /* control.group: NULL = root alone */
    enum conf_log_format log_format;          /* log.format */
    enum conf_log_level log_default;          /* log.default */
    enum conf_log_level log[CONF_LOG_GROUPS]; /* log.<group>; the default where nothing is said */
    const char *wireshark_keys;               /* log.wireshark_keys: a folder, NULL = nowhere */
};

/*
 * What the first mistake is about, for those who name no place: the control protocol. NONE: its
 * message says all there is to say.
 */
enum conf_blame_kind { BLAME_NONE,
                       BLAME_KEY,     /* unknown, or a list where there is none, or the reverse */
                       BLAME_VALUE,   /* of a key */
                       BLAME_SECTION, /* unknown */
                       BLAME_NOT_YET, /* a key or section whose feature is not there */
                       BLAME_FILE,    /* a section that refers to no certificate */
                       BLAME_CA };    /* an authority without one */
struct conf_blame {
    enum conf_blame_kind kind;
    char name[257]; /* of the key or section */
};

/* Whoever takes pools out sets the count to 0. */
struct pool_list {
    size_t count;
    struct conf_pool *at;
};

struct loaded {
    /* Take it out, and set this to NULL, to let it outlive the rest. Its serial is 0. */
    struct config *config;
    struct secret_list secrets;
    struct cred_sections sections; /* to keyring_new, before `config` is used */
    struct cred_authorities authorities;
    struct pool_list pools;
    struct conf_daemon daemon;
};

/*
 * Read DIR/swanctl.conf and, if it exists, DIR/braid.conf. NULL when `problems` holds an error
 * (out of memory is one).
 */
struct loaded *config_load(const char *dir, struct problem_list *problems);
/*
 * For those who only look: with another file in the place of DIR/swanctl.conf, and with what could
 * be read even if there was an error. NULL: out of memory.
 */
struct loaded *config_look(const char *swanctl, const char *dir, struct problem_list *problems);

/* DIR/braid.conf alone, as above: no connections, no secrets. */
struct loaded *config_load_settings(const char *dir, struct problem_list *problems);

/* The same from memory, for tests and fuzzing; includes are refused. `braid` may be empty. */
struct loaded *config_load_text(struct bytes swanctl, struct bytes braid,
                                struct problem_list *problems);

/*
 * The connections and authorities of a tree that was made from a message (settings.h), alone; the
 * tree is taken over. NULL as above, and `blame` says what for.
 */
struct settings;
struct loaded *config_load_message(struct settings *tree, struct problem_list *problems,
                                   struct conf_blame *blame);

/* Wipes the secrets; frees the snapshot unless it was taken out. NULL allowed. */
void loaded_free(struct loaded *l);
void config_free(struct config *c); /* a snapshot that came from config_load. NULL allowed */

#endif
