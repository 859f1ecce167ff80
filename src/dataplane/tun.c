/*
 * tun: see tun.h and dataplane.h.
 *
 *     programs, forwarded packets                                             the peer
 *          |        ^                                                        |        ^
 *          v        |                                                        v        |
 *       [ routes > TUN ] -- policy -- fits? -- segment -- seal --------> plane_output.send
 *       [ TUN > kernel ] <- coalesce -- policy -- open -- replay -- SPI < esp_input
 *
 * The steps outbound are those of RFC 4301 5.1, inbound those of 5.2; in each direction they are
 * one function that reads like the list. Between the kernel and here, TCP travels in large packets
 * (segment.h, coalesce.h).
 *
 * Outer headers belong to the owner's UDP sockets. They carry no ECN or DSCP from inside, which is
 * the compatibility mode of RFC 6040 4.1: inner fields pass unchanged. Inner TTLs are counted down
 * by the kernel, which forwards to and from the device. DF cannot be copied outwards (copy_df).
 */
#include "dataplane/tun.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dataplane/device.h"
#include "dataplane/report.h"
#include "dataplane/route.h"
#include "dataplane/sad.h"
#include "dataplane/trap.h"
#include "esp/fit.h"
#include "esp/transport.h"

enum {
    /* what is read from the device before the owner gets its turn again */
    READS_MAX = 64,
    READ_OCTETS_MAX = 256 << 10,
    PAYLOAD_MAX = 9000, /* largest packet sealed; the device's MTU never exceeds it */
    MTU_WITHOUT_SA = 1400,
    OUTER_MTU_DEFAULT = 1500,
    BATCH_MAX = 128,
    SLOT_LEN = ESP_HEADROOM + PAYLOAD_MAX + ESP_TAILROOM,
    ARENA_LEN = BATCH_MAX * 1536, /* a batch of the usual size; it shall stay in the cache */
    CACHE_LINE = 64,
    ERRORS_A_SECOND = 50, /* RFC 1812 4.3.2.8, RFC 4443 2.4 (f) */
};

static const ike_time mtu_fresh_for = 10 * IKE_SECOND;

/* Sealed packets for one path, one behind the other, waiting for the end of the batch. */
struct batch {
    struct ike_path path;
    size_t count, used;
    struct bytes packet[BATCH_MAX];
    uint8_t arena[ARENA_LEN];
};

struct tun {
    struct dataplane plane;
    struct plane_output output;
    struct sad sad;
    struct traps traps;
    struct device device;
    struct router *router; /* NULL: no routes are made */
    struct report_queue reports;
    struct tun_drops drops;
    int fds[2];
    unsigned mtu;
    unsigned mtu_users[PAYLOAD_MAX + 1]; /* SAs through which so much fits */
    /* ICMP errors sent in the second that began then */
    unsigned errors;
    ike_time errors_since;
    struct coalesce coalesce;
    struct batch batch;
    uint8_t input[DEVICE_PACKET_MAX];
};

/* ---- to the device --------------------------------------------------------------------------- */

static void put_coalesced(void *self, const struct coalesced *packet)
{
    struct tun *t = self;
    if (!device_write(&t->device, packet))
        t->drops.device_full++;
}

/* `first` may be empty. */
static void write_device(struct tun *t, struct bytes first, struct bytes second)
{
    struct coalesced packet;
    packet.offload = (struct offload){.kind = OFFLOAD_NONE};
    packet.len = first.len + second.len;
    packet.count = 0;
    if (first.len)
        packet.part[packet.count++] = first;
    packet.part[packet.count++] = second;
    put_coalesced(t, &packet);
}

/* Errors are not the way to make us work. */
static bool may_send_error(struct tun *t, ike_time now)
{
    if (now - t->errors_since >= IKE_SECOND) {
        t->errors_since = now;
        t->errors = 0;
    }
    if (t->errors == ERRORS_A_SECOND)
        return false;
    t->errors++;
    return true;
}

