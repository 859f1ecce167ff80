/* keylog: see keylog.h. */
#include "daemon/keylog.h"

#include "wire/print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROW_MAX = 2048 };

struct keylog {
    char *folder;
    int ike, esp;
};

/* ---- names as Wireshark has them ------------------------------------------------------------- */

/* Without a row here a key is of no use to it: then its name is ours, and it will say so. */
static const struct {
    const char *keyword, *ike, *esp;
} names[] = {
    {"aes128", "AES-CBC-128 [RFC3602]", "AES-CBC [RFC3602]"},
    {"aes192", "AES-CBC-192 [RFC3602]", "AES-CBC [RFC3602]"},
    {"aes256", "AES-CBC-256 [RFC3602]", "AES-CBC [RFC3602]"},
    {"aes128ctr", "AES-CTR-128 [RFC5930]", "AES-CTR [RFC3686]"},
    {"aes192ctr", "AES-CTR-192 [RFC5930]", "AES-CTR [RFC3686]"},
    {"aes256ctr", "AES-CTR-256 [RFC5930]", "AES-CTR [RFC3686]"},
    {"aes128gcm8", "AES-GCM-128 with 8 octet ICV [RFC5282]", "AES-GCM with 8 octet ICV [RFC4106]"},
    {"aes192gcm8", "AES-GCM-192 with 8 octet ICV [RFC5282]", "AES-GCM with 8 octet ICV [RFC4106]"},
    {"aes256gcm8", "AES-GCM-256 with 8 octet ICV [RFC5282]", "AES-GCM with 8 octet ICV [RFC4106]"},
    {"aes128gcm12", "AES-GCM-128 with 12 octet ICV [RFC5282]",
     "AES-GCM with 12 octet ICV [RFC4106]"},
    {"aes192gcm12", "AES-GCM-192 with 12 octet ICV [RFC5282]",
     "AES-GCM with 12 octet ICV [RFC4106]"},
    {"aes256gcm12", "AES-GCM-256 with 12 octet ICV [RFC5282]",
     "AES-GCM with 12 octet ICV [RFC4106]"},
    {"aes128gcm16", "AES-GCM-128 with 16 octet ICV [RFC5282]",
     "AES-GCM with 16 octet ICV [RFC4106]"},
    {"aes192gcm16", "AES-GCM-192 with 16 octet ICV [RFC5282]",
     "AES-GCM with 16 octet ICV [RFC4106]"},
    {"aes256gcm16", "AES-GCM-256 with 16 octet ICV [RFC5282]",
     "AES-GCM with 16 octet ICV [RFC4106]"},
    {"aes128ccm16", "AES-CCM-128 with 16 octet ICV [RFC5282]", NULL},
    {"aes192ccm16", "AES-CCM-192 with 16 octet ICV [RFC5282]", NULL},
    {"aes256ccm16", "AES-CCM-256 with 16 octet ICV [RFC5282]", NULL},
    {"chacha20poly1305", NULL, "ChaCha20 with Poly1305 [RFC7634]"},
    {"sha1", "HMAC_SHA1_96 [RFC2404]", "HMAC-SHA-1-96 [RFC2404]"},
    {"sha256", "HMAC_SHA2_256_128 [RFC4868]", "HMAC-SHA-256-128 [RFC4868]"},
    {"sha384", "HMAC_SHA2_384_192 [RFC4868]", "HMAC-SHA-384-192 [RFC4868]"},
    {"sha512", "HMAC_SHA2_512_256 [RFC4868]", "HMAC-SHA-512-256 [RFC4868]"},
};

static const char *name_of(const struct alg *alg, bool is_ike)
{
    if (!alg)
        return is_ike ? "NONE [RFC4306]" : "NULL";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *name = is_ike ? names[i].ike : names[i].esp;
        if (strcmp(names[i].keyword, alg->keyword) == 0 && name)
            return name;
    }
    return alg->name;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void add_secret(struct text *t, const struct secret *s)
{
    for (size_t i = 0; i < s->len; i++)
        text_hex(t, s->data[i], 2);
}

/* A row, in one call, and no copy of it stays. */
static void write_row(struct daemon *d, int fd, struct text *t)
{
    text_char(t, '\n');
    if (t->cut || write(fd, t->at, t->len) != (ssize_t)t->len)
        LOG(&d->log, ERROR, DAEMON, "keys-not-logged", F_TEXT("text", strerror(errno)));
    explicit_bzero(t->at, t->len);
}

