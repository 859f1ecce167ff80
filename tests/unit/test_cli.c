/*
 * cli: the program `braid` against a daemon that plays a part.
 *
 * The daemon is a thread with a socket in a fresh run directory. A script says, for every packet
 * it awaits, what it answers; the program runs as a child process, and its output and exit code
 * are compared.
 */
#include "../support/program.h"

#include "vici/codec.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX PROGRAM_OUTPUT_MAX
#define run program_run

/* One packet from the client, and what comes back. `answer` may send several packets. */
struct step {
    enum vici_type type;
    const char *name;
    void (*answer)(int fd, struct bytes message);
};

struct stage {
    char dir[64];
    int listener;
    const struct step *steps; /* ends with a NULL name */
    size_t done;              /* steps played */
    const char *surprise;     /* what did not go by the script */
    pthread_t thread;
};

/* ---- the daemon ------------------------------------------------------------------------------ */

static void send_built(int fd, struct vici_out *o)
{
    struct bytes segment;
    assert_true(vici_finish(o, &segment));
    assert_int_equal(send(fd, segment.at, segment.len, MSG_NOSIGNAL), segment.len);
    vici_out_free(o);
}

static void send_plain(int fd, enum vici_type type)
{
    struct vici_out o;
    vici_out_init(&o);
    vici_begin(&o, type, NULL);
    send_built(fd, &o);
}

static void confirm(int fd, struct bytes message)
{
    (void)message;
    send_plain(fd, VICI_EVENT_CONFIRM);
}

static void deny(int fd, struct bytes message)
{
    (void)message;
    send_plain(fd, VICI_EVENT_UNKNOWN);
}

static void nothing(int fd, struct bytes message)
{
    (void)message;
    send_plain(fd, VICI_CMD_RESPONSE);
}

static void play(struct stage *s, int fd)
{
    struct vici_frames frames;
    uint8_t buffer[4096];
    vici_frames_init(&frames);
    for (const struct step *step = s->steps; step->name && !s->surprise;) {
        struct bytes packet;
        struct vici_packet p;
        if (!vici_frames_take(&frames, &packet)) {
            ssize_t got = recv(fd, buffer, sizeof buffer, 0);
            if (got <= 0 || !vici_frames_put(&frames, bytes_make(buffer, (size_t)got)))
                s->surprise = "the client went away";
            continue;
        }
        if (!vici_packet_read(packet, &p) || p.type != step->type ||
            !bytes_equal(p.name, bytes_str(step->name))) {
            s->surprise = "another packet than the script says";
            break;
        }
        step->answer(fd, p.message);
        s->done++;
        step++;
    }
    vici_frames_free(&frames);
}

static void *daemon_main(void *at)
{
    struct stage *s = at;
    struct pollfd wait = {.fd = s->listener, .events = POLLIN};
    if (poll(&wait, 1, 10000) != 1) {
        s->surprise = "nobody came";
        return NULL;
    }
    int fd = accept(s->listener, NULL, NULL);
    play(s, fd);
    close(fd);
    return NULL;
}

static void open_stage(struct stage *s, const struct step *steps)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *s = (struct stage){.dir = "/tmp/braid-cli-XXXXXX", .steps = steps, .listener = -1};
    assert_non_null(mkdtemp(s->dir));
    if (!steps)
        return;
    snprintf(at.sun_path, sizeof at.sun_path, "%s/vici", s->dir);
    s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, daemon_main, s), 0);
}

static void close_stage(struct stage *s)
{
    char path[128];
    if (s->steps) {
        pthread_join(s->thread, NULL);
        close(s->listener);
        snprintf(path, sizeof path, "%s/vici", s->dir);
        unlink(path);
    }
    rmdir(s->dir);
    if (s->surprise)
        fail_msg("step %zu: %s", s->done, s->surprise);
}

/* ---- the program ----------------------------------------------------------------------------- */

static void check(const struct step *steps, const char *arguments, int code, const char *expected)
{
    struct stage stage;
    char output[OUTPUT_MAX];
    open_stage(&stage, steps);
    int is = run(stage.dir, arguments, output);
    close_stage(&stage);
    assert_string_equal(output, expected);
    assert_int_equal(is, code);
}

/* ---- what the daemon has to say -------------------------------------------------------------- */

static void begin_event(struct vici_out *o, const char *name)
{
    vici_out_init(o);
    vici_begin(o, VICI_EVENT, name);
}

static void add_kex(struct vici_out *o, const char *const *names, bool safe)
{
    vici_key_bool(o, "quantum-safe", safe);
    vici_list(o, "key-exchanges");
    for (; *names; names++)
        vici_item_str(o, *names);
    vici_list_end(o);
}

