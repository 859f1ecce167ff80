/*
 * new: a pair of configurations that fit together, with a fresh strong secret:
 *
 *     office/left/swanctl.conf    for 192.0.2.1
 *     office/right/swanctl.conf   for 192.0.2.2
 *
 * or with certificates of an authority made for the two, ML-DSA unless told otherwise: then
 * office/left holds x509, x509ca and private too, and office/ca is the authority.
 *
 * What it writes is read again by the loader before it says that it is ready. Nothing that exists
 * is overwritten.
 */
#include "cli/cli.h"
#include "cli/look.h"
#include "config/load.h"
#include "cred/ca.h"
#include "cred/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_LEN = 32,
       BASE64_LEN = (SECRET_LEN + 2) / 3 * 4 + 1,
       PATH_LEN = 4096 };

enum option {
    OPTION_LEFT,
    OPTION_RIGHT,
    OPTION_LEFT_NET,
    OPTION_RIGHT_NET,
    OPTION_GATEWAY,
    OPTION_NET,
    OPTION_ADDRESS,
    OPTION_USER,
    OPTION_NAME,
    OPTION_DOMAIN,
    OPTION_AUTH,
    OPTION_OUT,
    OPTIONS,
};

/* One side of a pair; `peer` is the other. Empty: the line is left out. */
struct side {
    const char *folder, *conn, *address, *peer_address, *net, *peer_net, *more;
    char id[256];
    const struct side *peer;
};

/* How both prove who they are: a secret, or keys of this type, of which `word` is the family. */
struct proof {
    char secret[BASE64_LEN];
    const char *type; /* NULL: the secret */
    char word[64];
};

/* ---- the secret ------------------------------------------------------------------------------ */

static bool make_secret(char to[BASE64_LEN])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char random[SECRET_LEN + 1] = {0};
    if (getrandom(random, SECRET_LEN, 0) != SECRET_LEN)
        return false;
    size_t out = 0;
    for (size_t i = 0; i < SECRET_LEN; i += 3) {
        unsigned long group = (unsigned long)random[i] << 16 | (unsigned long)random[i + 1] << 8 |
                              (i + 2 < SECRET_LEN ? random[i + 2] : 0UL);
        for (int shift = 18; shift >= 0; shift -= 6)
            to[out++] = digits[group >> shift & 63];
    }
    to[out - 1] = '='; /* 32 octets fill two of the last three places */
    to[out] = '\0';
    explicit_bzero(random, sizeof random);
    return true;
}

/* ---- the files ------------------------------------------------------------------------------- */

static void write_key(FILE *f, const char *key, const char *value)
{
    if (value && value[0])
        fprintf(f, "        %s = %s\n", key, value);
}

static void write_auth(FILE *f, const char *which, const char *id, const char *cert,
                       const struct proof *p)
{
    fprintf(f, "        %s {\n            auth = %s\n            id = %s\n", which,
            p->type ? p->word : "psk", id);
    if (p->type && cert)
        fprintf(f, "            certs = %s.pem\n", cert);
    fputs("        }\n", f);
}

static void write_side(FILE *f, const struct side *s, const struct proof *p)
{
    fprintf(f,
            "# %s: " CLI_CONF_DIR "/swanctl.conf, written by `braid new`. The other side is %s.\n"
            "connections {\n    %s {\n",
            s->id, s->peer->id, s->conn);
    write_key(f, "local_addrs", s->address);
    write_key(f, "remote_addrs", s->peer_address);
    fputs(s->more, f);
    write_auth(f, "local", s->id, s->folder, p);
    write_auth(f, "remote", s->peer->id, NULL, p);
    fprintf(f,
            "        children {\n            net {\n                local_ts = %s\n"
            "                remote_ts = %s\n            }\n        }\n    }\n}\n",
            s->net, s->peer_net);
    if (!p->type)
        fprintf(f, "secrets {\n    ike-%s {\n        id = %s\n        secret = 0s%s\n    }\n}\n",
                s->conn, s->peer->id, p->secret);
}

/* DIR/FOLDER/swanctl.conf, readable by its owner alone. */
static bool write_file(const char *dir, const struct side *s, const struct proof *p)
{
    char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/%s", dir, s->folder);
    bool made = mkdir(path, 0700) == 0;
    if (!made)
        goto failed;
    snprintf(path, sizeof path, "%s/%s/swanctl.conf", dir, s->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f)
        goto failed;
    write_side(f, s, p);
    bool ok = !ferror(f);
    if (fclose(f) == 0 && ok)
        return true;
failed:
    fprintf(stderr, "braid: %s: %s\n", path, strerror(errno));
    return false;
}

