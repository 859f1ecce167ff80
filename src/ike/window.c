/* window: see window.h. The rules of RFC 7296 2.2 and 2.3 for a window of one, as a pure question. */
#include "ike/window.h"

static enum window_verdict ask_response(const struct window *w, uint32_t mid)
{
    return w->awaiting && mid == w->send_next - 1 ? WINDOW_AWAITED : WINDOW_STRAY;
}

static enum window_verdict ask_request(const struct window *w, uint32_t mid)
{
    if (mid == WINDOW_END)
        return WINDOW_STRAY;
    if (mid == w->serve_next)
        return w->serving ? WINDOW_BUSY : WINDOW_NEW;
    return w->replied && mid == w->serve_next - 1 ? WINDOW_REPEAT : WINDOW_STRAY;
}

enum window_verdict window_ask(const struct window *w, bool response, uint32_t mid)
{
    return response ? ask_response(w, mid) : ask_request(w, mid);
}
