/* mock: see mock.h. */
#include "dataplane/mock.h"

#include <stdio.h>
#include <stdlib.h>

#include "dataplane/report.h"

struct mock_node {
    struct mock_node *next;
    struct mock_child child;
    struct plane_usage usage;
};

struct trap_node {
    struct trap_node *next;
    struct mock_trap trap;
};

struct mock {
    struct dataplane plane;
    struct mock_node *first;
    struct trap_node *traps;
    struct mock_counts counts;
    struct report_queue reports;
    bool fail;
    char fail_text[sizeof((struct plane_report *)0)->text];
    int fds[1];
};

/* ---- finding --------------------------------------------------------------------------------- */

/* The link to the SA with this id, or to the end. */
static struct mock_node **find(struct mock *m, uint32_t id)
{
    struct mock_node **link = &m->first;
    while (*link && (*link)->child.id != id)
        link = &(*link)->next;
    return link;
}

struct mock_counts mock_counts(const struct dataplane *plane)
{
    return ((const struct mock *)plane->self)->counts;
}

const struct mock_child *mock_child(const struct dataplane *plane, size_t i)
{
    const struct mock_node *n = ((const struct mock *)plane->self)->first;
    while (n && i--)
        n = n->next;
    return n ? &n->child : NULL;
}

const struct mock_child *mock_child_by_id(const struct dataplane *plane, uint32_t id)
{
    const struct mock_node *n = *find(plane->self, id);
    return n ? &n->child : NULL;
}

const struct mock_trap *mock_trap(const struct dataplane *plane, size_t i)
{
    const struct trap_node *n = ((const struct mock *)plane->self)->traps;
    while (n && i--)
        n = n->next;
    return n ? &n->trap : NULL;
}

/* ---- copies ---------------------------------------------------------------------------------- */

static bool copy_selectors(struct selectors *to, const struct selectors *from)
{
    struct selector *at = calloc(from->count ? from->count : 1u, sizeof *at);
    if (at && from->count)
        memcpy(at, from->at, from->count * sizeof *at);
    *to = (struct selectors){.count = at ? from->count : 0, .at = at};
    return at != NULL;
}

