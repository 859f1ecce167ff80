/*
 * sandbox: see sandbox.h. Each part is a table of what is kept or forbidden, and a few lines that
 * tell the kernel. None of them needs more privilege than the process has.
 */
#include "run/sandbox.h"

#ifdef BRAID_SANITIZED

void sandbox_enter(const struct sandbox_setup *setup, bool entered[SANDBOX_PART_COUNT])
{
    (void)setup;
    for (int part = 0; part < SANDBOX_PART_COUNT; part++)
        entered[part] = false;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- capabilities ---------------------------------------------------------------------------- */

static const int kept[] = {
    CAP_NET_ADMIN,        /* routes, rules, marks of sockets */
    CAP_NET_BIND_SERVICE, /* ports 500 and 4500 */
    CAP_IPC_LOCK,         /* secrets stay out of the swap space */
    CAP_DAC_READ_SEARCH,  /* a reload reads the keys of whoever owns them */
};

static bool is_kept(int capability)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (kept[i] == capability)
            return true;
    return false;
}

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) != 0)
        return false;
    /* The bounding set first: shrinking it takes a capability that goes as well. EPERM means that
       there was none to begin with. */
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (!is_kept(capability) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM)
            return false;
    uint32_t mask[_LINUX_CAPABILITY_U32S_3] = {0};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        mask[CAP_TO_INDEX(kept[i])] |= CAP_TO_MASK(kept[i]);
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        sets[i].effective &= mask[i];
        sets[i].permitted &= mask[i];
        sets[i].inheritable = 0;
    }
    return syscall(SYS_capset, &header, sets) == 0;
}

/* ---- Landlock -------------------------------------------------------------------------------- */

enum {
    CHANGES = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
              LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
              LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
              LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
              LANDLOCK_ACCESS_FS_MAKE_SYM,
};

/* What this kernel's Landlock can forbid, of what we want to forbid; later ones can do more. */
static struct landlock_ruleset_attr forbidden(int abi, bool may_run)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = CHANGES};
    if (!may_run)
        attr.handled_access_fs |= LANDLOCK_ACCESS_FS_EXECUTE;
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
    if (abi >= 3)
        attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
#endif
#ifdef LANDLOCK_ACCESS_NET_BIND_TCP
    if (abi >= 4)
        attr.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP;
#endif
    return attr;
}

static bool allow_changes_in(int rules, const char *dir, uint64_t access)
{
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = access & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE,
        .parent_fd = open(dir, O_PATH | O_CLOEXEC),
    };
    if (beneath.parent_fd < 0)
        return false;
    bool ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
    close(beneath.parent_fd);
    return ok;
}

static bool enter_landlock(const struct sandbox_setup *setup)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    struct landlock_ruleset_attr attr = forbidden((int)abi, setup->may_run);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rules < 0)
        return false;
    bool ok = allow_changes_in(rules, setup->write_dir, attr.handled_access_fs) &&
              syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return ok;
}

/* ---- seccomp --------------------------------------------------------------------------------- */

/* clang-format off */
static const char *const programs[] = {"execve", "execveat"};

static const char *const never[] = {
    /* other processes */   "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
    /* mounts */            "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree",
                            "fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr",
    /* namespaces */        "unshare", "setns",
    /* the kernel */        "init_module", "finit_module", "delete_module", "kexec_load",
                            "kexec_file_load", "bpf", "perf_event_open", "reboot", "syslog",
                            "iopl", "ioperm", "modify_ldt", "swapon", "swapoff", "acct", "quotactl",
    /* tricks */            "userfaultfd", "memfd_create", "memfd_secret", "personality",
                            "open_by_handle_at", "keyctl", "add_key", "request_key",
    /* the host's time and name */
                            "settimeofday", "clock_settime", "adjtimex", "clock_adjtime",
                            "sethostname", "setdomainname",
};
/* clang-format on */

/* Names this machine's architecture does not have are no loss. */
static bool forbid(scmp_filter_ctx filter, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number != __NR_SCMP_ERROR &&
            seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0) != 0)
            return false;
    }
    return true;
}

/* Memory that is written and then run is how a foothold becomes a program. Libraries may still be
   mapped from files. */
static bool forbid_new_code(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
    const struct scmp_arg_cmp is_anonymous = SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS);
    return seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(mprotect), 1, is_run) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(pkey_mprotect), 1, is_run) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(mmap), 2, is_run, is_anonymous) == 0;
}

static bool enter_seccomp(const struct sandbox_setup *setup)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return false;
    bool ok = forbid(filter, never, sizeof never / sizeof never[0]) &&
              (setup->may_run || forbid(filter, programs, sizeof programs / sizeof programs[0])) &&
              forbid_new_code(filter) &&
              /* libuv asks whether there is an io_uring, and does without */
              seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0) == 0 &&
              seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

/* ---- all of it ------------------------------------------------------------------------------- */

void sandbox_enter(const struct sandbox_setup *setup, bool entered[SANDBOX_PART_COUNT])
{
    entered[SANDBOX_CAPABILITIES] = drop_capabilities();
    bool no_more_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; /* both need it */
    entered[SANDBOX_LANDLOCK] = no_more_privileges && enter_landlock(setup);
    entered[SANDBOX_SECCOMP] = no_more_privileges && enter_seccomp(setup);
}

#endif
