/*
 * cli: what the sub-commands of `braid` share: options, exit codes, and one prototype each.
 */
#ifndef BRAID_CLI_CLI_H
#define BRAID_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

/* Documented in braid(1); scripts rely on them. */
enum exit_code {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1,    /* it did not work: no tunnel, errors in the configuration, nothing to end */
    EXIT_USAGE = 2,     /* wrong command line */
    EXIT_NO_DAEMON = 3, /* nobody listens at the control socket */
    EXIT_BROKEN = 4,    /* the connection to the daemon broke, or it speaks another language */
};

#define CLI_RUN_DIR "/run/braid"
#define CLI_CONF_DIR "/etc/braid"

struct cli {
    const char *run_dir;
    bool json;
    int argc; /* of the sub-command: argv[0] is its name */
    char **argv;
};

struct cli_command {
    const char *name, *arguments, *help, *more;
    enum exit_code (*run)(struct cli *cli);
};
extern const struct cli_command cli_commands[]; /* ends with a name of NULL */
const struct cli_command *cli_find(const char *name);

enum exit_code cmd_up(struct cli *cli);
enum exit_code cmd_down(struct cli *cli);
enum exit_code cmd_rekey(struct cli *cli);
enum exit_code cmd_list(struct cli *cli);
enum exit_code cmd_explain(struct cli *cli);
enum exit_code cmd_conns(struct cli *cli);
enum exit_code cmd_reload(struct cli *cli);
enum exit_code cmd_version(struct cli *cli);
enum exit_code cmd_check(struct cli *cli);
enum exit_code cmd_audit(struct cli *cli);
enum exit_code cmd_diff(struct cli *cli);
enum exit_code cmd_load(struct cli *cli);
enum exit_code cmd_monitor(struct cli *cli);
enum exit_code cmd_log(struct cli *cli);
enum exit_code cmd_stats(struct cli *cli);
enum exit_code cmd_counters(struct cli *cli);
enum exit_code cmd_certs(struct cli *cli);
enum exit_code cmd_pools(struct cli *cli);
enum exit_code cmd_algs(struct cli *cli);
enum exit_code cmd_new(struct cli *cli);
enum exit_code cmd_completion(struct cli *cli);
enum exit_code cmd_keys(struct cli *cli);
enum exit_code cmd_pki(struct cli *cli);
enum exit_code cmd_help(struct cli *cli);

/* Say on stderr how the command is used. Gives EXIT_USAGE. */
enum exit_code cli_usage(const struct cli *cli, const char *complaint, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Walk the arguments: options with a value ("--timeout 5" or "--timeout=5"), flags without one, and
 * at most one plain word. Each option of the table is set to its value, a flag to something; `json`
 * is known everywhere. False (usage has been said) for anything else.
 */
struct cli_option {
    const char *name; /* "timeout"; NULL: the end of the table */
    const char *value;
    bool is_flag;
};
bool cli_arguments(struct cli *cli, struct cli_option *options, const char **word);

#endif
