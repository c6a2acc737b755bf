#include <zlib.h>
/* inflateInit2 is a macro, so Swift cannot see it. 16: the stream has gzip's header and trailer. */
static inline int czlib_inflate_gzip_init(z_stream *stream) {
    return inflateInit2(stream, MAX_WBITS + 16);
}
