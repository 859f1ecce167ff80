/*
 * world: hosts under a virtual clock, and a network that does what networks do.
 *
 * A host is one engine with its configuration (the text of a swanctl.conf), its secrets, a data
 * plane that only takes notes, its own cryptography and its own memory, both watched. Everything
 * that happens is an event in one queue; an engine is called for one event at a time, its effects
 * are carried out, and then the invariants are asked (invariants.h). One 64-bit seed decides
 * everything, so a run can be had again:
 *
 *     braid-sim --scenario NAME --seed S [--case N] [--trace]
 *
 * A scenario is a function. It makes a world, lets hosts do things, runs the clock and says what it
 * expects.
 */
#ifndef BRAID_SIM_WORLD_H
#define BRAID_SIM_WORLD_H

#include "cred/ppk_file.h"
#include "dataplane/mock.h"
#include "ike/exchange.h"
#include "tally.h"
#include <braid/ike.h>

struct world;
struct cred_store;
struct reloaded;

/* ---- runs ---------------------------------------------------------------------------------- */

/* What the command line asked for, and how it goes. A scenario that loops numbers its rounds as
 * cases. */
struct run {
    const char *scenario;
    uint64_t seed;
    int64_t only_case;  /* run no other; -1 = all */
    int64_t at_case;    /* under way; -1 before the first */
    bool trace;         /* print every event */
    bool real;          /* OpenSSL instead of toy cryptography */
    uint64_t scale;     /* how many rounds a scenario with a choice runs: percent, 100 = as `make check`
                       wants it */
    bool quiet;         /* say nothing but failures */
    const char *path;   /* the choices of one run, where a scenario enumerates; or NULL */
    char note[1024];    /* what else a failure needs to be had again */
    const char *record; /* file for everything one host hears, or NULL */
    const char *record_host;
    uint64_t worlds, verbs, datagrams; /* counted, for the last line */
    uint64_t cases;
};

/* Begin the next case. False: it is not wanted. */
bool run_case(struct run *run);
/* `standard` rounds, more or fewer as the command line says; at least one. */
uint64_t run_rounds(const struct run *run, uint64_t standard);