static void send_conn(int fd, const char *name, const char *const *children)
{
    struct vici_out o;
    begin_event(&o, "list-conn");
    vici_section(&o, name);
    vici_list(&o, "local_addrs");
    vici_item_str(&o, "%any");
    vici_list_end(&o);
    vici_list(&o, "remote_addrs");
    vici_item_str(&o, "192.0.2.2");
    vici_list_end(&o);
    vici_section(&o, "local-1");
    vici_key_str(&o, "class", "pre-shared key");
    vici_key_str(&o, "id", "moon");
    vici_section_end(&o);
    vici_section(&o, "remote-1");
    vici_key_str(&o, "class", "pre-shared key");
    vici_section_end(&o);
    vici_section(&o, "children");
    for (; *children; children++) {
        vici_section(&o, *children);
        vici_key_str(&o, "mode", "TUNNEL");
        vici_list(&o, "local-ts");
        vici_item_str(&o, "10.1.0.0/16");
        vici_list_end(&o);
        vici_list(&o, "remote-ts");
        vici_item_str(&o, "10.2.0.0/16");
        vici_list_end(&o);
        vici_section_end(&o);
    }
    vici_section_end(&o);
    vici_section_end(&o);
    send_built(fd, &o);
}

static void conns(int fd, struct bytes message)
{
    (void)message;
    send_conn(fd, "home", (const char *const[]){"net", "dmz", NULL});
    send_conn(fd, "away", (const char *const[]){"net", NULL});
    send_plain(fd, VICI_CMD_RESPONSE);
}

static void send_progress(int fd, const char *exchange, const char *method, unsigned sent,
                          unsigned received, unsigned fragments, unsigned transmissions)
{
    struct vici_out o;
    begin_event(&o, "progress");
    vici_key_str(&o, "exchange", exchange);
    if (method)
        vici_key_str(&o, "method", method);
    vici_key_uint(&o, "sent-bytes", sent);
    vici_key_uint(&o, "received-bytes", received);
    vici_key_uint(&o, "sent-fragments", fragments);
    vici_key_uint(&o, "received-fragments", fragments);
    vici_key_uint(&o, "transmissions", transmissions);
    vici_key_uint(&o, "microseconds", 3210);
    send_built(fd, &o);
}

static void succeed(int fd)
{
    struct vici_out o;
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_key_str(&o, "success", "yes");
    send_built(fd, &o);
}

static void initiate(int fd, struct bytes message)
{
    struct bytes value;
    assert_true(vici_find(message, "ike", &value) && bytes_equal(value, BYTES_LIT("home")));
    assert_true(vici_find(message, "child", &value) && bytes_equal(value, BYTES_LIT("dmz")));
    assert_int_equal(vici_find_int(message, "timeout", 0), 5000);
    send_progress(fd, "IKE_SA_INIT", "CURVE_25519", 432, 448, 1, 1);
    send_progress(fd, "IKE_AUTH", NULL, 301, 1250, 2, 3);
    succeed(fd);
}

static void initiate_in_vain(int fd, struct bytes message)
{
    struct vici_out o;
    (void)message;
    send_progress(fd, "IKE_SA_INIT", "CURVE_25519", 432, 36, 1, 1);
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_key_str(&o, "success", "no");
    vici_key_str(&o, "errmsg", "no proposal chosen");
    vici_key_str(&o, "reason", "NO_PROPOSAL");
    vici_key_str(&o, "detail", "offered KE1: ML_KEM_768");
    send_built(fd, &o);
}

static void answer_rekey(int fd, unsigned matches, unsigned rekeyed, const char *problem)
{
    struct vici_out o;
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_key_bool(&o, "success", problem == NULL);
    vici_key_uint(&o, "matches", matches);
    vici_key_uint(&o, "rekeyed", rekeyed);
    if (problem) {
        vici_key_str(&o, "errmsg", problem);
        vici_key_str(&o, "reason", "PEER_ERROR");
        vici_key_str(&o, "detail", "the peer answered NO_PROPOSAL_CHOSEN");
    }
    send_built(fd, &o);
}

static void rekey_child(int fd, struct bytes message)
{
    struct bytes value;
    assert_true(vici_find(message, "child", &value) && bytes_equal(value, BYTES_LIT("dmz")));
    assert_true(vici_find_bool(message, "wait", false));
    send_progress(fd, "CREATE_CHILD_SA", "CURVE_25519", 233, 241, 1, 1);
    send_progress(fd, "IKE_FOLLOWUP_KE", "ML_KEM_768", 1249, 1145, 1, 1);
    answer_rekey(fd, 1, 1, NULL);
}

static void rekey_in_vain(int fd, struct bytes message)
{
    (void)message;
    answer_rekey(fd, 1, 0, "not all matching SAs could be rekeyed");
}

static void rekey_nothing(int fd, struct bytes message)
{
    (void)message;
    answer_rekey(fd, 0, 0, "no matching SAs to rekey found");
}

