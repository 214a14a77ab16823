#include "crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

#define POLYNOMIAL 0x82F63B78u

// Lengths of one of three parallel streams. The instruction takes three cycles but one may start in each, so three
// independent streams keep it busy; the long size pays for joining them, the short one serves ordinary batches.
#define LONG_STREAM 4096
#define SHORT_STREAM 256

static uint32_t slices[8][256];
// shift_x[k][b]: the effect of appending a stream's length of zero bytes on byte k of a state, when it is b.
static uint32_t shift_long[4][256];
static uint32_t shift_short[4][256];
static int has_instruction;

static uint64_t load64(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static uint32_t table_update(uint32_t state, const unsigned char *bytes, size_t length) {
    while (length >= 8) {
        uint64_t word = load64(bytes) ^ state;
        state = slices[7][word & 0xFF] ^ slices[6][word >> 8 & 0xFF] ^ slices[5][word >> 16 & 0xFF]
            ^ slices[4][word >> 24 & 0xFF] ^ slices[3][word >> 32 & 0xFF] ^ slices[2][word >> 40 & 0xFF]
            ^ slices[1][word >> 48 & 0xFF] ^ slices[0][word >> 56];
        bytes += 8;
        length -= 8;
    }
    while (length-- > 0) {
        state = slices[0][(state ^ *bytes++) & 0xFF] ^ state >> 8;
    }
    return state;
}

// Appending zero bytes is linear in the state, so the effect of each bit gives that of any state.
static void make_shift(uint32_t shift[4][256], size_t zeros) {
    uint32_t of_bit[32];
    for (int bit = 0; bit < 32; bit++) {
        uint32_t state = 1u << bit;
        for (size_t i = 0; i < zeros; i++) state = slices[0][state & 0xFF] ^ state >> 8;
        of_bit[bit] = state;
    }
    for (int byte = 0; byte < 4; byte++) {
        for (int value = 0; value < 256; value++) {
            uint32_t effect = 0;
            for (int bit = 0; bit < 8; bit++) {
                if (value >> bit & 1) effect ^= of_bit[byte * 8 + bit];
            }
            shift[byte][value] = effect;
        }
    }
}

// Runs before main and before any thread, so the tables need no lock afterwards.
__attribute__((constructor)) static void prepare(void) {
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t state = value;
        for (int bit = 0; bit < 8; bit++) state = state & 1 ? state >> 1 ^ POLYNOMIAL : state >> 1;
        slices[0][value] = state;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (int value = 0; value < 256; value++) {
            uint32_t before = slices[slice - 1][value];
            slices[slice][value] = slices[0][before & 0xFF] ^ before >> 8;
        }
    }
    make_shift(shift_long, LONG_STREAM);
    make_shift(shift_short, SHORT_STREAM);
#if defined(__x86_64__)
    __builtin_cpu_init();
    has_instruction = __builtin_cpu_supports("sse4.2") != 0;
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    has_instruction = 1;
#endif
}

#if defined(__x86_64__)

static uint32_t shifted(uint32_t shift[4][256], uint32_t state) {
    return shift[0][state & 0xFF] ^ shift[1][state >> 8 & 0xFF] ^ shift[2][state >> 16 & 0xFF]
        ^ shift[3][state >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t three_streams(
    uint32_t state, const unsigned char *bytes, size_t stream, uint32_t shift[4][256]
) {
    uint64_t first = state, second = 0, third = 0;
    for (size_t i = 0; i < stream; i += 8) {
        first = _mm_crc32_u64(first, load64(bytes + i));
        second = _mm_crc32_u64(second, load64(bytes + stream + i));
        third = _mm_crc32_u64(third, load64(bytes + 2 * stream + i));
    }
    uint32_t joined = shifted(shift, (uint32_t)first) ^ (uint32_t)second;
    return shifted(shift, joined) ^ (uint32_t)third;
}

__attribute__((target("sse4.2"))) static uint32_t instruction_update(
    uint32_t state, const unsigned char *bytes, size_t length
) {
    for (; length >= 3 * LONG_STREAM; bytes += 3 * LONG_STREAM, length -= 3 * LONG_STREAM) {
        state = three_streams(state, bytes, LONG_STREAM, shift_long);
    }
    for (; length >= 3 * SHORT_STREAM; bytes += 3 * SHORT_STREAM, length -= 3 * SHORT_STREAM) {
        state = three_streams(state, bytes, SHORT_STREAM, shift_short);
    }
    for (; length >= 8; bytes += 8, length -= 8) state = (uint32_t)_mm_crc32_u64(state, load64(bytes));
    for (; length > 0; bytes++, length--) state = _mm_crc32_u8(state, *bytes);
    return state;
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

static uint32_t instruction_update(uint32_t state, const unsigned char *bytes, size_t length) {
    for (; length >= 8; bytes += 8, length -= 8) state = __crc32cd(state, load64(bytes));
    for (; length > 0; bytes++, length--) state = __crc32cb(state, *bytes);
    return state;
}

#else

// Never called: has_instruction stays 0 on this processor.
static uint32_t instruction_update(uint32_t state, const unsigned char *bytes, size_t length) {
    return table_update(state, bytes, length);
}

#endif

uint32_t millrace_crc32c(uint32_t crc, const void *bytes, size_t length) {
    uint32_t state = ~crc;
    return ~(has_instruction ? instruction_update(state, bytes, length) : table_update(state, bytes, length));
}

uint32_t millrace_crc32c_table(uint32_t crc, const void *bytes, size_t length) {
    return ~table_update(~crc, bytes, length);
}

int millrace_crc32c_is_hardware(void) {
    return has_instruction;
}
