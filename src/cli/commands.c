/*
 * commands: the table of all commands. `braid help`, the COMMANDS part of braid(1) and the shell
 * completions are made from it; a test fails when the manual page differs.
 *
 * In `more`, a blank line begins a new paragraph.
 */
#include "cli/cli.h"

#include <stddef.h>

/* clang-format off */
const struct cli_command cli_commands[] = {
    {"up", "NAME [--timeout SECONDS]", "set up a child, or a connection with all its children",
     "NAME is the name of a child, or CONNECTION/CHILD where several connections have a child of "
     "that name, or the name of a connection for all its children (a connection without children "
     "is set up alone). Each exchange is shown as it is carried out: its name, the key exchange in "
     "it, octets out and in, datagrams out and in, and how long it took. The last line names all "
     "key exchanges whose secrets are in the keys and says whether one of them withstands a "
     "quantum computer; or it says why there is no tunnel.",
     cmd_up},
    {"down", "NAME | --ike NAME | --child NAME | --id NUMBER", "end SAs",
     "End the SAs of a connection, or, if there are none, the children of that name; CONNECTION/CHILD "
     "is one child. The peers are told, and attempts to set them up end. The options do the same without guessing what the name means; the number is that of an "
     "IKE SA in `braid list`.",
     cmd_down},
    {"rekey", "NAME | --ike NAME | --child NAME [--timeout SECONDS] [--reauth]",
     "new keys now, and show each exchange of it",
     "Make new keys now: for the IKE SAs of a connection, or, if there are none, for the children "
     "of that name (CONNECTION/CHILD: of one). Each exchange is shown as with `up`; the command ends when the new SA has taken "
     "over. It does not matter which side's rekey that was, should both have begun one. The options "
     "do the same without guessing what the name means. With --reauth the peers prove anew who they "
     "are: a new IKE SA with the same children takes over.",
     cmd_rekey},
    {"list", "[--json]", "the SAs there are, and the connections that are down",
     "State and age, addresses and identities, algorithms, key exchanges, and whether the SA is "
     "quantum-safe (at least one key exchange in the keys is post-quantum); for each child its "
     "traffic selectors, algorithms, own key exchanges and traffic. Of both: when the next rekey is "
     "due and how the last one went. Connections without an SA follow, and those whose SA has no child because that failed, with "
     "their last failure.",
     cmd_list},
    {"explain", "[CONN | PEER | last] [--json]", "why it failed, or what was chosen",
     "For a connection, for a peer by address or identity, for the connection something happened "
     "to last, or for all: the last failures and the last success since the daemon was started. "
     "Where the two sides have no proposal in common: what was offered and what is accepted for "
     "each transform type, those without a match, and the smallest change on either side that "
     "makes them match; the same for traffic selectors. What to do about it, where that can be "
     "said.\n\n"
     "The exit status is 1 if nothing is known.",
     cmd_explain},
    {"conns", "[--json]", "the connections that are configured",
     "Addresses, identities and authentication of both sides, and the children with their traffic "
     "selectors.",
     cmd_conns},
    {"reload", "", "read the configuration again; with an error in it nothing changes",
     "If there is a mistake in it, all mistakes are shown and nothing changes.",
     cmd_reload},
    {"diff", "[DIR] [--json]", "what a reload would change, without doing it",
     "Connections, children, secrets, certificates, private keys and revocation lists that would "
     "be added or removed, and each key that would "
     "change with its value before and after, those of braid.conf too; of a secret only that it "
     "changes. And the SAs that use what changes: they keep what they were set up with until they "
     "end. With DIR, as if the daemon's configuration were there. What would not load changes "
     "nothing; its mistakes are shown.",
     cmd_diff},
    {"load", "FILE [--json]", "load connections and secrets of a file into the daemon, until the next reload",
     "The sections connections, secrets, pools and authorities of a file in the format of "
     "swanctl.conf are sent to the daemon over its control socket, one by one.",
     cmd_load},
    {"monitor", "[--json]", "events as they happen: SAs that come, go and are rekeyed, failures",
     "Runs until it is interrupted or the daemon ends. With --json one object a line.",
     cmd_monitor},
    {"log", "[--json]", "lines of the daemon's log as they are written",
     "Runs until it is interrupted or the daemon ends. With --json one object a line.",
     cmd_log},
    {"stats", "[--json]", "how long the daemon runs, and how many SAs there are", "", cmd_stats},
    {"counters", "[--all] [--json]", "what the daemon counts: messages, errors, datagrams dropped",
     "Counters that are zero are left out, but for --all and --json.",
     cmd_counters},
    {"certs", "[--json]", "the certificates and keys the daemon has loaded", "", cmd_certs},
    {"pools", "[--json]", "pools of virtual addresses and who uses them", "", cmd_pools},
    {"algs", "[WORD] [--json]", "the algorithms braid knows, as one writes them in proposals",
     "Words for proposals, names, bits of security and whether they withstand a quantum computer; "
     "with WORD only those that have to do with it.",
     cmd_algs},
    {"version", "[--json]", "version of this program and of the daemon", "", cmd_version},
    {"check", "[FILE | DIR] [--strict] [--json]",
     "look for mistakes in a configuration, without a daemon",
     "Everything that is wrong with DIR/swanctl.conf and DIR/braid.conf (default: " CLI_CONF_DIR
     "), or with a file that stands for swanctl.conf, and with the certificates and keys beside it: "
     "each with file, line and column, the text underlined, and what was probably meant or what to "
     "do. A FILE in a folder conf.d belongs to the folder above.\n\n"
     "What has no error, braidd loads; the exit status is 0. A warning is about what braidd loads "
     "but what will hardly do what was meant: a certificate that has expired, a secret that can be "
     "guessed. With --strict warnings, too, make the exit status 1.",
     cmd_check},
    {"audit", "[DIR] [--json] [--cbom FILE]",
     "what withstands a quantum computer, and what to change where it does not",
     "For each connection and child of a configuration (default: " CLI_CONF_DIR "), and for each SA "
     "if there is a daemon: whether traffic that is recorded today stays secret, whether "
     "authentication withstands a quantum computer, and what to change. The exit status is 0 if "
     "everything is safe in both respects and 1 if something is not; 2 if the configuration cannot "
     "be read.\n\n"
     "--cbom writes a cryptographic bill of materials of the configuration (CycloneDX 1.6, JSON); "
     "with - to standard output, alone.",
     cmd_audit},
    {"new", "site-to-site | roadwarrior [OPTION]...",
     "write a pair of configurations, with a fresh strong secret or with certificates",
     "Writes two folders, one for each side, and says what goes where. Nothing is overwritten.\n\n"
     "site-to-site --left ADDRESS --right ADDRESS --left-net NET --right-net NET: two gateways, "
     "each with a network behind it.\n\n"
     "roadwarrior --gateway ADDRESS --net NET --address ADDRESS [--user NAME]: a gateway with a "
     "network behind it, and a traveller from anywhere with a fixed inner address.\n\n"
     "Both: --name NAME of the connection, --domain DOMAIN of the identities (example.org), --out "
     "DIR for the two folders (the name).\n\n"
     "--auth psk (the default): a secret of 32 random octets. --auth cert, or a kind of key as in "
     "`braid pki` (mldsa87, ed25519 ...): certificates of an authority made for the two, in the "
     "folder ca; cert is mldsa65, which withstands a quantum computer.",
     cmd_new},
    {"pki", "ca | issue | request | sign | crl | list | verify | show [OPTION]...",
     "a certification authority: certificates for braid, post-quantum ones too",
     "A post-quantum public key infrastructure for two hosts is three commands:\n\n"
     "braid pki ca --type mldsa87 --subject \"O=example, CN=example CA\"\n\n"
     "braid pki issue --type mldsa87 --id moon.example --out moon\n\n"
     "braid pki issue --type mldsa87 --id sun.example --out sun\n\n"
     "Copy moon and sun to /etc/braid of the two hosts and say auth = pubkey there.\n\n"
     "ca --dir DIR --type KEY --subject DN [--issuer DIR] [--days N]: a new CA in a folder; with "
     "--issuer a sub-CA of that one.\n\n"
     "issue --dir DIR --type KEY --id NAME,... --out DIR [--subject DN] [--name FILE] [--days N] "
     "[--crl URI] [--ocsp URI]: a key and a certificate for host names, mail or IP addresses (dns:, "
     "email:, ip: in front of one say which it is); they and the root CA go into x509, private and "
     "x509ca of the output folder, where braidd looks for them. Several kinds with commas between, "
     "mldsa65,ecdsa256 for example, make a certificate of each: named in certs, the first that a "
     "peer understands is used.\n\n"
     "request --type KEY --id NAME,... --out DIR [--subject DN] [--name FILE]: a key, and a request "
     "(PKCS#10) for a CA elsewhere; the key stays.\n\n"
     "sign FILE --dir DIR --out DIR [--id NAME,...] [--subject DN] [--days N] [--crl URI] [--ocsp "
     "URI]: a certificate for a request. Of the request only the key, the subject and the names are "
     "taken, those not if they are given; look at it with show first.\n\n"
     "crl --dir DIR [--revoke FILE] [--out DIR] [--days N]: revoke a certificate, and write the "
     "list of all revoked ones, for x509crl.\n\n"
     "list --dir DIR: what was issued, until when it is good, what is revoked.\n\n"
     "verify FILE --dir DIR: would braidd believe this certificate of that CA? Its crl.pem counts.\n\n"
     "show FILE: what certificates, requests and revocation lists say.\n\n"
     "KEY is rsa, rsa4096, ecdsa256, ecdsa384, ecdsa521, ed25519, ed448, mldsa44, mldsa65, mldsa87, "
     "or slhdsa/sha2_128s and its like; without --type mldsa65. A CA is good for ten years, a "
     "certificate for one, a list for 30 days, unless --days says otherwise, and none for longer "
     "than its CA. Private keys get mode 0600 and are never written over, other files only with "
     "--force. Without --dir the CA is the folder pki.",
     cmd_pki},
    {"keys", "[WORD] [--format=roff]", "the keys a configuration may hold, and what they mean",
     "With their meaning and default; with WORD only those that have to do with it. See "
     "braid.conf(5).",
     cmd_keys},
    {"completion", "bash | zsh | fish", "a completion script for a shell",
     "For example: braid completion bash > /etc/bash_completion.d/braid",
     cmd_completion},
    {"help", "[COMMAND] [--format=roff]", "this text, or all about a command", "", cmd_help},
    {NULL, NULL, NULL, NULL, NULL},
};
/* clang-format on */