static void sas(int fd, struct bytes message)
{
    struct vici_out o;
    (void)message;
    begin_event(&o, "list-sa");
    vici_section(&o, "home");
    vici_key_uint(&o, "uniqueid", 7);
    vici_key_str(&o, "state", "ESTABLISHED");
    vici_key_str(&o, "local-host", "192.0.2.1");
    vici_key_uint(&o, "local-port", 4500);
    vici_key_str(&o, "local-id", "moon");
    vici_key_str(&o, "remote-host", "2001:db8::2");
    vici_key_uint(&o, "remote-port", 4500);
    vici_key_str(&o, "remote-id", "sun");
    vici_key_str(&o, "encr-alg", "AES_GCM_16");
    vici_key_uint(&o, "encr-keysize", 256);
    vici_key_str(&o, "prf-alg", "PRF_HMAC_SHA2_384");
    vici_key_uint(&o, "established", 45);
    vici_key_int(&o, "rekey-time", 13000);
    vici_key_str(&o, "last-rekey", "PEER_ERROR");
    vici_key_str(&o, "last-rekey-detail", "the peer answered NO_PROPOSAL_CHOSEN");
    vici_key_uint(&o, "last-rekey-ago", 5);
    add_kex(&o, (const char *const[]){"CURVE_25519", "ML_KEM_768", "ECP_384", NULL}, true);
    vici_section(&o, "child-sas");
    vici_section(&o, "dmz-3");
    vici_key_str(&o, "name", "dmz");
    vici_key_uint(&o, "uniqueid", 3);
    vici_key_str(&o, "state", "INSTALLED");
    vici_key_str(&o, "mode", "TUNNEL");
    vici_key_str(&o, "encap", "yes");
    vici_key_str(&o, "encr-alg", "AES_CBC");
    vici_key_uint(&o, "encr-keysize", 128);
    vici_key_str(&o, "integ-alg", "HMAC_SHA2_256_128");
    vici_key_uint(&o, "bytes-in", 1234567);
    vici_key_uint(&o, "packets-in", 900);
    vici_key_uint(&o, "bytes-out", 84);
    vici_key_uint(&o, "packets-out", 1);
    vici_key_int(&o, "rekey-time", -2);
    vici_key_int(&o, "life-time", 600);
    vici_key_uint(&o, "install-time", 7300);
    vici_key_str(&o, "last-rekey", "ok");
    vici_key_uint(&o, "last-rekey-ago", 7300);
    vici_key_uint(&o, "rekeyed", 12);
    vici_list(&o, "local-ts");
    vici_item_str(&o, "10.1.0.0/16");
    vici_list_end(&o);
    vici_list(&o, "remote-ts");
    vici_item_str(&o, "10.2.0.0/16");
    vici_item_str(&o, "10.3.0.0/16");
    vici_list_end(&o);
    add_kex(&o, (const char *const[]){NULL}, true);
    vici_section_end(&o);
    vici_section_end(&o);
    vici_section_end(&o);
    send_built(fd, &o);
    send_plain(fd, VICI_CMD_RESPONSE);
}

static void terminate_one(int fd, struct bytes message)
{
    struct vici_out o;
    struct bytes value;
    bool match = vici_find(message, "child", &value) || vici_find(message, "ike-id", &value);
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_key_bool(&o, "success", match);
    vici_key_uint(&o, "matches", match);
    vici_key_uint(&o, "terminated", match);
    if (!match)
        vici_key_str(&o, "errmsg", "no matching SAs to terminate found");
    send_built(fd, &o);
}

static void version(int fd, struct bytes message)
{
    struct vici_out o;
    (void)message;
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_key_str(&o, "daemon", "braidd");
    vici_key_str(&o, "version", "9.9");
    vici_key_str(&o, "release", "6.12");
    send_built(fd, &o);
}

static void refuse_reload(int fd, struct bytes message)
{
    struct vici_out o;
    (void)message;
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_key_str(&o, "success", "no");
    vici_key_str(&o, "errmsg", "the configuration has 1 error");
    vici_list(&o, "problems");
    vici_item_str(&o, "swanctl.conf:3:5: connections.a.x: unknown key");
    vici_list_end(&o);
    send_built(fd, &o);
}

static void hang_up(int fd, struct bytes message)
{
    (void)message;
    shutdown(fd, SHUT_RDWR);
}

static void talk_nonsense(int fd, struct bytes message)
{
    (void)message;
    assert_int_equal(send(fd, "\0\0\0\2\1\7", 6, MSG_NOSIGNAL), 6);
}

static void add_items(struct vici_out *o, const char *name, const char *const *items)
{
    vici_list(o, name);
    for (; *items; items++)
        vici_item_str(o, *items);
    vici_list_end(o);
}

static void add_transform(struct vici_out *o, const char *type, const char *offered,
                          const char *accepted, const char *match)
{
    vici_section(o, type);
    add_items(o, "offered", (const char *[]){offered, NULL});
    add_items(o, "accepted", (const char *[]){accepted, NULL});
    vici_key_str(o, "match", match);
    vici_section_end(o);
}

