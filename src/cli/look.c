/* look: see look.h. */
#include "cli/look.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static bool colour[3]; /* by file descriptor */
static bool utf8;

void look_init(void)
{
    setlocale(LC_CTYPE, "");
    utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    bool wanted = (!no || !*no) && term && strcmp(term, "dumb") != 0;
    colour[STDOUT_FILENO] = wanted && isatty(STDOUT_FILENO);
    colour[STDERR_FILENO] = wanted && isatty(STDERR_FILENO);
}

void look_print(FILE *to, enum look look, const char *format, ...)
{
    /* clang-format off */
    static const char *const codes[] = {[LOOK_PLAIN] = "",   [LOOK_BOLD] = "1",  [LOOK_GOOD] = "32",
                                        [LOOK_BAD] = "31;1", [LOOK_WARN] = "33", [LOOK_DIM] = "2"};
    /* clang-format on */
    bool coloured = look != LOOK_PLAIN && colour[to == stderr ? STDERR_FILENO : STDOUT_FILENO];
    va_list args;
    va_start(args, format);
    if (coloured)
        fprintf(to, "\033[%sm", codes[look]);
    vfprintf(to, format, args);
    if (coloured)
        fputs("\033[0m", to);
    va_end(args);
}

const char *look_right(void)
{
    return utf8 ? "\xe2\x86\x92" : "->";
}

const char *look_left(void)
{
    return utf8 ? "\xe2\x86\x90" : "<-";
}

const char *look_both(void)
{
    return utf8 ? "\xe2\x86\x94" : "<->";
}

const char *look_size(uint64_t octets, char to[32])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
    double n = (double)octets / 1000;
    size_t i = 0;
    if (octets < 1000) {
        snprintf(to, 32, "%" PRIu64 " B", octets);
        return to;
    }
    for (; n >= 999.95 && i + 1 < sizeof units / sizeof units[0]; i++)
        n /= 1000;
    snprintf(to, 32, "%.1f %s", n, units[i]);
    return to;
}

const char *look_age(int64_t seconds, char to[32])
{
    if (seconds < 120)
        snprintf(to, 32, "%" PRId64 " s", seconds);
    else if (seconds < 7200)
        snprintf(to, 32, "%" PRId64 " min", seconds / 60);
    else if (seconds < 2 * 86400)
        snprintf(to, 32, "%" PRId64 " h %02d min", seconds / 3600, (int)(seconds / 60 % 60));
    else
        snprintf(to, 32, "%" PRId64 " d %d h", seconds / 86400, (int)(seconds / 3600 % 24));
    return to;
}
