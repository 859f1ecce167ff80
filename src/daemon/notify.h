/*
 * notify: tells the service manager how we are (sd_notify protocol), if there is one.
 */
#ifndef BRAID_DAEMON_NOTIFY_H
#define BRAID_DAEMON_NOTIFY_H

/* "READY=1", "RELOADING=1", "STOPPING=1". Without $NOTIFY_SOCKET nothing happens. */
void notify_send(const char *state);

#endif
