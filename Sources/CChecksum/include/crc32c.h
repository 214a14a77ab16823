#ifndef MILLRACE_CRC32C_H
#define MILLRACE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected 0x82F63B78) of length bytes. crc is 0, or the result for the bytes before them.
// Uses the processor's instruction where there is one, three streams at a time on x86-64.
uint32_t millrace_crc32c(uint32_t crc, const void *bytes, size_t length);

// The same by eight tables (slicing-by-8), on every processor.
uint32_t millrace_crc32c_table(uint32_t crc, const void *bytes, size_t length);

// 1 when millrace_crc32c uses the processor's instruction.
int millrace_crc32c_is_hardware(void);

#endif
