/*
 * grammar: see grammar.h. The rules stand in iana.def, beside the exchanges they belong to; here they become four
 * tables and are applied. The first violation is reported, misplaced payloads before missing ones.
 */
#include "wire/grammar.h"

enum { MANY = PAYLOADS_MAX };
enum direction {
    IN_REQUEST = 1,
    IN_RESPONSE = 2,
    IN_BOTH = IN_REQUEST | IN_RESPONSE,
};
enum rule_kind {
    RULE_TOGETHER,
    RULE_ONE_OF,
    RULE_ONLY_WITH,
};

/* So many of this payload. */
static const struct count_rule {
    uint8_t exchange, direction, payload;
    uint16_t min, max;
} count_rules[] = {
#define MAY_HOLD(exchange, direction, payload, min, max) \
    {EXCHANGE_##exchange, IN_##direction, PAYLOAD_##payload, min, max},
#include "wire/iana.def"
};

/* Which payloads stand together. */
static const struct set_rule {
    uint8_t exchange, direction, kind, a, b, c;
} set_rules[] = {
#define TOGETHER(exchange, direction, a, b, c) \
    {EXCHANGE_##exchange, IN_##direction, RULE_TOGETHER, PAYLOAD_##a, PAYLOAD_##b, PAYLOAD_##c},
#define ONE_OF(exchange, direction, a, b, c) \
    {EXCHANGE_##exchange, IN_##direction, RULE_ONE_OF, PAYLOAD_##a, PAYLOAD_##b, PAYLOAD_##c},
#define ONLY_WITH(exchange, direction, a, b) \
    {EXCHANGE_##exchange, IN_##direction, RULE_ONLY_WITH, PAYLOAD_##a, PAYLOAD_##b, PAYLOAD_NONE},
#include "wire/iana.def"
};

/* Notifies that may stand instead of everything that is demanded. */
static const struct instead_rule {
    uint8_t exchange, direction;
    uint16_t notify;
} instead_rules[] = {
#define INSTEAD(exchange, direction, notify) {EXCHANGE_##exchange, IN_##direction, NOTIFY_##notify},
#include "wire/iana.def"
};

static const struct length_rule {
    uint8_t payload;
    uint16_t min, max;
} length_rules[] = {
#define LENGTH(payload, min, max) {PAYLOAD_##payload, min, max},
#include "wire/iana.def"
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* A message in numbers: what the rules look at. */
struct census {
    uint8_t exchange, direction;
    uint16_t count[256]; /* of each payload type; PAYLOAD_NONE stays 0, so it never helps a rule */
};

static struct census take_census(const struct ike_msg *m)
{
    struct census c = {.exchange = m->header.exchange, .direction = m->header.response ? IN_RESPONSE : IN_REQUEST};
    for (unsigned i = 0; i < m->count; i++)
        c.count[m->payload[i].type]++;
    c.count[PAYLOAD_NONE] = 0;
    return c;
}

static const struct grammar_error no_error = {.ok = true};

static struct grammar_error violation(uint8_t payload, const char *what)
{
    return (struct grammar_error){.payload = payload, .what = what};
}

static bool has_rules(uint8_t exchange)
{
    for (size_t i = 0; i < COUNT_OF(count_rules); i++)
        if (count_rules[i].exchange == exchange)
            return true;
    return false;
}

static const struct count_rule *find_count_rule(const struct census *c, uint8_t payload)
{
    for (size_t i = 0; i < COUNT_OF(count_rules); i++) {
        const struct count_rule *rule = &count_rules[i];
        if (rule->exchange == c->exchange && (rule->direction & c->direction) && rule->payload == payload)
            return rule;
    }
    return NULL;
}

static bool is_welcome_anywhere(uint8_t payload)
{
    return payload == PAYLOAD_VENDOR || !payload_name(payload);
}

static struct grammar_error check_places(const struct ike_msg *m, const struct census *c)
{
    for (unsigned i = 0; i < m->count; i++) {
        uint8_t type = m->payload[i].type;
        if (is_welcome_anywhere(type))
            continue;
        const struct count_rule *rule = find_count_rule(c, type);
        if (!rule)
            return violation(type, "not allowed here");
        if (c->count[type] > rule->max)
            return violation(type, "more than allowed");
    }
    return no_error;
}

static struct grammar_error check_lengths(const struct ike_msg *m)
{
    for (unsigned i = 0; i < m->count; i++) {
        const struct payload *p = &m->payload[i];
        for (size_t k = 0; k < COUNT_OF(length_rules); k++) {
            const struct length_rule *rule = &length_rules[k];
            if (rule->payload == p->type && (p->raw.len < rule->min || p->raw.len > rule->max))
                return violation(p->type, "length out of range");
        }
    }
    return no_error;
}

/* Does the message say why what it should hold is not there? */
static bool is_excused(const struct ike_msg *m, const struct census *c)
{
    if (m->header.response && ike_msg_error(m))
        return true;
    for (size_t i = 0; i < COUNT_OF(instead_rules); i++) {
        const struct instead_rule *rule = &instead_rules[i];
        if (rule->exchange == c->exchange && (rule->direction & c->direction) && ike_msg_notify(m, rule->notify))
            return true;
    }
    return false;
}

static struct grammar_error check_minimums(const struct census *c)
{
    for (size_t i = 0; i < COUNT_OF(count_rules); i++) {
        const struct count_rule *rule = &count_rules[i];
        if (rule->exchange == c->exchange && (rule->direction & c->direction) && c->count[rule->payload] < rule->min)
            return violation(rule->payload, "missing");
    }
    return no_error;
}

/* The payload that is missing, or PAYLOAD_NONE. */
static uint8_t apply_set_rule(const struct census *c, const struct set_rule *rule)
{
    bool a = c->count[rule->a], b = c->count[rule->b], third = c->count[rule->c];
    switch (rule->kind) {
    case RULE_TOGETHER:
        if (a == b && b == third)
            return PAYLOAD_NONE;
        return !a ? rule->a : !b ? rule->b
                                 : rule->c;
    case RULE_ONE_OF:
        return a || b || third ? PAYLOAD_NONE : rule->a;
    default: /* RULE_ONLY_WITH */
        return a && !b ? rule->b : PAYLOAD_NONE;
    }
}

static struct grammar_error check_sets(const struct census *c)
{
    for (size_t i = 0; i < COUNT_OF(set_rules); i++) {
        const struct set_rule *rule = &set_rules[i];
        if (rule->exchange != c->exchange || !(rule->direction & c->direction))
            continue;
        uint8_t missing = apply_set_rule(c, rule);
        if (missing != PAYLOAD_NONE)
            return violation(missing, "missing");
    }
    return no_error;
}

struct grammar_error grammar_check(const struct ike_msg *m)
{
    struct census c = take_census(m);
    if (!has_rules(c.exchange))
        return violation(PAYLOAD_NONE, "exchange not known");
    struct grammar_error e = check_places(m, &c);
    if (e.ok)
        e = check_lengths(m);
    if (!e.ok || is_excused(m, &c))
        return e;
    e = check_minimums(&c);
    return e.ok ? check_sets(&c) : e;
}