void keylog_tell(struct daemon *d, const struct ike_tell *t)
{
    char row[ROW_MAX];
    struct text text = text_make(row, sizeof row);
    const struct tell_keys *k = t->keys;
    if (!d->keylog || !k)
        return;
    text_hex(&text, t->spi_i, 16);
    text_char(&text, ',');
    text_hex(&text, t->spi_r, 16);
    text_char(&text, ',');
    add_secret(&text, &k->ei);
    text_char(&text, ',');
    add_secret(&text, &k->er);
    text_add(&text, ",\"");
    text_add(&text, name_of(k->encr, true));
    text_add(&text, "\",");
    add_secret(&text, &k->ai);
    text_char(&text, ',');
    add_secret(&text, &k->ar);
    text_add(&text, ",\"");
    text_add(&text, name_of(k->integ, true));
    text_char(&text, '"');
    write_row(d, d->keylog->ike, &text);
}

static void write_direction(struct daemon *d, const struct plane_child *c,
                            const struct plane_keys *keys, bool inbound)
{
    char row[ROW_MAX];
    struct text t = text_make(row, sizeof row);
    const struct endpoint *from = inbound ? &c->path.remote : &c->path.local,
                          *to = inbound ? &c->path.local : &c->path.remote;
    text_add(&t, from->addr.family == ADDR_V6 ? "\"IPv6\",\"" : "\"IPv4\",\"");
    print_addr(&t, &from->addr);
    text_add(&t, "\",\"");
    print_addr(&t, &to->addr);
    text_add(&t, "\",\"0x");
    text_hex(&t, inbound ? c->spi_in : c->spi_out, 8);
    text_add(&t, "\",\"");
    text_add(&t, name_of(c->encr, false));
    text_add(&t, "\",\"0x");
    add_secret(&t, &keys->encr);
    text_add(&t, "\",\"");
    text_add(&t, name_of(c->integ, false));
    text_add(&t, keys->integ.len ? "\",\"0x" : "\",\"");
    add_secret(&t, &keys->integ);
    text_char(&t, '"');
    write_row(d, d->keylog->esp, &t);
}

void keylog_plane(struct daemon *d, const struct ike_plane *plane)
{
    if (!d->keylog || plane->op != PLANE_ADD)
        return;
    write_direction(d, &plane->child, &plane->in, true);
    write_direction(d, &plane->child, &plane->out, false);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* A file of ours that nobody else may read, to be written at its end; -1. */
static int open_file(const char *folder, const char *name, char *why, size_t room)
{
    struct stat st;
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = at < 0 ? -1
                    : openat(at, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && fstat(fd, &st) == 0;
    if (!good)
        snprintf(why, room, "log.wireshark_keys: %s/%s: %s", folder, name, strerror(errno));
    else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
        snprintf(why, room, "log.wireshark_keys: %s/%s must be a file that only its owner may read",
                 folder, name);
        good = false;
    }
    if (at >= 0)
        close(at);
    if (!good && fd >= 0)
        close(fd);
    return good ? fd : -1;
}

bool keylog_open(struct daemon *d, char *why, size_t room)
{
    const char *folder = d->conf.wireshark_keys;
    if (!folder)
        return true;
    struct keylog *k = calloc(1, sizeof *k);
    if (k)
        *k = (struct keylog){.folder = strdup(folder), .ike = -1, .esp = -1};
    d->keylog = k;
    if (!k || !k->folder) {
        snprintf(why, room, "out of memory");
        return false;
    }
    d->conf.wireshark_keys = k->folder; /* the configuration may go */
    k->ike = open_file(folder, "ikev2_decryption_table", why, room);
    k->esp = k->ike >= 0 ? open_file(folder, "esp_sa", why, room) : -1;
    if (k->esp < 0)
        return false;
    LOG(&d->log, WARN, DAEMON, "keys-are-logged", F_TEXT("folder", folder),
        F_TEXT("text", "ALL KEYS OF ALL SAs are written there: whoever reads them reads the traffic"));
    return true;
}

void keylog_close(struct daemon *d)
{
    if (!d->keylog)
        return;
    if (d->keylog->ike >= 0)
        close(d->keylog->ike);
    if (d->keylog->esp >= 0)
        close(d->keylog->esp);
    free(d->keylog->folder);
    free(d->keylog);
    d->keylog = NULL;
}
