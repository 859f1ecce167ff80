/*
 * value_command: what `updown` may say. Nobody hands it to a shell, so that nothing a peer says can
 * end up in one; whoever relies on a shell's words learns it here and not from a script that never
 * did its work.
 */
#include "config/value.h"

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("/._-+:,@%= \t", c));
}

static size_t count_words(struct bytes text)
{
    size_t words = 0;
    bool inside = false;
    for (size_t i = 0; i < text.len; i++) {
        bool blank = text.at[i] == ' ' || text.at[i] == '\t';
        words += !blank && !inside;
        inside = !blank;
    }
    return words;
}

bool value_command(struct bytes text, struct value_fault *f)
{
    for (size_t i = 0; i < text.len; i++) {
        struct bytes c = bytes_make(text.at + i, 1);
        if (is_plain(*c.at))
            continue;
        if (*c.at < ' ' || *c.at > '~')
            return value_fail(f, text, c, "a command must be printable ASCII");
        return value_fail(f, text, c,
                          "`%c` is for a shell, and this is run without one: put it into a script",
                          *c.at);
    }
    if (text.len == 0 || text.at[0] != '/')
        return value_fail(f, text, text, "a command must begin with the absolute path of a program");
    if (text.len > CONF_COMMAND_MAX || count_words(text) > CONF_COMMAND_WORDS)
        return value_fail(f, text, text, "a command may have %d characters and %d words",
                          CONF_COMMAND_MAX, CONF_COMMAND_WORDS);
    return true;
}
