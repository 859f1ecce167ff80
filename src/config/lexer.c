/* lexer: see lexer.h. */
#include "config/lexer.h"

enum { SHOWN_MAX = 256 }; /* of a line; a file may be one line of many megabytes */

struct lexer lexer_make(const char *file, struct bytes text)
{
    struct lexer l = {.file = file, .text = text, .line = 1};
    if (text.len >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
        l.at = l.line_at = 3; /* a byte order mark some editors write */
    return l;
}

static int char_at(const struct lexer *l, size_t at)
{
    return at < l->text.len ? l->text.at[at] : -1;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_control(int c)
{
    return c >= 0 && (c < ' ' || c == 127) && !is_blank(c) && c != '\n';
}

static bool is_name(int c)
{
    return c > ' ' && c != 127 && !strchr("#{}:.,=\"", c);
}

struct place lexer_place(const struct lexer *l, size_t at, size_t len)
{
    size_t end = l->line_at, limit = l->text.len - end > SHOWN_MAX ? end + SHOWN_MAX : l->text.len;
    while (end < limit && l->text.at[end] != '\n' && l->text.at[end] != '\r')
        end++;
    return (struct place){
        .file = l->file,
        .line = l->line,
        .column = (uint32_t)(at - l->line_at + 1),
        .len = (uint32_t)len,
        .text = l->hidden ? BYTES_NONE : bytes_make(l->text.at + l->line_at, end - l->line_at)};
}

/* Step over an end of line at the current position. */
static void next_line(struct lexer *l, bool hidden)
{
    l->at++;
    l->line++;
    l->line_at = l->at;
    l->hidden = hidden;
}

static void skip_blanks(struct lexer *l)
{
    while (is_blank(char_at(l, l->at)))
        l->at++;
}

void lexer_skip_line(struct lexer *l)
{
    while (l->at < l->text.len && l->text.at[l->at] != '\n')
        l->at++;
}

int lexer_peek(const struct lexer *l)
{
    size_t at = l->at;
    while (is_blank(char_at(l, at)))
        at++;
    return char_at(l, at);
}

static enum token_kind punctuation(int c)
{
    /* clang-format off */
    static const struct {
        char c;
        enum token_kind kind;
    } marks[] = {{'{', TOKEN_OPEN}, {'}', TOKEN_CLOSE},  {':', TOKEN_COLON}, {',', TOKEN_COMMA},
                 {'.', TOKEN_DOT},  {'=', TOKEN_EQUALS}, {'"', TOKEN_STRING}};
    /* clang-format on */
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (marks[i].c == c)
            return marks[i].kind;
    }
    return TOKEN_BAD;
}

void lexer_token(struct lexer *l, struct token *out)
{
    skip_blanks(l);
    if (char_at(l, l->at) == '#')
        lexer_skip_line(l);
    size_t start = l->at;
    int c = char_at(l, start);
    size_t len = 0;
    while (is_name(char_at(l, start + len)))
        len++;
    out->kind = len > 0     ? TOKEN_NAME
                : c < 0     ? TOKEN_END
                : c == '\n' ? TOKEN_NEWLINE
                            : punctuation(c);
    if (len == 0 && c >= 0)
        len = 1;
    out->text = bytes_make(l->text.at + start, len);
    out->place = lexer_place(l, start, len);
    if (out->kind == TOKEN_NEWLINE)
        next_line(l, false);
    else
        l->at += len;
}

/* ---- values ---------------------------------------------------------------------------------- */

static uint8_t escaped(int c)
{
    static const char from[] = "nrt", to[] = "\n\r\t";
    const char *at = c > 0 ? strchr(from, c) : NULL;
    return (uint8_t)(at ? to[at - from] : c);
}

/*
 * A quoted string, the opening quote being next. It may span lines; those that begin inside it
 * are not shown later, for it may be a secret.
 */
static enum lexed read_quoted(struct lexer *l, uint8_t *to, struct lexed_value *out)
{
    struct place opening = lexer_place(l, l->at, 1);
    l->at++;
    for (;;) {
        int c = char_at(l, l->at);
        if (c < 0) {
            out->place = opening;
            return LEXED_UNTERMINATED;
        }
        if (is_control(c)) {
            out->place = lexer_place(l, l->at, 1);
            return LEXED_CONTROL;
        }
        if (c == '"') {
            l->at++;
            return LEXED_OK;
        }
        if (c == '\\' && char_at(l, l->at + 1) >= 0) {
            out->exact = false;
            l->at++;
            c = char_at(l, l->at);
            if (is_control(c)) {
                out->place = lexer_place(l, l->at, 1);
                return LEXED_CONTROL;
            }
            if (c != '\n')
                to[out->len++] = escaped(c);
        } else {
            to[out->len++] = (uint8_t)c;
        }
        if (c == '\n') {
            out->exact = false;
            next_line(l, true);
        } else {
            l->at++;
        }
    }
}

/*
 * A run of plain characters up to one of `stops` (ends of line and blanks always stop). With
 * `escapes`, `\x` is x.
 */
static enum lexed read_word(struct lexer *l, const char *stops, bool escapes, uint8_t *to,
                            struct lexed_value *out)
{
    for (;;) {
        int c = char_at(l, l->at);
        if (is_control(c)) {
            out->place = lexer_place(l, l->at, 1);
            return LEXED_CONTROL;
        }
        if (c < 0 || c == '\n' || is_blank(c) || strchr(stops, c))
            return LEXED_OK;
        if (escapes && c == '\\' && char_at(l, l->at + 1) > ' ' - 1) {
            out->exact = false;
            l->at++;
            c = char_at(l, l->at);
        }
        to[out->len++] = (uint8_t)c;
        l->at++;
    }
}

/* The place of a value that has begun: inside the quotes if it is one quoted string. */
static void begin_value(const struct lexer *l, struct lexed_value *out)
{
    bool quoted = char_at(l, l->at) == '"';
    *out = (struct lexed_value){.place = lexer_place(l, l->at + quoted, 1), .exact = true};
}

/* How far its underline reaches, once it has been read. */
static void end_value(struct lexed_value *out)
{
    if (out->exact && out->len > 0)
        out->place.len = (uint32_t)out->len;
}

enum lexed lexer_value(struct lexer *l, uint8_t *to, struct lexed_value *out)
{
    skip_blanks(l);
    begin_value(l, out);
    for (;;) {
        size_t before = l->at;
        skip_blanks(l);
        int c = char_at(l, l->at);
        if (c < 0 || c == '\n' || c == '#' || c == '}') {
            end_value(out);
            return LEXED_OK;
        }
        if (out->present) {
            out->exact = out->exact && c != '"' && l->at == before + 1 && char_at(l, before) == ' ';
            to[out->len++] = ' ';
        }
        bool was_quoted = c == '"' && !out->present;
        out->present = true;
        enum lexed result =
            c == '"' ? read_quoted(l, to, out) : read_word(l, "#}\"", false, to, out);
        if (result != LEXED_OK)
            return result;
        if (was_quoted && lexer_peek(l) >= 0 && !strchr("\n#}", lexer_peek(l)))
            out->exact = false; /* more follows behind the closing quote */
    }
}

enum lexed lexer_pattern(struct lexer *l, uint8_t *to, struct lexed_value *out)
{
    skip_blanks(l);
    begin_value(l, out);
    int c = char_at(l, l->at);
    if (c < 0 || c == '\n' || c == '#' || c == '}')
        return LEXED_OK;
    out->present = true;
    enum lexed result = c == '"' ? read_quoted(l, to, out) : read_word(l, "#}\"", true, to, out);
    if (result == LEXED_OK)
        end_value(out);
    return result;
}
