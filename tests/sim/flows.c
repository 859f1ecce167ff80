/* flows: what two willing peers do with each other. */
#include "scenario.h"

static void plain(struct run *run)
{
    struct pair p = pair_usual(run, "aes256gcm16-prfsha256-x25519");
    pair_up(&p, 1);
    EXPECT(p.w, p.a->told_kind[TELL_IKE_UP] == 1 && p.b->told_kind[TELL_IKE_UP] == 1);
    EXPECT(p.w, p.a->told_kind[TELL_CHILD_UP] == 1 && p.b->told_kind[TELL_CHILD_UP] == 1);
    EXPECT(p.w, p.a->told_kind[TELL_EXCHANGE] == 2);
    pair_end(&p);
}

/* clang-format off */
const struct scenario flow_scenarios[] = {
    {"plain", "one key exchange, pre-shared keys, one Child SA; up, and closed again", plain},
    {0},
};
/* clang-format on */
