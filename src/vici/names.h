/*
 * names: words of the control protocol that both ends must spell alike, beyond those that
 * strongSwan defines.
 *
 * braid's own additions to VICI (extra keys are allowed by the protocol, unknown events answer
 * EVENT_UNKNOWN):
 *
 *   event `progress`    streamed during one's own `initiate`, when registered; one per exchange, and
 *                       one whenever a request was sent again: state (done or resent), detail (what
 *                       the network said meanwhile, if anything), ike, ike-id, exchange ("IKE_SA_INIT"), mid, initiator (yes: we asked),
 *                       method ("ML_KEM_768", absent if none), sent-bytes, received-bytes,
 *                       sent-fragments, received-fragments (datagrams of one transmission),
 *                       transmissions, microseconds
 *   event `list-sa`     more keys of an IKE SA and of each of its Child SAs: quantum-safe (yes or no)
 *                       and the list key-exchanges ("CURVE_25519", "ML_KEM_768": those whose
 *                       secrets are in the keys, in order); how the last rekey went: last-rekey
 *                       ("ok", or a reason), last-rekey-detail, last-rekey-ago (seconds), rekeyed
 *                       (how often); and how it came up: fragmentation (yes or no), cookie (yes:
 *                       the responder wanted one first), method-asked (the key exchange it wanted
 *                       in place of the initiator's guess)
 *   `initiate` failing  errmsg (a sentence), reason ("NO_PROPOSAL", ike_reason_name), detail (what
 *                       was offered, what is accepted; may be absent)
 *   command `rekey`     more arguments: wait (yes: answer when it is done, with `progress` events
 *                       meanwhile), timeout (milliseconds); the answer then holds rekeyed, and
 *                       failing reason and detail
 *   command `reload`    load the configuration again: success; on failure errmsg and the list
 *                       problems, each "file:line:column: ..." as `braid check` prints it
 *   event `alert`       more keys: reason, text, detail, conn, child, peer, and where known what
 *                       failed in detail (see src/daemon/facts.h)
 *   command `explain`   what became of connections lately: an event `explained` for each, a section
 *                       by its name: configured, up, success {..}, failures { 1 {..} 2 {..} },
 *                       newest first; what was offered and accepted, identities (local-id, identity:
 *                       what the peer says, remote-id: what it should be), local-auth, remote-auth,
 *                       fragmentation, cookie, method-asked, as known. Keys: name (a connection, a peer's address or identity,
 *                       "last"; absent: all), brief (yes: only the last failure, without facts)
 *   command `diff`      what a reload would change, without doing it: success, problems as `reload`,
 *                       count, changes { 1 {kind = add|remove|change, conn, child, key, before,
 *                       after (neither for secrets), note, ike-sas [ids that use it]} ... }.
 *                       Key: dir (another folder)
 */
#ifndef BRAID_VICI_NAMES_H
#define BRAID_VICI_NAMES_H

#define VICI_SOCKET_NAME "vici" /* in the run directory */

#define VICI_EVENT_PROGRESS "progress"
#define VICI_EVENT_LIST_SA "list-sa"
#define VICI_EVENT_LIST_CONN "list-conn"
#define VICI_EVENT_EXPLAINED "explained"
#define VICI_EVENT_CONTROL_LOG "control-log"

#define VICI_CMD_VERSION "version"
#define VICI_CMD_STATS "stats"
#define VICI_CMD_INITIATE "initiate"
#define VICI_CMD_TERMINATE "terminate"
#define VICI_CMD_REKEY "rekey"
#define VICI_CMD_LIST_SAS "list-sas"
#define VICI_CMD_LIST_CONNS "list-conns"
#define VICI_CMD_RELOAD "reload"
#define VICI_CMD_EXPLAIN "explain"
#define VICI_CMD_DIFF "diff"

#endif
