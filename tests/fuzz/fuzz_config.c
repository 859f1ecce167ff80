/*
 * fuzz_config: any text as swanctl.conf (or, with a first octet of `b`, as braid.conf) through
 * the whole load. Either there is a snapshot and no error, or errors and no snapshot; in a
 * snapshot every proposal is whole.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "config/load.h"

static void check_proposals(const struct proposals *list)
{
    if (list->count == 0)
        abort();
    for (uint16_t i = 0; i < list->count; i++) {
        if (list->at[i].count == 0)
            abort();
    }
}

static void check_config(const struct config *c)
{
    for (uint16_t i = 0; i < c->conn_count; i++) {
        const struct conf_conn *conn = &c->conn[i];
        check_proposals(&conn->ike);
        if (config_conn(c, bytes_str(conn->name)) != conn)
            abort();
        for (uint16_t k = 0; k < conn->child_count; k++) {
            check_proposals(&conn->child[k].esp);
            if (conn->child[k].local_ts.count == 0 || conn->child[k].remote_ts.count == 0)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem_list problems;
    struct bytes text = bytes_make(data, size < 8192 ? size : 8192);
    bool braid = text.len > 0 && text.at[0] == 'b';
    problem_list_init(&problems);
    struct loaded *l =
        config_load_text(braid ? BYTES_NONE : text,
                         braid ? bytes_make(text.at + 1, text.len - 1) : BYTES_NONE, &problems);
    if ((l == NULL) != (problems.errors > 0))
        abort();
    if (l)
        check_config(l->config);
    for (struct problem *p = problems.first; p; p = p->next)
        free(problem_text(p, true));
    loaded_free(l);
    problem_list_free(&problems);
    return 0;
}
