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
/* A section named after the Child SA. */
void report_child(struct vici_out *o, struct daemon *d, const char *conn,
                  const struct ike_child_info *c);
/* What stands in these sections. */
void report_sa_keys(struct vici_out *o, struct daemon *d, const struct ike_sa_info *sa);
void report_child_keys(struct vici_out *o, struct daemon *d, const char *conn,
                       const struct ike_child_info *c);
/* A section named after connection and child. */
void report_trap(struct vici_out *o, const struct standby_info *trap);
void report_conn(struct vici_out *o, const struct conf_conn *conn);

#endif