/* What the loader thinks of it. */
static bool is_loadable(const char *dir, const struct side *s)
{
    char path[PATH_LEN];
    struct problem_list problems;
    problem_list_init(&problems);
    snprintf(path, sizeof path, "%s/%s", dir, s->folder);
    struct loaded *l = config_load(path, &problems);
    const struct cred_sink sink = {.self = &problems, .complain = problem_say};
    struct wallet *w = NULL;
    struct keyring *keys = l ? keyring_of_files(path, &l->secrets, &l->sections, &l->authorities,
                                                NULL, &sink, &w)
                             : NULL;
    bool ok = keys != NULL;
    if (!ok)
        problem_list_print(&problems, stderr);
    loaded_free(l);
    keyring_free(keys);
    wallet_free(w);
    problem_list_free(&problems);
    return ok;
}

/* ---- certificates ---------------------------------------------------------------------------- */

/*
 * What `auth` says of keys of this type: it may name a size, which is no word of the configuration,
 * but for ML-DSA. "cert": the best there is.
 */
static bool choose_proof(const char *auth, struct proof *p)
{
    if (!auth || strcmp(auth, "psk") == 0)
        return make_secret(p->secret);
    p->type = strcmp(auth, "cert") == 0 ? "mldsa65" : auth;
    bool sized = strncmp(p->type, "rsa", 3) == 0 || strncmp(p->type, "ecdsa", 5) == 0;
    snprintf(p->word, sizeof p->word, "%.*s", sized ? (int)strcspn(p->type, "0123456789") : 63,
             p->type);
    return true;
}

static bool issue(const char *ca, const char *dir, const struct side *s, const struct proof *p)
{
    char out[PATH_LEN];
    snprintf(out, sizeof out, "%s/%s", dir, s->folder);
    return ca_issue(&(struct ca_order){
        .dir = ca, .type = p->type, .id = s->id, .out = out, .name = s->folder});
}

static bool make_authority(const char *ca, const char *name, const struct proof *p)
{
    char subject[256];
    snprintf(subject, sizeof subject, "CN=%.100s CA", name);
    return ca_make(&(struct ca_order){.dir = ca, .type = p->type, .subject = subject});
}

/* ---- both sides ------------------------------------------------------------------------------ */

static const char *host_of(const struct side *s)
{
    return s->address && s->address[0] ? s->address : s->id;
}

static void say_what_next(const char *dir, const struct side *a, const struct side *b,
                          const struct proof *p)
{
    const struct side *both[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        if (p->type)
            printf("everything in %s/%s goes to %s, into " CLI_CONF_DIR "\n", dir, both[i]->folder,
                   host_of(both[i]));
        else
            printf("%s/%s/swanctl.conf goes to %s as " CLI_CONF_DIR "/swanctl.conf\n", dir,
                   both[i]->folder, host_of(both[i]));
    }
    if (p->type)
        printf("Private keys are in it: use a channel you trust, and keep them to root.\n"
               "%s/ca is the authority that both believe; it issues certificates for more peers\n"
               "(braid pki issue --dir %s/ca ...). Keep it where neither of the two can reach it.\n",
               dir, dir);
    else
        puts("Both hold the secret: copy them over a channel you trust, and keep them to root.");
    printf("Then on both: braidd (or braid reload); on %s: braid up net\n",
           b->address && b->address[0] ? "either" : b->id);
}

static enum exit_code write_pair(const struct cli_option *o, struct side *a, struct side *b)
{
    const char *dir = o[OPTION_OUT].value;
    char ca[PATH_LEN];
    struct proof proof = {.type = NULL};
    a->peer = b;
    b->peer = a;
    if (!choose_proof(o[OPTION_AUTH].value, &proof))
        return EXIT_FAILED;
    if (mkdir(dir, 0700) != 0) {
        fprintf(stderr, "braid: %s: %s\n", dir, strerror(errno));
        return EXIT_FAILED;
    }
    snprintf(ca, sizeof ca, "%s/ca", dir);
    if (proof.type && !make_authority(ca, a->conn, &proof)) {
        rmdir(ca); /* if nothing is in them, so that a better type can be tried */
        rmdir(dir);
        return EXIT_FAILED;
    }
    bool ok = write_file(dir, a, &proof) && write_file(dir, b, &proof) &&
              (!proof.type || (issue(ca, dir, a, &proof) && issue(ca, dir, b, &proof)));
    explicit_bzero(&proof.secret, sizeof proof.secret);
    if (!ok || !is_loadable(dir, a) || !is_loadable(dir, b))
        return EXIT_FAILED;
    say_what_next(dir, a, b, &proof);
    return EXIT_GOOD;
}

/* ---- the two kinds --------------------------------------------------------------------------- */

