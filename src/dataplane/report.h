/*
 * report: the queue of what a data plane has to say, in order.
 */
#ifndef BRAID_DATAPLANE_REPORT_H
#define BRAID_DATAPLANE_REPORT_H

#include "dataplane/dataplane.h"

struct report_node;

struct report_queue {
    struct report_node *first, **end;
};

void report_init(struct report_queue *q);
void report_clear(struct report_queue *q);
/*
 * A copy is queued. Out of memory the report is lost: SEEN comes again, and FAILED is also what
 * `apply` returned.
 */
void report_put(struct report_queue *q, const struct plane_report *r);
bool report_take(struct report_queue *q, struct plane_report *out);

#endif