/* A connection that failed for want of a common cipher. */
static void explained(int fd, struct bytes message)
{
    struct vici_out o;
    (void)message;
    begin_event(&o, "explained");
    vici_section(&o, "away");
    vici_key_bool(&o, "configured", true);
    vici_key_bool(&o, "up", false);
    vici_section(&o, "success");
    vici_key_uint(&o, "ago", 7500);
    vici_key_str(&o, "peer", "192.0.2.2:500");
    vici_key_str(&o, "key-exchanges", "CURVE_25519 + ML_KEM_768");
    vici_key_bool(&o, "quantum-safe", true);
    vici_section_end(&o);
    vici_section(&o, "failures");
    vici_section(&o, "1");
    vici_key_uint(&o, "ago", 4);
    vici_key_uint(&o, "times", 3);
    vici_key_str(&o, "reason", "NO_PROPOSAL");
    vici_key_str(&o, "text", "no proposal chosen");
    vici_key_str(&o, "notify", "NO_PROPOSAL_CHOSEN");
    vici_key_str(&o, "peer", "192.0.2.2:500");
    vici_key_str(&o, "detail", "no common ENCR");
    add_items(&o, "offered", (const char *[]){"IKE:AES_CBC_256/CURVE_25519", NULL});
    add_items(&o, "accepted", (const char *[]){"IKE:AES_GCM_16_256/CURVE_25519", NULL});
    vici_section(&o, "transforms");
    add_transform(&o, "ENCR", "AES_CBC_256", "AES_GCM_16_256", "");
    add_transform(&o, "KE", "CURVE_25519", "CURVE_25519", "CURVE_25519");
    vici_section_end(&o);
    vici_key_str(&o, "accept-here", "aes256-x25519");
    vici_key_str(&o, "offer-there", "aes256gcm16-x25519");
    vici_section_end(&o);
    vici_section_end(&o);
    vici_section_end(&o);
    send_built(fd, &o);
    send_plain(fd, VICI_CMD_RESPONSE);
}

static void not_known(int fd, struct bytes message)
{
    (void)message;
    send_plain(fd, VICI_CMD_UNKNOWN);
}

#define REGISTER(name) \
    { \
        VICI_EVENT_REGISTER, name, confirm}
#define DENIED(name) \
    { \
        VICI_EVENT_REGISTER, name, deny}
#define REQUEST(name, answer) \
    { \
        VICI_CMD_REQUEST, name, answer}
#define FIN \
    { \
        0, NULL, NULL}

/* ---- tests ----------------------------------------------------------------------------------- */

static void up_shows_each_exchange_and_the_outcome(void **state)
{
    (void)state;
    static const struct step steps[] = {REGISTER("list-conn"),
                                        REQUEST("list-conns", conns),
                                        REGISTER("list-sa"),
                                        REGISTER("progress"),
                                        REQUEST("initiate", initiate),
                                        REQUEST("list-sas", sas),
                                        FIN};
    check(steps, "up dmz --timeout 5", 0,
          "home/dmz\n"
          "  IKE_SA_INIT       x25519     ->    432 B  <-    448 B    1+1 datagrams      3.2 ms\n"
          "  IKE_AUTH                     ->    301 B  <-   1.2 kB    2+2 datagrams      3.2 ms  "
          "sent 3 times\n"
          "tunnel 'dmz' up: CURVE_25519 + ML_KEM_768 + ECP_384, quantum-safe\n");
}

static void up_says_why_not(void **state)
{
    (void)state;
    static const struct step steps[] = {REGISTER("list-conn"),
                                        REQUEST("list-conns", conns),
                                        REGISTER("list-sa"),
                                        {VICI_EVENT_REGISTER, "progress", deny},
                                        REQUEST("initiate", initiate_in_vain),
                                        FIN};
    check(steps, "up away/net", 1,
          "away/net\n"
          "  IKE_SA_INIT       x25519     ->    432 B  <-     36 B    1+1 datagrams      3.2 ms\n"
          "'net' is not up: no proposal chosen [NO_PROPOSAL]\n"
          "  offered KE1: ML_KEM_768\n");
}

static void up_wants_a_name_that_means_one_thing(void **state)
{
    (void)state;
    static const struct step steps[] = {REGISTER("list-conn"), REQUEST("list-conns", conns), FIN};
    check(steps, "up net", 2,
          "braid: several connections have a child 'net'; say which: home/net away/net\n");
    check(steps, "up nothing", 1, "braid: no connection and no child is called 'nothing'; `braid conns` names them\n");
}