static enum exit_code new_site_to_site(const struct cli_option *o)
{
    const char *name = o[OPTION_NAME].value, *domain = o[OPTION_DOMAIN].value;
    struct side left = {.folder = "left", .conn = name, .more = ""}, right = left;
    right.folder = "right";
    left.address = right.peer_address = o[OPTION_LEFT].value;
    right.address = left.peer_address = o[OPTION_RIGHT].value;
    left.net = right.peer_net = o[OPTION_LEFT_NET].value;
    right.net = left.peer_net = o[OPTION_RIGHT_NET].value;
    snprintf(left.id, sizeof left.id, "left.%s", domain);
    snprintf(right.id, sizeof right.id, "right.%s", domain);
    return write_pair(o, &left, &right);
}

static enum exit_code new_roadwarrior(const struct cli_option *o)
{
    const char *name = o[OPTION_NAME].value, *domain = o[OPTION_DOMAIN].value,
               *user = o[OPTION_USER].value ? o[OPTION_USER].value : "traveller";
    struct side gateway = {.folder = "gateway",
                           .conn = name,
                           .more = "        unique = replace\n        dpd_delay = 30s\n"},
                traveller = {.folder = user, .conn = name, .more = "        dpd_delay = 30s\n"};
    gateway.address = traveller.peer_address = o[OPTION_GATEWAY].value;
    gateway.net = traveller.peer_net = o[OPTION_NET].value;
    gateway.peer_net = traveller.net = o[OPTION_ADDRESS].value;
    snprintf(gateway.id, sizeof gateway.id, "gateway.%s", domain);
    snprintf(traveller.id, sizeof traveller.id, "%s@%s", user, domain);
    enum exit_code code = write_pair(o, &gateway, &traveller);
    if (code == EXIT_GOOD)
        printf("The traveller's inner address, once and for all: ip address add %s dev lo\n",
               traveller.net);
    return code;
}

static const struct {
    const char *kind;
    enum exit_code (*make)(const struct cli_option *o);
    enum option needed[5]; /* OPTIONS at the end */
} kinds[] = {
    {"site-to-site",
     new_site_to_site,
     {OPTION_LEFT, OPTION_RIGHT, OPTION_LEFT_NET, OPTION_RIGHT_NET, OPTIONS}},
    {"roadwarrior", new_roadwarrior, {OPTION_GATEWAY, OPTION_NET, OPTION_ADDRESS, OPTIONS, OPTIONS}},
};

/* Values go into a file as they stand; the name and the user name folders, too. */
static bool is_plain(enum option option, const char *value)
{
    bool is_folder = option == OPTION_NAME || option == OPTION_USER;
    const char *bad = is_folder ? "/. \t\n\"#{}=\\'" : " \t\n\"#{}=\\'";
    return value[0] != '\0' && value[strcspn(value, bad)] == '\0';
}

enum exit_code cmd_new(struct cli *cli)
{
    struct cli_option o[OPTIONS + 1] = {
        [OPTION_LEFT] = {.name = "left"},
        [OPTION_RIGHT] = {.name = "right"},
        [OPTION_LEFT_NET] = {.name = "left-net"},
        [OPTION_RIGHT_NET] = {.name = "right-net"},
        [OPTION_GATEWAY] = {.name = "gateway"},
        [OPTION_NET] = {.name = "net"},
        [OPTION_ADDRESS] = {.name = "address"},
        [OPTION_USER] = {.name = "user"},
        [OPTION_NAME] = {.name = "name"},
        [OPTION_DOMAIN] = {.name = "domain"},
        [OPTION_AUTH] = {.name = "auth"},
        [OPTION_OUT] = {.name = "out"},
    };
    const char *word = NULL;
    size_t kind = 0, count = sizeof kinds / sizeof kinds[0];
    if (!cli_arguments(cli, o, &word))
        return EXIT_USAGE;
    while (word && kind < count && strcmp(kinds[kind].kind, word) != 0)
        kind++;
    if (!word || kind == count)
        return cli_usage(cli, "which kind: site-to-site or roadwarrior?");
    for (const enum option *need = kinds[kind].needed; *need != OPTIONS; need++)
        if (!o[*need].value)
            return cli_usage(cli, "--%s is missing; see `braid help new`", o[*need].name);
    if (!o[OPTION_NAME].value)
        o[OPTION_NAME].value = word;
    if (!o[OPTION_DOMAIN].value)
        o[OPTION_DOMAIN].value = "example.org";
    if (!o[OPTION_OUT].value)
        o[OPTION_OUT].value = o[OPTION_NAME].value;
    for (enum option i = 0; i < OPTION_OUT; i++)
        if (o[i].value && (!is_plain(i, o[i].value) || strlen(o[i].value) > 100))
            return cli_usage(cli, "--%s: `%s` cannot stand in a configuration", o[i].name, o[i].value);
    return kinds[kind].make(o);
}
