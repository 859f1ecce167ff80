/*
 * exchange: the table. Who reads only this file knows which exchanges there are, when each is
 * allowed, in which order an SA comes up, and what it can do afterwards:
 *
 *   NEW --IKE_SA_INIT--> KEYED --IKE_INTERMEDIATE, once for each round that remains--> KEYED --IKE_AUTH--> UP
 *   UP --CREATE_CHILD_SA, IKE_FOLLOWUP_KE for each round that remains--> UP, or REPLACED when the IKE SA itself was rekeyed
 *   UP --INFORMATIONAL with Delete--> CLOSING
 */
#include "ike/exchange.h"

#include "ike/series.h"

#define IN(phase) (1U << PHASE_##phase)

/* clang-format off */
static const struct exchange exchanges[] = {
    {EXCHANGE_IKE_SA_INIT,      IN(NEW),            .clear = true, .opening = true,
     .start = init_start,  .request = init_request,  .response = init_response,  .done = init_done},

    {EXCHANGE_IKE_INTERMEDIATE, IN(KEYED),          .opening = true,
     .start = round_start, .request = round_request, .response = round_response, .done = round_done},

    {EXCHANGE_IKE_AUTH,         IN(KEYED),          .opening = true,
     .start = auth_start,  .request = auth_request,  .response = auth_response,  .done = auth_done, .after = auth_after},

    {EXCHANGE_CREATE_CHILD_SA,  IN(UP) | IN(REPLACED) | IN(CLOSING),
     .start = create_start, .request = create_request, .response = create_response, .done = series_done, .failed = create_failed},

    {EXCHANGE_IKE_FOLLOWUP_KE,  IN(UP) | IN(REPLACED) | IN(CLOSING),
     .start = later_round_start, .request = later_round_request, .response = later_round_response, .done = series_done,
     .failed = create_failed},

    {EXCHANGE_INFORMATIONAL,    IN(KEYED) | IN(UP) | IN(REPLACED) | IN(CLOSING),
     .start = info_start,  .request = info_request,  .response = info_response,  .after = info_after},
};
/* clang-format on */

const struct exchange *exchange_find(uint8_t type)
{
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
        if (exchanges[i].type == type)
            return &exchanges[i];
    return NULL;
}

const struct exchange *exchange_for(enum want_kind kind)
{
    static const uint8_t exchange_of[] = {
        [WANT_DELETE_IKE] = EXCHANGE_INFORMATIONAL,
        [WANT_REPORT] = EXCHANGE_INFORMATIONAL,
        [WANT_DELETE_CHILD] = EXCHANGE_INFORMATIONAL,
        [WANT_ROUND] = EXCHANGE_IKE_FOLLOWUP_KE,
        [WANT_REKEY_IKE] = EXCHANGE_CREATE_CHILD_SA,
        [WANT_REKEY_CHILD] = EXCHANGE_CREATE_CHILD_SA,
        [WANT_NEW_CHILD] = EXCHANGE_CREATE_CHILD_SA,
        [WANT_SUCCEED] = EXCHANGE_INFORMATIONAL,
        [WANT_CHECK] = EXCHANGE_INFORMATIONAL,
    };
    return exchange_find(exchange_of[kind]);
}

bool exchange_may(const struct exchange *x, enum phase phase)
{
    return x->phases & (1U << phase);
}

const struct exchange *exchange_next(const struct ike_sa *sa)
{
    switch (sa->phase) {
    case PHASE_NEW:
        return exchange_find(EXCHANGE_IKE_SA_INIT);
    case PHASE_KEYED:
        return exchange_find(round_is_due(sa->birth) ? EXCHANGE_IKE_INTERMEDIATE : EXCHANGE_IKE_AUTH);
    default:
        return NULL;
    }
}