static void list_is_a_table_for_people(void **state)
{
    (void)state;
    static const struct step steps[] = {
        REGISTER("list-sa"), REQUEST("list-sas", sas), DENIED("explained"), FIN};
    static const struct step none[] = {
        REGISTER("list-sa"), REQUEST("list-sas", nothing), DENIED("explained"), FIN};
    check(steps, "list", 0,
          "home #7  ESTABLISHED 45 s  quantum-safe\n"
          "    192.0.2.1:4500 (moon) <-> [2001:db8::2]:4500 (sun)\n"
          "    AES_GCM_16_256 / PRF_HMAC_SHA2_384, keys from CURVE_25519 + ML_KEM_768 + ECP_384\n"
          "    rekeying in 3 h 36 min; rekeyed 0 times, last attempt failed 5 s ago: PEER_ERROR, the "
          "peer answered NO_PROPOSAL_CHOSEN\n"
          "    dmz #3  INSTALLED 2 h 01 min  TUNNEL in UDP  AES_CBC_128/HMAC_SHA2_256_128, keys from the IKE SA's  "
          "quantum-safe\n"
          "        10.1.0.0/16 <-> 10.2.0.0/16 10.3.0.0/16\n"
          "        in 1.2 MB (900 packets)  out 84 B (1 packet)\n"
          "        rekeying is due, ends in 10 min; rekeyed 12 times, last 2 h 01 min ago\n");
    check(none, "list", 0, "no SAs\n");
}

static void list_is_json_for_programs(void **state)
{
    (void)state;
    static const struct step steps[] = {
        REGISTER("list-sa"), REQUEST("list-sas", sas), DENIED("explained"), FIN};
    struct stage stage;
    char output[OUTPUT_MAX];
    open_stage(&stage, steps);
    assert_int_equal(run(stage.dir, "list --json", output), 0);
    close_stage(&stage);
    assert_non_null(strstr(output, "\"schema\": 1"));
    assert_non_null(strstr(output, "\"name\": \"home\""));
    assert_non_null(strstr(output, "\"uniqueid\": 7"));
    assert_non_null(strstr(output, "\"quantum-safe\": true"));
    assert_non_null(strstr(output, "\"bytes-in\": 1234567"));
}

static void list_names_what_is_down_and_why(void **state)
{
    (void)state;
    static const struct step steps[] = {REGISTER("list-sa"), REQUEST("list-sas", nothing),
                                        REGISTER("explained"), REQUEST("explain", explained), FIN};
    check(steps, "list", 0, "away  DOWN  no proposal chosen, 4 s ago\n");
}

static void explain_takes_a_failure_apart(void **state)
{
    (void)state;
    static const struct step steps[] = {REGISTER("explained"), REQUEST("explain", explained), FIN};
    check(steps, "explain last", 0,
          "away  DOWN\n"
          "  last came up 2 h 05 min ago: keys from CURVE_25519 + ML_KEM_768, quantum-safe\n"
          "    peer 192.0.2.2:500\n"
          "  4 s ago, 3 times: no proposal chosen [NO_PROPOSAL]\n"
          "    peer 192.0.2.2:500, notify NO_PROPOSAL_CHOSEN\n"
          "    nothing in common: ENCR\n"
          "        type  offered      accepted        match\n"
          "        ENCR  AES_CBC_256  AES_GCM_16_256  none\n"
          "        KE    CURVE_25519  CURVE_25519     CURVE_25519\n"
          "    all that was offered\n"
          "        IKE:AES_CBC_256/CURVE_25519\n"
          "    all that is accepted\n"
          "        IKE:AES_GCM_16_256/CURVE_25519\n"
          "    the smallest change that makes them match, on either side:\n"
          "        here         add aes256-x25519 to connections.away.proposals\n"
          "        at the peer  offer aes256gcm16-x25519\n");
}

static void explain_says_when_there_is_nothing(void **state)
{
    (void)state;
    static const struct step none[] = {REGISTER("explained"), REQUEST("explain", nothing), FIN};
    static const struct step old[] = {DENIED("explained"), FIN};
    check(none, "explain", 1, "braid: nothing has happened yet\n");
    check(old, "explain", 1, "braid: this daemon keeps no failures\n");
}

static void conns_are_shown(void **state)
{
    (void)state;
    static const struct step steps[] = {REGISTER("list-conn"), REQUEST("list-conns", conns), FIN};
    check(steps, "conns", 0,
          "home\n    %any (moon, pre-shared key) <-> 192.0.2.2 (pre-shared key)\n"
          "    net  TUNNEL  10.1.0.0/16 <-> 10.2.0.0/16\n    dmz  TUNNEL  10.1.0.0/16 <-> "
          "10.2.0.0/16\n"
          "away\n    %any (moon, pre-shared key) <-> 192.0.2.2 (pre-shared key)\n    net  TUNNEL  "
          "10.1.0.0/16 <-> 10.2.0.0/16\n");
}

static void down_tries_connections_then_children(void **state)
{
    (void)state;
    static const struct step two[] = {REQUEST("terminate", terminate_one),
                                      REQUEST("terminate", terminate_one), FIN};
    static const struct step one[] = {REQUEST("terminate", terminate_one), FIN};
    check(two, "down dmz", 0, "1 SA ended\n");
    check(one, "down --id 7", 0, "1 SA ended\n");
    check(one, "down --ike=home", 1, "braid: there is no SA with ike home\n");
}