/* Written to the device, so that it comes to the sender as if from the packet's destination. */
static void answer_too_big(struct tun *t, ike_time now, const struct sad_entry *sa,
                           struct bytes packet, const struct flow *f)
{
    uint8_t error[FIT_ERROR_MAX];
    size_t len = may_send_error(t, now) ? fit_too_big(packet, f, sa->mtu, error) : 0;
    if (len)
        write_device(t, BYTES_NONE, bytes_make(error, len));
}

static void answer_prohibited(struct tun *t, ike_time now, struct bytes packet,
                              const struct flow *f)
{
    uint8_t error[FIT_ERROR_MAX];
    size_t len = may_send_error(t, now) ? fit_prohibited(packet, f, error) : 0;
    if (len)
        write_device(t, BYTES_NONE, bytes_make(error, len));
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void set_mtu(struct tun *t, struct sad_entry *sa, unsigned mtu)
{
    if (sa->mtu)
        t->mtu_users[sa->mtu]--;
    if (mtu)
        t->mtu_users[mtu]++;
    sa->mtu = mtu;
}

static void measure(struct tun *t, struct sad_entry *sa)
{
    unsigned outer = t->router ? route_outer_mtu(&sa->path.remote) : OUTER_MTU_DEFAULT;
    unsigned mtu = sad_inner_mtu(sa, outer);
    set_mtu(t, sa, mtu < PAYLOAD_MAX ? mtu : PAYLOAD_MAX);
}

/* The device takes what fits through every SA. */
static void adjust_mtu(struct tun *t)
{
    unsigned least = 0;
    while (least <= PAYLOAD_MAX && t->mtu_users[least] == 0)
        least++;
    if (least > PAYLOAD_MAX || least == t->mtu)
        return;
    if (!t->router || router_set_mtu(t->router, least))
        t->mtu = least;
}

/* The kernel learns what the path outside takes (RFC 1191); every now and then we ask it. */
static void measure_again(struct tun *t, struct sad_entry *sa, ike_time now)
{
    if (now - sa->measured_at < mtu_fresh_for)
        return;
    unsigned before = sa->mtu;
    sa->measured_at = now;
    measure(t, sa);
    if (sa->mtu != before)
        adjust_mtu(t);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void note_limits(struct tun *t, struct sad_entry *sa)
{
    enum sad_limit limit = sad_check_limits(&t->sad, sa);
    if (limit == SAD_LIMIT_NONE)
        return;
    report_put(&t->reports, &(struct plane_report){.kind = REPORT_LIMIT,
                                                   .child_id = sa->id,
                                                   .hard = limit == SAD_LIMIT_HARD});
}

/* ---- outbound: from the device to the wire --------------------------------------------------- */

static void flush(struct tun *t)
{
    if (t->batch.count)
        t->output.send(t->output.self, &t->batch.path, t->batch.packet, t->batch.count);
    t->batch.count = t->batch.used = 0;
}

/* Where the next packet is made: room for PAYLOAD_MAX with what goes around it. */
static uint8_t *next_slot(struct tun *t)
{
    if (t->batch.count == BATCH_MAX || ARENA_LEN - t->batch.used < SLOT_LEN)
        flush(t);
    return t->batch.arena + t->batch.used + ESP_HEADROOM;
}

/* A packet that was made in the last slot. */
static void put_in_batch(struct tun *t, const struct ike_path *path, struct bytes packet)
{
    size_t end = (size_t)(packet.at - t->batch.arena) + packet.len;
    if (t->batch.count && !ike_path_equal(&t->batch.path, path))
        flush(t);
    t->batch.path = *path;
    t->batch.packet[t->batch.count++] = packet;
    t->batch.used = (end + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* What of the packet travels, and as which next header. */
static bool choose_payload(const struct sad_entry *sa, struct bytes packet, const struct flow *f,
                           struct bytes *payload, uint8_t *next)
{
    *payload = packet;
    *next = f->family == ADDR_V4 ? NEXT_IPV4 : NEXT_IPV6;
    if (!sa->transport)
        return true;
    *next = f->protocol;
    return transport_strip(packet, f, payload);
}

static void send_packet(struct tun *t, ike_time now, struct sad_entry *sa, const struct flow *f,
                        uint8_t *at, size_t len)
{
    struct bytes payload, sealed;
    uint8_t next;
    fit_mss(at, len, f, sa->mtu);
    if (!choose_payload(sa, bytes_make(at, len), f, &payload, &next)) {
        sa->usage.drop_policy++;
        return;
    }
    if (sa->is_spent ||
        esp_seal(&sa->out, at + (payload.at - at), payload.len, next, &sealed) != ESP_OK) {
        t->drops.exhausted++;
        return;
    }
    sa->usage.out_packets++;
    sa->usage.out_bytes += payload.len;
    sa->usage.last_out = now;
    put_in_batch(t, &sa->path, sealed);
    note_limits(t, sa);
}

/* ICMP has no ports, and its kinds belong together. */
static struct packet_ends ends_of(const struct flow *f)
{
    bool is_icmp = f->protocol == PROTO_ICMP || f->protocol == PROTO_ICMPV6;
    struct packet_ends ends = {
        .local = {.family = f->family, .protocol = f->protocol, .to_port = UINT16_MAX}};
    ends.remote = ends.local;
    memcpy(ends.local.from, f->src, flow_addr_len(f));
    memcpy(ends.local.to, f->src, flow_addr_len(f));
    memcpy(ends.remote.from, f->dst, flow_addr_len(f));
    memcpy(ends.remote.to, f->dst, flow_addr_len(f));
    if (f->has_ports && !is_icmp) {
        ends.local.from_port = ends.local.to_port = f->src_port;
        ends.remote.from_port = ends.remote.to_port = f->dst_port;
    }
    return ends;
}

/* It waits if it can, and its SA is asked for. */
static void fall_into(struct tun *t, ike_time now, struct trap *trap, const struct flow *f,
                      struct bytes packet, const struct offload *offload)
{
    if (!trap_catch(&t->traps, trap, now, packet, offload))
        t->drops.no_sa_yet++;
    if (trap_must_tell(trap, now))
        report_put(&t->reports,
                   &(struct plane_report){
                       .kind = REPORT_ACQUIRE, .child_id = trap->id, .packet = ends_of(f)});
}

static void outbound(struct tun *t, ike_time now, struct bytes read, const struct offload *offload)
{
    struct flow f;
    struct segments segments;
    struct bytes packet = {read.at, inner_len(read)};
    if (!flow_parse(packet, &f) || !segments_begin(&segments, packet, &f, offload)) {
        t->drops.malformed++;
        return;
    }
    struct policy *policy = policy_table_find(&t->sad.policies, &f);
    if (!policy) {
        t->drops.no_policy++;
        answer_prohibited(t, now, packet, &f);
        return;
    }
    if (policy->is_trap) {
        fall_into(t, now, policy->owner, &f, packet, offload);
        return;
    }
    struct sad_entry *sa = policy->owner;
    size_t longest = segments_longest(&segments), len;
    measure_again(t, sa, now);
    if (longest > PAYLOAD_MAX || (longest > sa->mtu && fit_is_whole(packet))) {
        sa->usage.drop_size++;
        answer_too_big(t, now, sa, packet, &f);
        return;
    }
    for (uint8_t *at = next_slot(t); (len = segments_next(&segments, at)); at = next_slot(t))
        send_packet(t, now, sa, &f, at, len);
}

static bool has_sa(struct tun *t, struct bytes packet)
{
    struct flow f;
    const struct policy *p = flow_parse(packet, &f) ? policy_table_find(&t->sad.policies, &f) : NULL;
    return p && !p->is_trap;
}

/* There is a new SA: what waited for it goes. */
static void send_caught(struct tun *t, ike_time now)
{
    for (struct trap *trap = t->traps.first; trap; trap = trap->next) {
        struct caught *next, *c = trap_take(&t->traps, trap, now);
        for (; c; c = next) {
            next = c->next;
            struct bytes packet = bytes_make(c->packet, c->len);
            if (!has_sa(t, packet)) {
                trap_wait_on(&t->traps, trap, c);
                continue;
            }
            outbound(t, now, packet, &c->offload);
            trap_release(c);
        }
    }
    flush(t);
}

static void tun_readable(void *self, ike_time now, int fd)
{
    struct tun *t = self;
    struct offload offload;
    (void)fd;
    for (size_t i = 0, octets = 0; i < READS_MAX && octets < READ_OCTETS_MAX; i++) {
        size_t len = device_read(&t->device, t->input, &offload);
        if (len == 0)
            break;
        octets += len;
        outbound(t, now, bytes_make(t->input, len), &offload);
    }
    flush(t);
}

/* ---- inbound: from the wire to the device ---------------------------------------------------- */

static void count_drop(struct sad_entry *sa, enum esp_result why)
{
    struct plane_usage *u = &sa->usage;
    ++*(why == ESP_REPLAY ? &u->drop_replay : &u->drop_auth);
}

/*
 * The peer is alive, and perhaps behind another address than we thought. Each is said at most once
 * a second.
 */
static void note_seen(struct tun *t, struct sad_entry *sa, ike_time now,
                      const struct endpoint *from)
{
    ike_time *last = endpoint_equal(from, &sa->path.remote) ? &sa->seen_at : &sa->moved_at;
    sad_confirm(&t->sad, sa);
    sa->usage.in_packets++;
    sa->usage.last_in = now;
    if (*last && now - *last < IKE_SECOND)
        return;
    *last = now;
    report_put(&t->reports,
               &(struct plane_report){.kind = REPORT_SEEN, .child_id = sa->id, .from = *from});
}

/* Tunnel mode: the inner packet as it is, if the SA's selectors allow it (RFC 4301 5.2 step 4). */
static bool deliver_tunnel(struct tun *t, struct sad_entry *sa, struct esp_payload *p)
{
    struct flow f;
    if (!flow_parse(bytes_make(p->at, p->len), &f) || !policy_allows(&sa->policy, &f))
        return false;
    fit_mss(p->at, p->len, &f, sa->mtu);
    if (t->device.offloads)
        coalesce_add(&t->coalesce, p->at, p->len, &f);
    else
        write_device(t, BYTES_NONE, bytes_make(p->at, p->len));
    return true;
}

/*
 * Transport mode: a header from the SA's addresses goes before it. The selectors are asked about
 * the whole.
 */
static bool deliver_transport(struct tun *t, struct sad_entry *sa, struct esp_payload *p)
{
    uint8_t header[TRANSPORT_HEADER_MAX];
    const struct addr *src = &sa->path.remote.addr, *dst = &sa->path.local.addr;
    struct flow f = flow_of_upper(src, dst, p->next_header, bytes_make(p->at, p->len));
    size_t header_len = transport_rebuild(header, p->at, p->len, p->next_header, src, dst);
    if (header_len == 0 || !policy_allows(&sa->policy, &f))
        return false;
    fit_mss(p->at, p->len, &f, sa->mtu);
    write_device(t, bytes_make(header, header_len), bytes_make(p->at, p->len));
    return true;
}

static void tun_esp_input(void *self, ike_time now, const struct ike_path *path, uint8_t *packet,
                          size_t len)
{
    struct tun *t = self;
    struct esp_payload payload;
    uint32_t spi;
    bool authentic;
    struct sad_entry *sa = esp_spi(bytes_make(packet, len), &spi) ? sad_by_spi(&t->sad, spi) : NULL;
    if (!sa) {
        t->drops.unknown_spi++;
        return;
    }
    enum esp_result result = esp_open(&sa->in, packet, len, &payload, &authentic);
    if (authentic)
        note_seen(t, sa, now, &path->remote);
    if (result == ESP_DUMMY)
        return;
    if (result != ESP_OK) {
        count_drop(sa, result);
        return;
    }
    sa->usage.in_bytes += payload.len;
    if (!(sa->transport ? deliver_transport(t, sa, &payload) : deliver_tunnel(t, sa, &payload)))
        sa->usage.drop_policy++;
    note_limits(t, sa);
}

static void tun_esp_flush(void *self)
{
    struct tun *t = self;
    coalesce_flush(&t->coalesce);
}

/* ---- installing and removing ----------------------------------------------------------------- */

/* What must not be swallowed is excepted before anything is drawn in. */
static bool add_routes(struct tun *t, const struct policy *p, char *why, size_t why_len)
{
    const struct selectors *local = &p->local, *remote = &p->remote;
    if (!t->router)
        return true;
    if (!router_add(t->router, ROUTE_LOCAL, local, NULL, why, why_len))
        return false;
    if (router_add(t->router, ROUTE_REMOTE, remote, local, why, why_len))
        return true;
    router_remove(t->router, ROUTE_LOCAL, local);
    return false;
}

static void remove_routes(struct tun *t, const struct policy *p)
{
    if (!t->router)
        return;
    router_remove(t->router, ROUTE_REMOTE, &p->remote);
    router_remove(t->router, ROUTE_LOCAL, &p->local);
}

/* Inbound ready, then routes: nothing is drawn into a tunnel that does not work yet. */
static bool apply_add(struct tun *t, const struct ike_plane *effect)
{
    struct plane_report failed = {.kind = REPORT_FAILED, .child_id = effect->child.id};
    struct sad_entry *sa = sad_add(&t->sad, effect, failed.text, sizeof failed.text);
    if (sa && add_routes(t, &sa->policy, failed.text, sizeof failed.text)) {
        measure(t, sa);
        adjust_mtu(t);
        return true;
    }
    if (sa)
        sad_remove(&t->sad, sa);
    report_put(&t->reports, &failed);
    return false;
}

static bool apply_retire(struct tun *t, const struct ike_plane *effect)
{
    struct sad_entry *sa = sad_by_id(&t->sad, effect->child.id);
    if (sa)
        sad_retire(&t->sad, sa);
    return true;
}

static bool apply_move(struct tun *t, const struct ike_plane *effect)
{
    struct sad_entry *sa = sad_by_id(&t->sad, effect->child.id);
    if (!sa)
        return true;
    sa->path = effect->child.path;
    sa->moved_at = 0;
    measure(t, sa);
    adjust_mtu(t);
    return true;
}

static bool apply_remove(struct tun *t, const struct ike_plane *effect)
{
    struct sad_entry *sa = sad_by_id(&t->sad, effect->child.id);
    if (!sa)
        return true;
    remove_routes(t, &sa->policy);
    set_mtu(t, sa, 0);
    sad_remove(&t->sad, sa);
    adjust_mtu(t);
    return true;
}

static bool tun_apply(void *self, ike_time now, const struct ike_plane *effect)
{
    static bool (*const carry_out[])(struct tun *, const struct ike_plane *) = {
        [PLANE_ADD] = apply_add,
        [PLANE_RETIRE] = apply_retire,
        [PLANE_MOVE] = apply_move,
        [PLANE_REMOVE] = apply_remove,
    };
    bool ok = carry_out[effect->op](self, effect);
    if (ok && effect->op == PLANE_ADD)
        send_caught(self, now);
    return ok;
}

static bool tun_trap(void *self, const struct plane_trap *p, char *why, size_t why_len)
{
    struct tun *t = self;
    struct trap *trap = trap_add(&t->traps, p);
    if (!trap) {
        snprintf(why, why_len, "out of memory");
        return false;
    }
    if (!add_routes(t, &trap->policy, why, why_len)) {
        trap_remove(&t->traps, trap);
        return false;
    }
    policy_table_add(&t->sad.policies, &trap->policy);
    return true;
}

static void tun_untrap(void *self, uint32_t id)
{
    struct tun *t = self;
    struct trap *trap = trap_by_id(&t->traps, id);
    if (!trap)
        return;
    remove_routes(t, &trap->policy);
    policy_table_remove(&t->sad.policies, &trap->policy);
    trap_remove(&t->traps, trap);
}

/* ---- the rest of the contract ---------------------------------------------------------------- */

static const int *tun_descriptors(void *self)
{
    struct tun *t = self;
    return t->fds;
}

static bool tun_report(void *self, struct plane_report *out)
{
    struct tun *t = self;
    return report_take(&t->reports, out);
}

static bool tun_usage(void *self, uint32_t child_id, struct plane_usage *out)
{
    struct tun *t = self;
    const struct sad_entry *sa = sad_by_id(&t->sad, child_id);
    if (sa)
        *out = sa->usage;
    return sa != NULL;
}

static bool tun_each(void *self, size_t *at, uint32_t *child_id)
{
    struct tun *t = self;
    const struct sad_entry *sa = sad_each(&t->sad, at);
    if (sa)
        *child_id = sa->id;
    return sa != NULL;
}

static void tun_close(void *self)
{
    struct tun *t = self;
    while (t->traps.first)
        tun_untrap(t, t->traps.first->id);
    router_close(t->router);
    sad_clear(&t->sad);
    report_clear(&t->reports);
    close(t->device.fd); /* the device goes with its only descriptor */
    wipe(t, sizeof *t);
    free(t);
}

uint32_t tun_fwmark(void)
{
    return ROUTE_MARK;
}

const char *tun_device(const struct dataplane *plane)
{
    return ((const struct tun *)plane->self)->device.name;
}

unsigned tun_mtu(const struct dataplane *plane)
{
    return ((const struct tun *)plane->self)->mtu;
}

struct tun_drops tun_drops(const struct dataplane *plane)
{
    return ((const struct tun *)plane->self)->drops;
}

/* ---- making one ------------------------------------------------------------------------------ */

static struct dataplane *tun_new_with(const struct crypto *crypto,
                                      const struct plane_output *output,
                                      const struct device *device)
{
    struct tun *t = calloc(1, sizeof *t);
    if (!t || !sad_init(&t->sad, crypto)) {
        free(t);
        return NULL;
    }
    t->plane = (struct dataplane){
        .self = t,
        .name = "tun",
        .needs_encap = true,
        .apply = tun_apply,
        .trap = tun_trap,
        .untrap = tun_untrap,
        .esp_input = tun_esp_input,
        .esp_flush = tun_esp_flush,
        .descriptors = tun_descriptors,
        .readable = tun_readable,
        .report = tun_report,
        .usage = tun_usage,
        .each = tun_each,
        .close = tun_close,
    };
    t->output = *output;
    t->device = *device;
    t->fds[0] = device->fd;
    t->fds[1] = -1;
    t->mtu = MTU_WITHOUT_SA;
    report_init(&t->reports);
    coalesce_init(&t->coalesce, &(struct coalesce_output){.self = t, .put = put_coalesced});
    return &t->plane;
}

struct dataplane *tun_new_on(const struct crypto *crypto, const struct plane_output *output, int fd,
                             bool offloads)
{
    struct device device = {.fd = fd, .offloads = offloads};
    return tun_new_with(crypto, output, &device);
}

struct dataplane *tun_new(const struct crypto *crypto, const struct plane_output *output,
                          const char *device, char *why, size_t why_len)
{
    struct device opened;
    if (!device_open(&opened, device, why, why_len))
        return NULL;
    struct dataplane *plane = tun_new_with(crypto, output, &opened);
    if (!plane) {
        snprintf(why, why_len, "out of memory or randomness");
        close(opened.fd);
        return NULL;
    }
    struct tun *t = plane->self;
    t->router = router_open(&(struct router_setup){.device = opened.name, .mtu = t->mtu, .alloc = &t->sad.alloc},
                            why, why_len);
    if (t->router)
        return plane;
    plane->close(t);
    return NULL;
}
