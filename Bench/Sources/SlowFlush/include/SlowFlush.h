#pragma once

// A library to be loaded before all others (LD_PRELOAD): fdatasync(2) of a file whose name ends in `.log` takes
// SLOW_FLUSH_MS milliseconds longer, as on a disk that is busy elsewhere.
int fdatasync(int descriptor);