static void rekey_shows_each_exchange_and_the_outcome(void **state)
{
    (void)state;
    static const struct step good[] = {REGISTER("progress"), REQUEST("rekey", rekey_child), FIN};
    static const struct step bad[] = {REGISTER("progress"), REQUEST("rekey", rekey_in_vain), FIN};
    static const struct step none[] = {REGISTER("progress"), REQUEST("rekey", rekey_nothing),
                                       REQUEST("rekey", rekey_nothing), FIN};
    check(good, "rekey --child dmz", 0,
          "  CREATE_CHILD_SA   x25519     ->    233 B  <-    241 B    1+1 datagrams      3.2 ms\n"
          "  IKE_FOLLOWUP_KE   mlkem768   ->   1.2 kB  <-   1.1 kB    1+1 datagrams      3.2 ms\n"
          "1 SA rekeyed\n");
    check(bad, "rekey --ike home", 1,
          "braid: not all matching SAs could be rekeyed [PEER_ERROR]\n"
          "  the peer answered NO_PROPOSAL_CHOSEN\n");
    check(none, "rekey dmz", 1, "braid: there is no SA of a connection or child 'dmz' to rekey\n");
}

static void version_and_reload(void **state)
{
    (void)state;
    static const struct step ask[] = {REQUEST("version", version), FIN};
    static const struct step load[] = {REQUEST("reload", refuse_reload), FIN};
    check(ask, "version", 0, "braid " BRAID_VERSION "\nbraidd 9.9 on 6.12\n");
    check(load, "reload", 1,
          "swanctl.conf:3:5: connections.a.x: unknown key\nbraid: not reloaded: the configuration "
          "has 1 error\n");
}

static void a_broken_daemon_is_told_apart(void **state)
{
    (void)state;
    static const struct step gone[] = {REGISTER("list-sa"), REQUEST("list-sas", hang_up), FIN};
    static const struct step mad[] = {REGISTER("list-sa"), REQUEST("list-sas", talk_nonsense), FIN};
    static const struct step old[] = {REQUEST("reload", not_known), FIN};
    check(gone, "list", 4, "braid: the daemon has closed the connection\n");
    check(mad, "list", 4, "braid: the daemon sends what is not VICI\n");
    check(old, "reload", 4, "braid: the daemon does not know this command\n");
}

static void without_a_daemon(void **state)
{
    (void)state;
    struct stage stage;
    char output[OUTPUT_MAX];
    open_stage(&stage, NULL);
    assert_int_equal(run(stage.dir, "list", output), 3);
    assert_non_null(strstr(output, "is braidd running?"));
    assert_int_equal(run(stage.dir, "version", output), 0);
    assert_non_null(strstr(output, "no daemon in"));
    close_stage(&stage);
}

static void wrong_command_lines(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "frobnicate", "up", "up a b", "up a --timeout", "up a --timeout x",
        "down", "down a --id 3", "down --id x", "list x", "list --frob", "check a b",
        "-x"};
    char output[OUTPUT_MAX];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(run("/nonexistent", wrong[i], output), 2);
    assert_int_equal(run("/nonexistent", "help", output), 0);
    assert_int_equal(run("/nonexistent", "keys rekey", output), 0);
    assert_int_equal(run("/nonexistent", "keys nosuchword", output), 1);
}

static void audit_needs_no_daemon(void **state)
{
    (void)state;
    char output[OUTPUT_MAX];
    /* the secret of the example is one that everybody knows */
    assert_int_equal(run("/nonexistent", "audit examples/site-to-site/north", output), 1);
    assert_non_null(strstr(output, "secrets.ike-south (50 octets) can be guessed\n"));
    assert_int_equal(run("/nonexistent", "audit examples/classical-fallback/gateway", output), 1);
    assert_non_null(strstr(output, "UP TO THE PEER"));
    assert_non_null(strstr(output, "x25519-ecp256 has no post-quantum key exchange\n"
                                   "    in connections.branches.proposals replace it by "));
    assert_int_equal(run("/nonexistent", "audit examples/site-to-site/north --json", output), 1);
    assert_non_null(strstr(output, "\"safe\": false"));
    assert_non_null(strstr(output, "\"recorded\": \"safe\""));
    assert_int_equal(run("/nonexistent", "audit tests", output), 2);
}

static void audit_writes_a_bill_of_materials(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\"bomFormat\": \"CycloneDX\"",
        "\"specVersion\": \"1.6\"",
        "\"bom-ref\": \"crypto/algorithm/mlkem768\"",
        "\"primitive\": \"kem\"",
        "\"nistQuantumSecurityLevel\": 3",
        "\"ikev2TransformTypes\"",
        "\"crypto/protocol/ipsec/south/net\"",
    };
    char output[OUTPUT_MAX];
    assert_int_equal(run("/nonexistent", "audit examples/site-to-site/north --cbom -", output), 1);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strstr(output, parts[i]))
            fail_msg("no %s in %s", parts[i], output);
}

