/* sink: see sink.h. */
#include "cred/sink.h"

#include <stdarg.h>
#include <stdio.h>

bool cred_complain(const struct cred_sink *sink, bool is_error, const struct place *where,
                   const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sink->complain(sink->self, is_error, where, text);
    return false;
}
