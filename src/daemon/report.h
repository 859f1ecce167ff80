/*
 * report: SAs and connections as VICI sections, in the order of keys that strongSwan's tools rely
 * on.
 */
#ifndef BRAID_DAEMON_REPORT_H
#define BRAID_DAEMON_REPORT_H

#include "daemon/session.h"
#include "daemon/standby.h"

/* Which Child SAs go into a report: all (0 and ""), those of a name, or one. */
struct report_filter {
    bool no_children; /* leave the section child-sas away */
    uint32_t child_id;
    const char *child;
};

/* A section named after the connection. */
void report_sa(struct vici_out *o, struct daemon *d, const struct ike_sa_info *sa,
               const struct report_filter *filter);
/* The same from what a TELL knows, for an SA that is gone already. */
void report_gone(struct vici_out *o, const struct ike_tell *t);
/* A section named after connection and child. */
void report_trap(struct vici_out *o, const struct standby_info *trap);
void report_conn(struct vici_out *o, const struct conf_conn *conn);

#endif
