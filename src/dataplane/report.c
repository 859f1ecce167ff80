/* report: see report.h. */
#include "dataplane/report.h"

#include <stdlib.h>

struct report_node {
    struct report_node *next;
    struct plane_report report;
};

void report_init(struct report_queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

void report_put(struct report_queue *q, const struct plane_report *r)
{
    struct report_node *node = malloc(sizeof *node);
    if (!node)
        return;
    *node = (struct report_node){.report = *r};
    *q->end = node;
    q->end = &node->next;
}

bool report_take(struct report_queue *q, struct plane_report *out)
{
    struct report_node *node = q->first;
    if (!node)
        return false;
    *out = node->report;
    q->first = node->next;
    if (!q->first)
        q->end = &q->first;
    free(node);
    return true;
}

void report_clear(struct report_queue *q)
{
    struct plane_report unread;
    while (report_take(q, &unread))
        ;
}
