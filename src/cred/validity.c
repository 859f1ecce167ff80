/* validity: see validity.h. */
#include "cred/validity.h"

#include <stdio.h>
#include <time.h>

/* "2026-11-22" */
static void print_date(const ASN1_TIME *at, char to[16])
{
    struct tm tm;
    to[0] = '\0';
    if (ASN1_TIME_to_tm(at, &tm) == 1)
        strftime(to, 16, "%Y-%m-%d", &tm);
}

bool validity_complaint(const X509 *cert, char text[VALIDITY_TEXT_MAX])
{
    const ASN1_TIME *from = X509_get0_notBefore(cert), *until = X509_get0_notAfter(cert);
    char date[16];
    int days = 0, seconds = 0, life = 0, rest = 0;
    if (X509_cmp_current_time(from) > 0) {
        print_date(from, date);
        snprintf(text, VALIDITY_TEXT_MAX, "is not valid before %s: is this host's clock right?",
                 date);
        return true;
    }
    print_date(until, date);
    if (X509_cmp_current_time(until) < 0) {
        snprintf(text, VALIDITY_TEXT_MAX, "has expired on %s: have a new one issued", date);
        return true;
    }
    if (ASN1_TIME_diff(&days, &seconds, NULL, until) != 1 ||
        ASN1_TIME_diff(&life, &rest, from, until) != 1)
        return false;
    if (days >= VALIDITY_SOON_DAYS || days >= life / 4)
        return false;
    snprintf(text, VALIDITY_TEXT_MAX, "expires on %s, in %d day%s: have a new one issued", date,
             days, days == 1 ? "" : "s");
    return true;
}