static void expect_in_page(const char *arguments, const char *file)
{
    static char made[131072], page[262144];
    char command[1200];
    memset(made, 0, sizeof made);
    memset(page, 0, sizeof page);
    snprintf(command, sizeof command, "%s %s", program_path(), arguments);
    FILE *f = popen(command, "r");
    assert_true(fread(made, 1, sizeof made - 1, f) > 1000);
    pclose(f);
    f = fopen(file, "r");
    assert_non_null(f);
    assert_true(fread(page, 1, sizeof page - 1, f) > 1000);
    fclose(f);
    if (!strstr(page, made))
        fail_msg("put the output of `braid %s` in its place in %s again", arguments, file);
    if (strncmp(page, ".TH ", 4) != 0)
        fail_msg("%s has lost its beginning", file);
}

static void the_manual_pages_are_made_from_the_tables(void **state)
{
    (void)state;
    expect_in_page("keys --format=roff", "man/braid.conf.5");
    expect_in_page("help --format=roff", "man/braid.1");
}

/* Each command of the table is completed, with its options, and the script is one. */
static void completions_name_every_command(void **state)
{
    (void)state;
    char help[OUTPUT_MAX], output[OUTPUT_MAX];
    assert_int_equal(run("/nonexistent", "help", help), 0);
    for (size_t i = 0; i < 3; i++) {
        const char *shells[] = {"completion bash", "completion zsh", "completion fish"};
        assert_int_equal(run("/nonexistent", shells[i], output), 0);
        for (char *line = strstr(help, "\n  up"); line && line[1] == ' '; line = strchr(line + 1, '\n')) {
            char name[32];
            if (sscanf(line, " %31s", name) == 1 && !strstr(output, name))
                fail_msg("%s: no %s", shells[i], name);
        }
        assert_non_null(strstr(output, i == 2 ? "-l cbom" : "--cbom"));
    }
    assert_int_equal(program_shell("$braid completion bash | bash -n", output), 0);
    assert_int_equal(run("/nonexistent", "completion ksh", output), 2);
}

static void new_writes_a_pair_that_loads(void **state)
{
    (void)state;
    char dir[] = "/tmp/braid-new-XXXXXX", arguments[512], output[OUTPUT_MAX];
    assert_non_null(mkdtemp(dir));
    snprintf(arguments, sizeof arguments,
             "new site-to-site --left 192.0.2.1 --right 192.0.2.2 --left-net 10.1.0.0/24 "
             "--right-net 10.2.0.0/24 --out %s/pair",
             dir);
    assert_int_equal(run("/nonexistent", arguments, output), 0);
    assert_non_null(strstr(output, "/pair/left/swanctl.conf goes to 192.0.2.1 as "));
    assert_int_equal(run("/nonexistent", arguments, output), 1); /* nothing is overwritten */
    for (size_t i = 0; i < 2; i++) {
        snprintf(arguments, sizeof arguments, "audit %s/pair/%s", dir, i ? "right" : "left");
        assert_int_equal(run("/nonexistent", arguments, output), 0);
        assert_non_null(strstr(output, "all safe against a quantum computer\n"));
    }
    snprintf(arguments, sizeof arguments,
             "new roadwarrior --gateway 192.0.2.1 --net 10.2.0.0/24 --address not-one --out %s/bad", dir);
    assert_int_equal(run("/nonexistent", arguments, output), 1);
    assert_int_equal(run("/nonexistent", "new roadwarrior --gateway 'a b' --net 1 --address 2", output), 2);
    assert_int_equal(run("/nonexistent", "new roadwarrior --net 1", output), 2);
    snprintf(arguments, sizeof arguments, "rm -r %s", dir);
    assert_int_equal(system(arguments), 0);
}

static void stats(int fd, struct bytes message)
{
    struct vici_out o;
    (void)message;
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_section(&o, "uptime");
    vici_key_str(&o, "running", "3 hours");
    vici_section_end(&o);
    vici_section(&o, "ikesas");
    vici_key_uint(&o, "total", 12);
    vici_key_uint(&o, "half-open", 0);
    vici_section_end(&o);
    vici_key_str(&o, "plane", "tun");
    send_built(fd, &o);
}

static void counters(int fd, struct bytes message)
{
    struct vici_out o;
    (void)message;
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_section(&o, "counters");
    vici_section(&o, "");
    vici_key_uint(&o, "drop-cookie", 7);
    vici_key_uint(&o, "drop-stray", 0);
    vici_section_end(&o);
    vici_section_end(&o);
    send_built(fd, &o);
}

static void stats_and_counters_are_tables(void **state)
{
    (void)state;
    static const struct step ask_stats[] = {REQUEST("stats", stats), FIN};
    static const struct step ask_counters[] = {REQUEST("get-counters", counters), FIN};
    check(ask_stats, "stats", 0, "uptime.running  3 hours\nikesas.total    12\nplane           tun\n");
    check(ask_counters, "counters", 0, "drop-cookie  7\n");
    check(ask_counters, "counters --all", 0, "drop-cookie  7\ndrop-stray   0\n");
}

