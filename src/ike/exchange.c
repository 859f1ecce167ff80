/*
 * exchange: the table. Who reads only this file knows which exchanges there are, when each is allowed, and in which order an SA comes up:
 *
 *   NEW --IKE_SA_INIT--> KEYED --IKE_INTERMEDIATE, once for each round that remains--> KEYED --IKE_AUTH--> UP
 */
#include "ike/exchange.h"

#define IN(phase) (1U << PHASE_##phase)

/* clang-format off */
static const struct exchange exchanges[] = {
    {EXCHANGE_IKE_SA_INIT,      IN(NEW),            .clear = true, .opening = true,
     .start = init_start,  .request = init_request,  .response = init_response,  .done = init_done},

    {EXCHANGE_IKE_INTERMEDIATE, IN(KEYED),          .opening = true,
     .start = round_start, .request = round_request, .response = round_response, .done = round_done},

    {EXCHANGE_IKE_AUTH,         IN(KEYED),          .opening = true,
     .start = auth_start,  .request = auth_request,  .response = auth_response,  .done = auth_done, .after = auth_after},

    {EXCHANGE_INFORMATIONAL,    IN(KEYED) | IN(UP) | IN(CLOSING),
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
        return exchange_find(schedule_left(&sa->birth->schedule) ? EXCHANGE_IKE_INTERMEDIATE : EXCHANGE_IKE_AUTH);
    default:
        return NULL;
    }
}
