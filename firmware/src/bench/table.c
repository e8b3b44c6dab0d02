#include "bench.h"

u8 *bench_memory;

// Checksums: of the first nine, what host/check.sh computes; syscalls: 100000 + 25000 * (0 + 1 + 2 + 3); faults: the sum
// of (round + page) * (page + 1) over 200 rounds and 64 pages.
const struct workload workloads[] = {
    {"integer", "multiply, divide, shift, xor", bench_integer, INTEGER_ITERATIONS, 0x290ded26966c2bb0, 0},
    {"branches", "scanning bytes of text", bench_branches, BRANCHES_BYTES * BRANCHES_PASSES, 0x36e11ea858, 0},
    {"cache", "memory that fits a cache", bench_memory_near, NEAR_BYTES / 8 * NEAR_PASSES, 0x7f15ca5109d352a1, 0},
    {"memory", "scattered accesses in 8 MiB", bench_memory_far, FAR_ACCESSES, 0x1dd35829c4a78586, 0},
    {"calls", "calls and recursion", bench_calls, 392835, 0x1da31, 0},
    {"indirect", "indirect jumps: a bytecode interpreter", bench_indirect, INDIRECT_STEPS, 0x2eaa544c87ed8ee3, 0},
    {"float", "SSE2 double precision", bench_float, FLOAT_STEPS, 0xb9cca2085c006c8a, 0},
    {"x87", "80-bit floating point", bench_x87, X87_STEPS, 0x6744a50016956437, 0},
    {"strings", "REP string instructions, bytes", bench_strings, STRINGS_BYTES * STRINGS_PASSES * 4, 0x74ae24cd65e08ea8, 0},
    {"syscalls", "SYSCALL and SYSRET", bench_syscalls, SYSCALLS, 0x3d090, 1},
    {"faults", "page faults answered by the kernel", bench_faults, FAULTS, 0x3823180, 1},
};
const u32 workload_count = COUNT_OF(workloads);