static uint64_t hash_secret(uint64_t hash, const struct secret *s)
{
    hash = (hash ^ s->len) * UINT64_C(1099511628211);
    for (size_t i = 0; i < s->len; i++)
        hash = (hash ^ s->data[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Too short to give a key away, long enough to tell keys apart. */
static uint64_t fingerprint(const struct plane_keys *k)
{
    return hash_secret(hash_secret(UINT64_C(14695981039346656037), &k->encr), &k->integ);
}

static void node_free(struct mock_node *n)
{
    free((void *)(uintptr_t)n->child.local_ts.at);
    free((void *)(uintptr_t)n->child.remote_ts.at);
    free(n);
}

static struct mock_node *node_new(const struct ike_plane *effect)
{
    const struct plane_child *c = &effect->child;
    struct mock_node *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->child = (struct mock_child){
        .id = c->id,
        .ike_id = c->ike_id,
        .spi_in = c->spi_in,
        .spi_out = c->spi_out,
        .replaces = c->replaces,
        .encr = c->encr,
        .integ = c->integ,
        .esn = c->esn,
        .transport = c->transport,
        .encap = c->encap,
        .initiator = c->initiator,
        .path = c->path,
        .replay_window = c->replay_window,
        .soft_bytes = c->soft_bytes,
        .soft_packets = c->soft_packets,
        .hard_bytes = c->hard_bytes,
        .hard_packets = c->hard_packets,
        .key_in = fingerprint(&effect->in),
        .key_out = fingerprint(&effect->out),
    };
    if (copy_selectors(&n->child.local_ts, &c->local_ts) &&
        copy_selectors(&n->child.remote_ts, &c->remote_ts))
        return n;
    node_free(n);
    return NULL;
}

/* ---- operations ------------------------------------------------------------------------------ */

static bool refuse(struct mock *m, uint32_t id, const char *text)
{
    struct plane_report r = {.kind = REPORT_FAILED, .child_id = id};
    snprintf(r.text, sizeof r.text, "%s", text);
    report_put(&m->reports, &r);
    m->counts.refused++;
    m->fail = false;
    return false;
}

static bool apply_add(struct mock *m, const struct ike_plane *effect)
{
    struct mock_node **end = find(m, effect->child.id);
    if (m->fail)
        return refuse(m, effect->child.id, m->fail_text);
    if (*end)
        return refuse(m, effect->child.id, "a Child SA with this id is installed already");
    *end = node_new(effect);
    if (!*end)
        return refuse(m, effect->child.id, "out of memory");
    m->counts.adds++;
    m->counts.installed++;
    return true;
}

static bool apply_retire(struct mock *m, const struct ike_plane *effect)
{
    struct mock_node *n = *find(m, effect->child.id);
    if (n)
        n->child.retired = true;
    return true;
}

static bool apply_move(struct mock *m, const struct ike_plane *effect)
{
    struct mock_node *n = *find(m, effect->child.id);
    m->counts.moves++;
    if (n) {
        n->child.path = effect->child.path;
        n->child.encap = effect->child.encap;
    }
    return true;
}

static bool apply_remove(struct mock *m, const struct ike_plane *effect)
{
    struct mock_node **link = find(m, effect->child.id), *n = *link;
    m->counts.removes++;
    if (!n)
        return true;
    *link = n->next;
    node_free(n);
    m->counts.installed--;
    return true;
}

static bool mock_apply(void *self, ike_time now, const struct ike_plane *effect)
{
    static bool (*const carry_out[])(struct mock *, const struct ike_plane *) = {
        [PLANE_ADD] = apply_add,
        [PLANE_RETIRE] = apply_retire,
        [PLANE_MOVE] = apply_move,
        [PLANE_REMOVE] = apply_remove,
    };
    (void)now;
    return carry_out[effect->op](self, effect);
}

static void trap_free(struct trap_node *n)
{
    free((void *)(uintptr_t)n->trap.local_ts.at);
    free((void *)(uintptr_t)n->trap.remote_ts.at);
    free(n);
}

static bool mock_set_trap(void *self, const struct plane_trap *p, char *why, size_t why_len)
{
    struct mock *m = self;
    struct trap_node **end = &m->traps, *n = calloc(1, sizeof *n);
    if (!n || !copy_selectors(&n->trap.local_ts, &p->local_ts) ||
        !copy_selectors(&n->trap.remote_ts, &p->remote_ts)) {
        if (n)
            trap_free(n);
        snprintf(why, why_len, "out of memory");
        return false;
    }
    n->trap.id = p->id;
    while (*end)
        end = &(*end)->next;
    *end = n;
    m->counts.traps++;
    return true;
}

static void mock_untrap(void *self, uint32_t id)
{
    struct mock *m = self;
    struct trap_node **link = &m->traps;
    while (*link && (*link)->trap.id != id)
        link = &(*link)->next;
    struct trap_node *n = *link;
    if (!n)
        return;
    *link = n->next;
    trap_free(n);
    m->counts.traps--;
}

static void mock_esp_input(void *self, ike_time now, const struct ike_path *path, uint8_t *packet,
                           size_t len)
{
    struct mock *m = self;
    (void)now, (void)path, (void)packet, (void)len;
    m->counts.packets++;
}

static void mock_esp_flush(void *self)
{
    (void)self;
}

static const int *mock_descriptors(void *self)
{
    return ((struct mock *)self)->fds;
}

static void mock_readable(void *self, ike_time now, int fd)
{
    (void)self, (void)now, (void)fd;
}

static bool mock_report(void *self, struct plane_report *out)
{
    return report_take(&((struct mock *)self)->reports, out);
}

static bool mock_usage(void *self, uint32_t child_id, struct plane_usage *out)
{
    const struct mock_node *n = *find(self, child_id);
    if (n)
        *out = n->usage;
    return n != NULL;
}

static bool mock_each(void *self, size_t *at, uint32_t *child_id)
{
    const struct mock_child *c = mock_child(&((struct mock *)self)->plane, (*at)++);
    if (c)
        *child_id = c->id;
    return c != NULL;
}

static void mock_close(void *self)
{
    struct mock *m = self;
    while (m->first) {
        struct mock_node *n = m->first;
        m->first = n->next;
        node_free(n);
    }
    while (m->traps)
        mock_untrap(m, m->traps->trap.id);
    report_clear(&m->reports);
    free(m);
}

/* ---- for tests ------------------------------------------------------------------------------- */

void mock_fail_next(struct dataplane *plane, const char *text)
{
    struct mock *m = plane->self;
    m->fail = true;
    snprintf(m->fail_text, sizeof m->fail_text, "%s", text);
}

void mock_see(struct dataplane *plane, uint32_t child_id, const struct endpoint *from)
{
    struct mock *m = plane->self;
    report_put(&m->reports,
               &(struct plane_report){.kind = REPORT_SEEN, .child_id = child_id, .from = *from});
}

void mock_exhaust(struct dataplane *plane, uint32_t child_id, bool hard)
{
    struct mock *m = plane->self;
    report_put(&m->reports,
               &(struct plane_report){.kind = REPORT_LIMIT, .child_id = child_id, .hard = hard});
}

void mock_acquire(struct dataplane *plane, uint32_t trap_id)
{
    struct mock *m = plane->self;
    report_put(&m->reports,
               &(struct plane_report){.kind = REPORT_ACQUIRE, .child_id = trap_id});
}

bool mock_set_usage(struct dataplane *plane, uint32_t child_id, const struct plane_usage *usage)
{
    struct mock_node *n = *find(plane->self, child_id);
    if (n)
        n->usage = *usage;
    return n != NULL;
}

struct dataplane *mock_new(void)
{
    struct mock *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->plane = (struct dataplane){
        .self = m,
        .name = "mock",
        .apply = mock_apply,
        .trap = mock_set_trap,
        .untrap = mock_untrap,
        .esp_input = mock_esp_input,
        .esp_flush = mock_esp_flush,
        .descriptors = mock_descriptors,
        .readable = mock_readable,
        .report = mock_report,
        .usage = mock_usage,
        .each = mock_each,
        .close = mock_close,
    };
    m->fds[0] = -1;
    report_init(&m->reports);
    return &m->plane;
}
