/*
 * lexer: the settings grammar's words, with their places.
 *
 *     name        any run of characters except  # { } : . , = "  and white space
 *     value       what follows `=`: words and quoted strings up to the end of line, `#` or `}`;
 *                 joined by single spaces
 *     pattern     what follows `include`: one word, quoted, or with `"`, `#`, `}` and space
 *                 escaped by `\`
 *
 * What a run of characters is depends on what stands before it, so the parser asks for a token, a
 * value or a pattern. The lexer never allocates and never fails: it stops at the end of the text,
 * and says with TOKEN_BAD what cannot be.
 */
#ifndef BRAID_CONFIG_LEXER_H
#define BRAID_CONFIG_LEXER_H

#include "config/problem.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_NAME,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_EQUALS,
    TOKEN_STRING, /* a quote where none may stand */
    TOKEN_BAD,    /* a control character */
};

struct token {
    enum token_kind kind;
    struct bytes text;
    struct place place;
};

struct lexer {
    const char *file;
    struct bytes text;
    size_t at, line_at; /* where we are, and where this line begins */
    uint32_t line;
    bool hidden; /* this line begins inside a quoted string: it is not shown */
};

struct lexer lexer_make(const char *file, struct bytes text);
struct place lexer_place(const struct lexer *l, size_t at, size_t len); /* on the current line */

void lexer_token(struct lexer *l, struct token *out);
void lexer_skip_line(struct lexer *l); /* up to the end of this line, which stays */
int lexer_peek(const struct lexer *l); /* the next character behind blanks, or -1 */

/*
 * A value or pattern: the text goes to `to` (room for as many octets as the input has left; *len
 * says how many).
 */
enum lexed { LEXED_OK,
             LEXED_UNTERMINATED,
             LEXED_CONTROL };
struct lexed_value {
    struct place place; /* of its first character; of the culprit when it failed */
    size_t len;
    bool exact;   /* the source holds the same octets: an offset in the value is one in the line */
    bool present; /* something stood there, be it an empty string */
};
enum lexed lexer_value(struct lexer *l, uint8_t *to, struct lexed_value *out);
enum lexed lexer_pattern(struct lexer *l, uint8_t *to, struct lexed_value *out);

#endif