/* A line about what was done, behind `# `. */
void run_say(const struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- packets ------------------------------------------------------------------------------- */

/* One UDP datagram under way. */
struct packet {
    uint64_t number;          /* in order of sending; what attackers make is numbered, too */
    int sender;               /* index of the host, -1 = somebody else */
    struct endpoint from, to; /* as the network sees them */
    bool encap;               /* with the non-ESP marker */
    bool genuine;             /* exactly as a host sent it */
    size_t len;
    uint8_t *octets; /* malloc; may be replaced */
};

/* What a link does to datagrams; chances in 1/1000. */
struct link_rules {
    uint32_t loss, duplicate, corrupt, truncate;
    ike_time delay_min, delay_max; /* random between them: differing delays reorder */
    uint16_t mtu;                  /* of IP packets; larger ones vanish. 0 = none */
    bool cut;                      /* nothing passes */
};

/* A NAT: hosts behind it appear under its address and a port of its choice. */
struct nat_box {
    struct addr outside;
    uint16_t next_port;
    struct {
        struct endpoint inside;
        uint16_t port;
    } map[16];
    unsigned maps;
};

/* Sees each datagram that a host sends, before the link's rules. May change it, inject others, or
 * swallow it (false). */
typedef bool tap_function(struct world *w, struct packet *p, void *arg);

/* ---- hosts --------------------------------------------------------------------------------- */

/* An event the engine told, kept for the scenario. */
struct told {
    ike_time at;
    struct ike_tell tell; /* its pointers are dead */
    char detail[256];
};

#define COUNT_REASON(name, text) +1
enum {
    HOSTS_MAX = 16,
    NATS_MAX = 4,
    TOLD_MAX = 64,
    TELL_KINDS = TELL_ALERT + 1,
    REASONS = 0 IKE_REASONS(COUNT_REASON)
};
#undef COUNT_REASON

/* Cryptography with a witness (watch.c): randomness from the world's seed, no IV twice under one
 * key. */
struct watch {
    struct crypto table;        /* what the engine gets */
    const struct crypto *inner; /* what does the work */
    struct host *host;
    uint64_t calls,
        fail_at; /* this call of prf, seal, open or kex_* fails with CRYPTO_FAULT; 0 = none */
};

struct host {
    struct world *world;
    int index;
    char name[16];
    struct addr addr;
    struct nat_box *nat;         /* it sits behind */
    char *swanctl, *braid;       /* its configuration as text */
    const struct config *config; /* the newest */
    const struct cred_store *secrets;
    struct reloaded *reloads; /* configs.c: newest first */
    struct tally tally;
    struct watch watch;
    void *toy; /* struct toy_crypto */
    uint64_t toy_seed;
    uint64_t dice;             /* state of its randomness */
    struct ike_engine *engine; /* NULL while it is down */
    struct ike_effects *fx;
    struct dataplane *plane;
    size_t baseline_blocks;     /* alive when the engine was new */
    struct told told[TOLD_MAX]; /* the last ones; told_count % TOLD_MAX comes next */
    uint64_t told_count;
    uint64_t told_kind[TELL_KINDS];
    uint64_t told_reason[REASONS]; /* of IKE_DOWN, CHILD_DOWN and ALERT */
    uint64_t sent, sent_octets, heard;
    uint64_t ticks_at_once; /* without the clock moving */
    bool may_lose_effects;  /* memory fails on purpose */
    void *record;           /* FILE, record.c */
};

/* ---- the world ----------------------------------------------------------------------------- */

enum event_kind { EVENT_PACKET,
                  EVENT_ANSWER,
                  EVENT_ACT };

typedef void act_function(struct world *w, struct host *h, uint64_t arg);

struct event {
    ike_time at;
    uint64_t serial;
    enum event_kind kind;
    struct host *host; /* ANSWER, ACT */
    struct packet *packet;
    struct ike_answer answer;
    uint8_t auth[PRF_LEN_MAX]; /* behind answer.auth */
    struct ppk_taken ppk;      /* behind answer.ppk */
    act_function *act;
    uint64_t arg;
};

struct seal_book; /* watch.c: every (key, IV) that sealed something */

struct world {
    struct run *run;
    uint64_t dice;
    ike_time now;
    int hosts;
    struct host host[HOSTS_MAX];
    struct nat_box nat[NATS_MAX];
    unsigned nats;
    struct link_rules links[HOSTS_MAX][HOSTS_MAX]; /* sender, receiver */
    struct link_rules outside;                     /* for datagrams of nobody */
    ike_time ask_min, ask_max;                     /* how long secrets take to answer */
    tap_function *tap;
    void *tap_arg;
    struct event **queue; /* binary heap by (at, serial) */
    size_t queued, queue_room;
    uint64_t last_serial, last_packet;
    struct seal_book *seals;
    bool keys_may_differ; /* somebody lies about key exchanges */
    uint64_t steps;
};

/* Every world belongs to a run; its seed is the run's, mixed with the number of the case. Ends the
 * program on failures. */
struct world *world_new(struct run *run);
/* Ends all hosts without a word to their peers, and asks what must be true then: no block is left,
 * all came back wiped. */
void world_free(struct world *w);

struct host *world_host(struct world *w, const char *name, const char *addr, const char *swanctl,
                        const char *braid);
struct nat_box *world_nat(struct world *w, const char *addr);
struct addr world_addr(const char *text);
/* The rules of one direction, to be changed; world_net changes all links between hosts that exist.
 */
struct link_rules *world_link(struct world *w, const struct host *from, const struct host *to);
void world_net(struct world *w, struct link_rules rules);

/* The host vanishes without a word, its memory is checked; and comes back with nothing but its
 * configuration. */
void host_kill(struct host *h);
void host_boot(struct host *h);

/*
 * Another swanctl.conf. What SAs still use of older ones is kept no longer than the engine says; then
 * it is freed, so that the address sanitizer sees whoever looks at it again.
 */
void host_reload(struct host *h, const char *swanctl);

/* Randomness of the world, apart from that of the hosts. */
uint64_t world_roll(struct world *w);
uint64_t world_below(struct world *w, uint64_t limit);

/* ---- doing things -------------------------------------------------------------------------- */

enum order_result host_initiate(struct host *h, const char *conn, const char *child);
enum order_result host_terminate(struct host *h, const char *conn, const char *child);
enum order_result host_order(struct host *h, const struct ike_order *order);
/* A liveness check on every SA that is up. */
void host_check_all(struct host *h);

void world_at(struct world *w, ike_time at, struct host *h, act_function *act, uint64_t arg);
/* A datagram of nobody we know arrives at once, or after `delay`. */
void world_inject(struct world *w, const struct endpoint *from, const struct endpoint *to,
                  bool encap, struct bytes octets, ike_time delay);
/* Send on behalf of a host, past the tap but under the link's rules. */
void world_send(struct world *w, struct packet *p);
/* It arrives after `delay`, whatever the rules say. */
void world_put(struct world *w, struct packet *p, ike_time delay);
struct packet *packet_new(struct world *w, const struct endpoint *from, const struct endpoint *to,
                          bool encap, struct bytes octets);
struct packet *packet_copy(struct world *w, const struct packet *p);
void packet_free(struct packet *p);

/* ---- running ------------------------------------------------------------------------------- */

/* The next event, or the next deadline of an engine, whichever is earlier. False: nothing will ever
 * happen, or not before `until`. */
bool world_step(struct world *w, ike_time until);
/* Carry out this one event of the queue now, out of turn: for schedulers that try every order. */
void world_fire(struct world *w, size_t index);
void world_run(struct world *w, ike_time duration);
/* Run until nothing is under way any more, and ask what must be true of a world at rest. */
void world_settle(struct world *w);
bool world_is_quiet(const struct world *w);

/* ---- looking ------------------------------------------------------------------------------- */

unsigned host_up_count(const struct host *h);    /* IKE SAs that are up */
unsigned host_child_count(const struct host *h); /* Child SAs in its data plane */
struct ike_sa *host_sa(const struct host *h);    /* the newest, or NULL */
uint64_t host_counter(const struct host *h, const char *name);
const struct told *host_last_told(const struct host *h, enum tell_kind kind);
/* The SA with the same SPIs at another host, or NULL. */
struct ike_sa *world_other_end(const struct world *w, const struct host *h, const struct ike_sa *sa,
                               struct host **at);

/* ---- failing ------------------------------------------------------------------------------- */

#define EXPECT(w, condition) \
    do { \
        if (!(condition)) \
            world_fail((w), "%s:%d: expected %s", __FILE__, __LINE__, #condition); \
    } while (0)

void world_fail(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
void world_trace(const struct world *w, const struct host *h, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- inside the simulator ------------------------------------------------------------------ */

/* network.c */
void network_send(struct world *w, struct host *from, const struct ike_send *send);
struct host *network_deliver(struct world *w, const struct packet *p,
                             struct ike_path *path); /* NULL: nobody is there */
void world_queue(struct world *w, struct event *event);
void trace_packet(const struct world *w, const struct packet *p, const char *what);

/* watch.c */
void watch_make(struct watch *watch, struct host *host, const struct crypto *inner);
struct seal_book *seal_book_new(void);
void seal_book_free(struct seal_book *book);

/* configs.c */
void configs_first(struct host *h);
void configs_load(struct host *h, const char *swanctl, const char *braid);
void configs_take_over(struct host *h); /* tells the engine */
void configs_free_old(struct host *h);  /* what no SA uses */
void configs_free_all(struct host *h);

/* record.c */
struct host_seeds {
    int index;
    uint64_t dice, toy;
};
struct host *world_host_again(struct world *w, const char *name, const struct host_seeds *seeds,
                              const char *swanctl, const char *braid);
void record_open(struct host *h);
void record_close(struct host *h);
void record_input(struct host *h, const struct ike_path *path, struct bytes datagram);
void record_life(struct host *h, const char *what); /* "boot", "kill" */
void record_tick(struct host *h);
void record_reload(struct host *h);
void record_order(struct host *h, const struct ike_order *order);
void record_answer(struct host *h, const struct ike_answer *answer);
void record_effects(struct host *h);
int record_replay(const char *file, bool trace);

#endif
