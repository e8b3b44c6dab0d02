#include "bench.h"

// Checksums of 64-bit and 32-bit code. What the host can run: as host/check.sh computes it. syscalls: 2000 + 500 *
// (0 + 1 + 2 + 3); faults: the sum of (round + page) * (page + 1) over 40 rounds and 64 pages; ports: the sum of
// (i mod 256) * 31^(999 - i), mmio: of i * 31^(999 - i), i from 0 to 999, in one register.
#define WORK(name, help, iterations, wide, narrow, needs) \
  {#name, help, bench_##name, iterations, (reg_t)BY_WIDTH(wide, narrow), needs}
const struct workload workloads[] = {
    WORK(integer, "multiply, divide, shift, xor", INTEGER_ITERATIONS, 0x290ded26966c2bb0, 0xcf7029ab, 0),
    WORK(branches, "scanning bytes of text", BRANCHES_BYTES * BRANCHES_PASSES, 0x36e11ea858, 0xe11ea858, 0),
    WORK(cache, "memory that fits a cache", NEAR_WORDS * NEAR_PASSES, 0x7f15ca5109d352a1, 0x9bcc517d, 0),
    WORK(memory, "scattered accesses in 8 MiB", FAR_ACCESSES, 0x1dd35829c4a78586, 0xc4a78586, 0),
    WORK(tlb, "a word in each of 8192 pages", TLB_PAGES * TLB_PASSES, 0xf903fa1a972e6500, 0x972e6500, 0),
    WORK(calls, "calls and recursion", CALLS, 0x1da31, 0x1da31, 0),
    WORK(indirect, "indirect jumps: a bytecode interpreter", INDIRECT_STEPS, 0x2eaa544c87ed8ee3, 0xd21095ad, 0),
    WORK(float, "SSE2 double precision", FLOAT_STEPS, 0xb9cca2085c006c8a, 0x5c006c8a, 0),
    WORK(x87, "80-bit floating point", X87_STEPS, 0x6744a50016956437, 0x16956437, 0),
    WORK(strings, "REP string instructions, bytes", STRINGS_BYTES * STRINGS_PASSES * 4, 0x74ae24cd65e08ea8, 0x65e08ea8, 0),
    WORK(syscalls, "system calls: SYSCALL, INT 80h in 32-bit code", SYSCALLS, 5000, 5000, NEEDS_KERNEL),
    WORK(faults, "page faults answered by the kernel", FAULTS, 0x4e1380, 0x4e1380, NEEDS_KERNEL),
    WORK(ports, "port accesses: scratch register of the 16550", PORT_ACCESSES, 0x21f68db54f7db9f4, 0x4f7db9f4, NEEDS_PORTS),
    WORK(mmio, "accesses to physical memory where nothing is", MMIO_ACCESSES, 0x90a4b279218939f4, 0x218939f4, NEEDS_KERNEL),
    WORK(timer, "timer interrupts, each 50 us after the last", TIMER_INTERRUPTS, 0x9e3779b9, 0x9e3779b9, NEEDS_TIMER),
};
const u32 workload_count = COUNT_OF(workloads);

reg_t bench_repeat(struct repeat *work) {
  reg_t checksum = 0;
  for (reg_t i = 0; i < work->times; i++) {
    checksum = work->run(work->memory);
    if (checksum != work->expected) break;
  }
  return checksum;
}