/* The script ends with the answer to the last registration, to which events are tied. */
static void happenings(int fd, struct bytes message)
{
    struct vici_out o;
    confirm(fd, message);
    begin_event(&o, "ike-rekey");
    vici_section(&o, "home");
    vici_section(&o, "old");
    vici_key_uint(&o, "uniqueid", 3);
    vici_section_end(&o);
    vici_section(&o, "new");
    vici_key_uint(&o, "uniqueid", 4);
    vici_section_end(&o);
    vici_section_end(&o);
    send_built(fd, &o);
    begin_event(&o, "alert");
    vici_key_str(&o, "conn", "away");
    vici_key_str(&o, "text", "no answer from the peer");
    vici_key_str(&o, "reason", "TIMEOUT");
    vici_key_str(&o, "peer", "192.0.2.2:500");
    send_built(fd, &o);
}

static void monitor_follows_events(void **state)
{
    (void)state;
    static const struct step steps[] = {REGISTER("ike-updown"), REGISTER("child-updown"), REGISTER("ike-rekey"), REGISTER("child-rekey"), {VICI_EVENT_REGISTER, "alert", happenings}, FIN};
    struct stage stage;
    char output[OUTPUT_MAX];
    open_stage(&stage, steps);
    assert_int_equal(run(stage.dir, "monitor", output), 4);
    close_stage(&stage);
    assert_non_null(strstr(output, "rekey   home                  #3 -> #4\n"));
    assert_non_null(strstr(output, "failed  away                  no answer from the peer [TIMEOUT] "
                                   "with 192.0.2.2:500\n"));
    assert_non_null(strstr(output, "braid: the daemon has closed the connection\n"));
    open_stage(&stage, steps);
    assert_int_equal(run(stage.dir, "monitor --json", output), 4);
    close_stage(&stage);
    assert_non_null(strstr(output, "\"event\":\"alert\",\"content\":{\"conn\":\"away\""));
}

static void take_secret(int fd, struct bytes message)
{
    struct bytes value;
    struct vici_in in;
    assert_true(vici_find(message, "id", &value) && bytes_equal(value, BYTES_LIT("ike-south")));
    assert_true(vici_find(message, "type", &value) && bytes_equal(value, BYTES_LIT("IKE")));
    assert_true(vici_find_list(message, "owners", &in) && vici_next(&in) == VICI_LIST_ITEM);
    send_plain(fd, VICI_CMD_RESPONSE);
}

static void refuse_conn(int fd, struct bytes message)
{
    struct vici_out o;
    struct bytes value;
    assert_true(vici_find(message, "south.local.id", &value));
    assert_true(vici_find(message, "south.children.net.local_ts", &value) == false); /* a list */
    vici_out_init(&o);
    vici_begin(&o, VICI_CMD_RESPONSE, NULL);
    vici_key_str(&o, "success", "no");
    vici_key_str(&o, "errmsg", "not today");
    send_built(fd, &o);
}

static void load_sends_section_by_section(void **state)
{
    (void)state;
    static const struct step steps[] = {REQUEST("load-shared", take_secret),
                                        REQUEST("load-conn", refuse_conn), FIN};
    check(steps, "load examples/site-to-site/north/swanctl.conf", 1,
          "secret ike-south loaded\nbraid: connection south not loaded: not today\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_shows_each_exchange_and_the_outcome),
        cmocka_unit_test(up_says_why_not),
        cmocka_unit_test(up_wants_a_name_that_means_one_thing),
        cmocka_unit_test(list_is_a_table_for_people),
        cmocka_unit_test(list_is_json_for_programs),
        cmocka_unit_test(list_names_what_is_down_and_why),
        cmocka_unit_test(explain_takes_a_failure_apart),
        cmocka_unit_test(explain_says_when_there_is_nothing),
        cmocka_unit_test(conns_are_shown),
        cmocka_unit_test(down_tries_connections_then_children),
        cmocka_unit_test(rekey_shows_each_exchange_and_the_outcome),
        cmocka_unit_test(version_and_reload),
        cmocka_unit_test(a_broken_daemon_is_told_apart),
        cmocka_unit_test(without_a_daemon),
        cmocka_unit_test(wrong_command_lines),
        cmocka_unit_test(audit_needs_no_daemon),
        cmocka_unit_test(audit_writes_a_bill_of_materials),
        cmocka_unit_test(the_manual_pages_are_made_from_the_tables),
        cmocka_unit_test(completions_name_every_command),
        cmocka_unit_test(new_writes_a_pair_that_loads),
        cmocka_unit_test(stats_and_counters_are_tables),
        cmocka_unit_test(monitor_follows_events),
        cmocka_unit_test(load_sends_section_by_section),
    };
    return cmocka_run_group_tests(tests, program_find, NULL);
}
